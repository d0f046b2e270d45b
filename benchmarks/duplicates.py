"""`./hotline bench duplicates`: incidents told differently, with hard negatives; `--fit` finds the weights anew.

The weights come from the groups marked `tune`; the figures are those of the groups marked `held`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import yaml
from scipy.optimize import minimize

from benchmarks import results
from integrations.settings import ROOT
from routing.duplicates import WEIGHTS, Duplicates, all_pairs
from routing.incident import Incident, Telling
from routing.jurisdiction import Regions
from routing.likeness import FEATURES, WHAT, WHERE

NLU_DATA = ROOT / "nlu_data"
RIDGE = 0.3
FORGETFUL = 4
KNOWN = 4  # of ten concepts
# What contradicts never speaks for, what agrees never against; some bounds are judgement, the set is small.
BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "name_left": (None, -3.0), "door_conflict": (None, -10.0), "part_conflict": (None, -6.0),
    "region_conflict": (-2.5, -1.0), "date_conflict": (None, -12.0), "day_differs": (-0.8, 0.0),
    "half_differs": (-0.8, 0.0), "amount_differs": (-0.7, 0.0), "thing_conflict": (None, 0.0),
    "thing_left": (None, 0.0), "trouble_conflict": (None, 0.0), "trouble_left": (None, 0.0), "no_name": (-1.0, 1.0),
    "placeless": (None, -1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """The tellings of one part of the set and the group of each; a hard negative is a group of its own."""

    incidents: list[Incident]
    groups: list[str]

    def related(self) -> list[tuple[int, int]]:
        """The pairs of one group, its hard negatives included."""
        family = [name.split("-n")[0] for name in self.groups]
        return [(a, b) for a, b in all_pairs(self.incidents) if family[a] == family[b]]

    def same(self) -> np.ndarray:
        return np.array([self.groups[a] == self.groups[b] for a, b in all_pairs(self.incidents)])


def read(duplicates: Duplicates, part: str, name: str = "incidents") -> Part:
    """Read one part of a development set."""
    texts, groups = [], []
    for line in (NLU_DATA / "dev" / f"{name}.jsonl").read_text("utf-8").splitlines():
        group = json.loads(line)
        if group["part"] == part:
            texts += [*group["texts"], *group["negatives"]]
            groups += [group["group"]] * len(group["texts"])
            groups += [f"{group['group']}-n{at}" for at in range(len(group["negatives"]))]
    return Part(duplicates.reader.read([Telling(text) for text in texts]), groups)


def fit(duplicates: Duplicates, part: Part) -> dict[str, Any]:
    """Return weights and biases; pairs are also seen as a poorer table of matters would read them."""
    copies = [part.incidents, *(_forgetting(part.incidents, seed) for seed in range(FORGETFUL))]
    pairs = sorted({*duplicates.candidates(part.incidents), *part.related()})
    table = np.array([_row(duplicates, some[a], some[b]) for some in copies for a, b in pairs])
    truth = np.tile([float(part.groups[a] == part.groups[b]) for a, b in pairs], len(copies))
    share = np.full(len(truth), 1 / len(copies))
    halves = [np.c_[table[:, [FEATURES.index(name) for name in names]], np.ones(len(table))] for names in (WHERE, WHAT)]
    cut = len(WHERE) + 1

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        own = (weights[:cut], weights[cut:])
        chances = [1 / (1 + np.exp(-np.clip(half @ some, -30, 30))) for half, some in zip(halves, own, strict=True)]
        both = np.clip(chances[0] * chances[1], 1e-12, 1 - 1e-9)
        total = -float((share * (truth * np.log(both) + (1 - truth) * np.log1p(-both))).sum())
        pull = -share * (truth - (1 - truth) * both / (1 - both))
        slope = [half.T @ (pull * (1 - chance)) for half, chance in zip(halves, chances, strict=True)]
        held = np.append(np.append(own[0][:-1], 0.0), np.append(own[1][:-1], 0.0))
        return total + RIDGE * float((held**2).sum()), np.concatenate(slope) + 2 * RIDGE * held

    bounds = [(BOUNDS.get(name, (0.0, None)) if name else (None, None)) for name in (*WHERE, "", *WHAT, "")]
    start = np.array(
        [np.clip(0.5, low if low is not None else -9, high if high is not None else 9) for low, high in bounds]
    )
    best = (
        minimize(loss, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 1000}).x.round(3).tolist()
    )
    return {"where": dict(zip(WHERE, best, strict=False)), "where_bias": best[len(WHERE)],
            "what": dict(zip(WHAT, best[cut:], strict=False)), "what_bias": best[-1]}  # fmt: skip


def _forgetting(incidents: Sequence[Incident], seed: int) -> list[Incident]:
    """The incidents as a table of matters would read them that lacks most of its concepts."""

    def kept(concepts: frozenset[str]) -> frozenset[str]:
        return frozenset(one for one in concepts if zlib.crc32(f"{seed} {one}".encode()) % 10 < KNOWN)

    return [replace(one, things=kept(one.things), troubles=kept(one.troubles)) for one in incidents]


def _row(duplicates: Duplicates, one: Incident, other: Incident) -> list[float]:
    return list(duplicates.compare(one, other).evidence.values())


def figures(duplicates: Duplicates, part: Part) -> dict[str, Any]:
    """Pairwise precision, recall and F1 of the groups found."""
    found = duplicates.grouped(part.incidents)
    said = np.array([found[a] == found[b] for a, b in all_pairs(part.incidents)])
    same = part.same()
    both = int((said & same).sum())
    precision, recall = both / max(int(said.sum()), 1), both / int(same.sum())
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return {"tellings": len(found), "precision": _percent(precision), "recall": _percent(recall), "f1": _percent(f1)}


def misses(duplicates: Duplicates, part: Part) -> list[str]:
    """The pairs that came out wrong, for reading."""
    found, lines = duplicates.grouped(part.incidents), []
    for a, b in all_pairs(part.incidents):
        same, said = part.groups[a] == part.groups[b], found[a] == found[b]
        if same != said:
            one, other = part.incidents[a], part.incidents[b]
            chance = duplicates.compare(one, other).probability
            lines.append(f"{'missed' if same else 'false '} {chance:.2f} {one.text[:60]} | {other.text[:60]}")
    return lines


def speed(duplicates: Duplicates, part: Part, copies: int) -> float:
    """Seconds to group many tellings."""
    tellings = [Telling(f"{one.text} {at}号") for at in range(copies) for one in part.incidents]
    began = time.perf_counter()
    duplicates.groups(tellings)
    return (time.perf_counter() - began) / len(tellings)


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _store(found: dict[str, Any]) -> None:
    """Write the weights into their file and leave the words below them as they are."""
    path = NLU_DATA / "routing" / WEIGHTS
    text = path.read_text("utf-8")
    weights = yaml.safe_dump(found, sort_keys=False)
    path.write_text(re.sub(r"^where:.*?(?=^reasons:)", lambda _: weights, text, flags=re.S | re.M), "utf-8")


def main(argv: Sequence[str]) -> int:
    """Measure on the held part; with `--fit` find the weights on the other part first."""
    parser = argparse.ArgumentParser(prog="hotline bench duplicates", description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit the weights and store them")
    parser.add_argument("--misses", choices=("tune", "held"), help="print what went wrong")
    options = parser.parse_args(argv)
    regions = Regions.load(NLU_DATA / "city" / "ordos")
    if options.fit:
        _store({"where": {}, "where_bias": 0.0, "what": {}, "what_bias": 0.0})
    duplicates = Duplicates.load(NLU_DATA, regions)
    parts = {name: read(duplicates, name) for name in ("tune", "held")}
    if options.fit:
        _store(fit(duplicates, parts["tune"]))
        duplicates = Duplicates.load(NLU_DATA, regions)
    found = {name: figures(duplicates, part) for name, part in parts.items()}
    print(json.dumps(found))
    if options.misses:
        print("\n".join(misses(duplicates, parts[options.misses])))
    results.save("duplicates", found["held"] | {"ms_each": round(1000 * speed(duplicates, parts["held"], 3), 2)})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
