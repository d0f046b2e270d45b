"""`./hotline bench redaction`: personal data in texts, with hard negatives; the figures are those of the held half.

A span counts when nine tenths of it are covered; a span that touches none of those marked is false.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks import results
from integrations.settings import ROOT
from routing.language import names
from routing.language.redaction import Span, redact

SET = ROOT / "nlu_data" / "dev" / "redaction.jsonl"
NUMBERS = frozenset({"phone", "id_card", "bank_card", "plate", "email"})
_ENOUGH = 0.9


def covered(marked: dict[str, Any], spans: Sequence[Span]) -> bool:
    """Whether nearly all of a marked span is hidden."""
    start, end = marked["start"], marked["end"]
    hidden = sum(any(span.start <= at < span.end for span in spans) for at in range(start, end))
    return hidden >= _ENOUGH * (end - start)


def measure(part: str) -> tuple[dict[str, Any], list[str]]:
    """Figures of one half, and what went wrong."""
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    false, misses = 0, []
    for line in map(json.loads, SET.read_text("utf-8").splitlines()):
        if line["part"] != part:
            continue
        spans = redact(line["text"]).spans
        for marked in line["spans"]:
            ok = covered(marked, spans)
            asked[marked["type"]] += 1
            right[marked["type"]] += ok
            if not ok:
                misses.append(f"missed {marked['type']}: {line['text']}")
        for span in spans:
            if not any(span.start < one["end"] and one["start"] < span.end for one in line["spans"]):
                false += 1
                misses.append(f"false {span.type} {line['text'][span.start : span.end]}: {line['text']}")
    hard = sum(asked[kind] for kind in NUMBERS)
    return {
        "spans": asked.total(),
        "numbers": round(100 * sum(right[kind] for kind in NUMBERS) / hard, 1),
        "all": round(100 * right.total() / asked.total(), 1),
        "false": false,
    }, misses


def main(argv: Sequence[str]) -> int:
    """Measure both halves and keep the figures of the held one."""
    parser = argparse.ArgumentParser(prog="hotline bench redaction", description=__doc__)
    parser.add_argument("--misses", choices=("tune", "held"), help="print what went wrong")
    options = parser.parse_args(argv)
    names.load_tagger()
    found = {part: measure(part) for part in ("tune", "held")}
    print(json.dumps({part: figures for part, (figures, _) in found.items()}))
    if options.misses:
        print("\n".join(found[options.misses][1]))
    results.save("redaction", found["held"][0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
