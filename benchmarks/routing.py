"""`./hotline bench routing`: tickets never trained on; how honest the confidence is; how fast; how long to train.

Speed is measured on one core with the development tickets repeated; `strict` counts the lead only, `lenient` those who
may lead as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import results
from integrations.settings import ROOT
from routing.catalogue import Catalogue
from routing.router import Recommendation, Router
from routing.training import read_asides, read_examples, train_router

NLU_DATA = ROOT / "nlu_data"
MODELS = ROOT / ".hotline" / "models"
TARGETS = {"per_second": 1000, "ms_each": 5.0, "train_seconds": 60}
_BINS = 10
_BATCH = 256
_AT_LEAST = 4000

Gold = dict[str, Any]


def read() -> list[Gold]:
    """The development tickets."""
    return [json.loads(line) for line in (NLU_DATA / "dev" / "routing.jsonl").read_text("utf-8").splitlines() if line]


def accuracy(gold: Sequence[Gold], found: Sequence[Recommendation]) -> dict[str, Any]:
    """Shares in percent, and which departments are weakest."""
    tally: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for one, line in zip(gold, found, strict=True):
        may = {one["department"], *one["also"]}
        right = line.department in may
        tally["strict"] += line.department == one["department"]
        tally["lenient"] += right
        tally["top3"] += one["department"] in [candidate.department for candidate in line.candidates[:3]]
        tally["kind"] += line.kind == one["kind"]
        tally["urgency"] += line.urgency == one["urgency"]
        tally["auto"] += line.auto
        tally["auto_right"] += line.auto and right
        missed[one["department"]] += not right
    shares = {
        name: _percent(tally[name] / len(gold)) for name in ("strict", "lenient", "top3", "kind", "urgency", "auto")
    }
    shares["auto_right"] = _percent(tally["auto_right"] / max(tally["auto"], 1))
    critical = [(one, line) for one, line in zip(gold, found, strict=True) if one["urgency"] == "critical"]
    shares["critical"] = f"{sum(line.urgency == 'critical' for _, line in critical)}/{len(critical)}"
    return {"n": len(gold), **shares, "missed_most": dict((missed - Counter()).most_common(6))}


def calibration(gold: Sequence[Gold], found: Sequence[Recommendation]) -> dict[str, Any]:
    """Expected calibration error, and per step of confidence how often the lead was right (risk and coverage)."""
    sure = np.array([line.confidence for line in found])
    right = np.array(
        [line.department in {one["department"], *one["also"]} for one, line in zip(gold, found, strict=True)]
    )
    steps = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    bins = [steps == step for step in range(_BINS)]
    error = sum(abs(right[chosen].mean() - sure[chosen].mean()) * chosen.mean() for chosen in bins if chosen.any())
    curve = {
        f"{coverage:.0%}": _percent(float(right[np.argsort(-sure)[: max(1, int(len(sure) * coverage))]].mean()))
        for coverage in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    }
    return {"expected_error": round(float(error), 3), "right_at_coverage": curve}


def speed(router: Router, texts: Sequence[str]) -> dict[str, float]:
    """Tickets a second in batches, and milliseconds for one alone."""
    many = [*texts] * (1 + _AT_LEAST // len(texts))
    router.recommend_batch(texts[:_BATCH])
    began = time.process_time()
    for at in range(0, len(many), _BATCH):
        router.recommend_batch(many[at : at + _BATCH])
    batch = len(many) / (time.process_time() - began)
    alone = []
    for text in texts:
        began = time.process_time()
        router.recommend(text)
        alone.append(1000 * (time.process_time() - began))
    return {
        "per_second": round(batch),
        "ms_each": round(float(np.mean(alone)), 2),
        "ms_each_p95": round(float(np.percentile(alone, 95)), 2),
    }


def training() -> dict[str, float]:
    """Seconds of work to train all models from nothing."""
    catalogue, examples = Catalogue.load(NLU_DATA), read_examples(NLU_DATA)
    began, worked = time.perf_counter(), time.process_time()
    train_router(examples, catalogue, "bench", lambda _: None, read_asides(NLU_DATA))
    return {
        "examples": len(examples),
        "train_seconds": round(time.process_time() - worked, 1),
        "train_seconds_elapsed": round(time.perf_counter() - began, 1),
    }


def misses(gold: Sequence[Gold], found: Sequence[Recommendation]) -> list[str]:
    """The wrong leads, for reading."""
    return [
        f"{one['department']} → {line.department} {line.confidence:.2f} {one['text'][:70]}"
        for one, line in zip(gold, found, strict=True)
        if line.department not in {one["department"], *one["also"]}
    ]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="hotline bench routing", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print the wrong leads")
    parser.add_argument("--no-training", action="store_true", help="leave the training time out, and keep no figures")
    options = parser.parse_args(argv)
    router = Router.load(NLU_DATA, MODELS)
    gold = read()
    texts = [one["text"] for one in gold]
    found = router.recommend_batch(texts)
    figures = {
        "accuracy": accuracy(gold, found),
        "calibration": calibration(gold, found),
        "speed": speed(router, texts),
    }
    if not options.no_training:
        figures |= {"training": training(), "target": TARGETS}
        results.save("routing", figures)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    if options.misses:
        print("\n".join(misses(gold, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
