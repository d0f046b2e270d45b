"""`./hotline bench linking`: how long linking takes among 10,000 items, most of them made from names others have.

The words of a question were read for their meaning before, as in a turn; needs the real guides of HOTLINE_DATASETS.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import results
from bot.guides import teaching
from bot.guides.guide import Guide
from bot.guides.importers.yaml import read_folder
from bot.guides.library import Library, known_items
from bot.guides.linker import Linker
from integrations.settings import ROOT, Settings
from routing.language import vectors
from routing.language.normalise import normalised

ITEMS = 10_000
_WARM = 10
_GOINGS_ON = ("", "（变更）", "（延续）", "（注销）", "（补办）")


def library(settings: Settings, names: Sequence[str]) -> Library:
    """The product's guides, and as many more items as it takes, by these names."""
    own = [parsed.guide for parsed in read_folder(settings.nlu_data / "guides")[0]]
    made = islice(_made(own[0], names), ITEMS - len(own))
    return Library.of([*own, *made], known=known_items(settings.nlu_data))


def _made(like: Guide, names: Sequence[str]) -> Iterator[Guide]:
    every = (f"{name}{more}" for more in _GOINGS_ON for name in dict.fromkeys(names))
    for number, name in enumerate(every):
        yield like.model_copy(update={"code": f"X-{number:05d}", "name": name, "aliases": (), "examples": {}})


def measure(linker: Linker, questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds of work for each question."""
    spent = []
    for question in (*questions[:_WARM], *questions):
        vectors.encode([question])
        began = time.process_time()
        linker.link(question)
        spent.append(1000 * (time.process_time() - began))
    told = np.array(spent[_WARM:])
    shares = {"ms_p50": np.percentile(told, 50), "ms_p95": np.percentile(told, 95), "ms_mean": told.mean()}
    return {name: round(float(value), 1) for name, value in shares.items()}


def main(argv: Sequence[str]) -> int:
    """Build, link, print and keep the figures."""
    argparse.ArgumentParser(prog="hotline bench linking", description=__doc__).parse_args(argv)
    settings = Settings.load(os.environ)
    source = (settings.datasets or Path()) / "guides_guangdong.jsonl"
    if not source.is_file():
        print("skipped: HOTLINE_DATASETS names no folder with guides_guangdong.jsonl", file=sys.stderr)
        return 0
    names = [json.loads(line)["matter_name"] for line in source.read_text(encoding="utf-8").splitlines()]
    recogniser = teaching.load(settings.nlu_data, settings.home / "models", vectors.encode, print)
    known, cache = library(settings, names), settings.home / "vectors"
    linker = Linker.load(known, settings.nlu_data, encode=vectors.encode, cache=cache, recogniser=recogniser)
    lines = (ROOT / "nlu_data" / "dev" / "linking_third.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [normalised(json.loads(line)["text"]) for line in lines]
    figures = {"items": len(known), "questions": len(questions), **measure(linker, questions)}
    print(json.dumps(figures, ensure_ascii=False))
    results.save("linking", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
