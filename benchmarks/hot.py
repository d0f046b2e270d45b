"""`./hotline bench hot`: clusters and surges in real messages (HOTLINE_DATASETS), and false alarms on quiet series."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from integrations.settings import ROOT, Settings
from routing.catalogue import Catalogue
from routing.duplicates import Duplicates
from routing.incident import Telling
from routing.jurisdiction import Regions
from routing.language.normalise import normalised
from routing.surges import Detector

FILE = "hot_issues.csv"
NLU_DATA = ROOT / "nlu_data"
_SERIES = 100
_DAYS = 420


def read(path: Path) -> list[tuple[str, date]]:
    """The messages and the days they were written on."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [(f"{row['留言主题']} {row['留言详情']}", _day(row["留言时间"])) for row in csv.DictReader(lines)]


def _day(written: str) -> date:
    """The day of a moment written as 2019/2/28 or 2019-08-01."""
    year, month, day = written.split()[0].replace("/", "-").split("-")
    return date(int(year), int(month), int(day))


def false_alarms(detector: Detector) -> dict[str, Any]:
    """How often series without any surge alarm, Poisson and lumpy, with a week's rhythm."""
    rng, alarms = np.random.default_rng(3), 0
    week = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.8, 0.6])[np.arange(_DAYS) % 7]
    for at in range(_SERIES):
        level = (0.3, 1.0, 4.0, 15.0)[at % 4] * week
        counts = rng.poisson(level) if at % 2 else rng.negative_binomial(4, 4 / (4 + level))
        alarms += len(detector.surges(counts.tolist()))
    days = _SERIES * (_DAYS - 56)
    return {
        "quiet_days": days,
        "alarms": alarms,
        "days_between": round(days / max(alarms, 1)),
        "stated": detector.days_between,
    }


def clusters(messages: Sequence[tuple[str, date]]) -> dict[str, Any]:
    """The largest groups of the same incident, and how long finding them took."""
    duplicates = Duplicates.load(NLU_DATA, Regions.load(NLU_DATA / "city" / "ordos"))
    began = time.perf_counter()
    groups = duplicates.groups([Telling(text, told=day) for text, day in messages])
    sizes = Counter(groups).most_common(8)
    return {
        "messages": len(messages),
        "seconds": round(time.perf_counter() - began, 1),
        "groups_of_3": sum(size >= 3 for size in Counter(groups).values()),
        "largest": [[size, messages[group][0][:30]] for group, size in sizes],
    }


def surging(messages: Sequence[tuple[str, date]], detector: Detector) -> dict[str, Any]:
    """Surges of the departments whose duties the messages name."""
    catalogue = Catalogue.load(NLU_DATA)
    first, last = min(day for _, day in messages), max(day for _, day in messages)
    series: defaultdict[str, list[int]] = defaultdict(lambda: [0] * ((last - first).days + 1))
    for text, day in messages:
        for department in catalogue.duties_in(normalised(text[:600])):
            series[department][(day - first).days] += 1
    found = {code: len(detector.surges(counts)) for code, counts in series.items()}
    return {
        "series": len(series),
        "days": (last - first).days + 1,
        "surges": {k: v for k, v in sorted(found.items()) if v},
    }


def main(argv: Sequence[str]) -> int:
    """Measure; without the data only the false alarms."""
    parser = argparse.ArgumentParser(prog="hotline bench hot", description=__doc__)
    parser.add_argument(
        "--most", type=int, default=1000, help="how many messages to cluster, the newest (default 1000)"
    )
    options = parser.parse_args(argv)
    detector = Detector()
    figures: dict[str, Any] = {"false_alarms": false_alarms(detector)}
    folder = Settings.load(os.environ).datasets
    if folder and (folder / FILE).is_file():
        messages = read(folder / FILE)
        newest = sorted(messages, key=lambda one: one[1], reverse=True)
        figures |= {"surges": surging(messages, detector), "clusters": clusters(newest[: options.most])}
    else:
        print(f"没有 {FILE}（HOTLINE_DATASETS 没有指向它），只量误报率", file=sys.stderr)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    kept = {name: value for name, value in figures.items() if name != "clusters"}
    if "clusters" in figures:  # the messages are not ours to publish
        kept["clusters"] = {name: value for name, value in figures["clusters"].items() if name != "largest"}
    results.save("hot", kept)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
