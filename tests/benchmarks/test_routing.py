from __future__ import annotations

from benchmarks import redaction, routing
from routing.language.redaction import Span
from routing.router import Candidate, Recommendation


def _line(department: str, confidence: float, *, auto: bool) -> Recommendation:
    return Recommendation("投诉", "normal", None, (Candidate(department, confidence, ()),), (), auto, "c", "m")


GOLD = [
    {"text": "甲", "department": "CG", "also": ["ZJ"], "kind": "投诉", "urgency": "normal"},
    {"text": "乙", "department": "GA", "also": [], "kind": "求助", "urgency": "critical"},
]


def test_strict_lenient_and_automatic_are_counted_apart() -> None:
    found = routing.accuracy(GOLD, [_line("ZJ", 0.9, auto=True), _line("CG", 0.6, auto=False)])
    assert (found["strict"], found["lenient"], found["auto"], found["auto_right"]) == (0.0, 50.0, 50.0, 100.0)
    assert found["critical"] == "0/1"
    assert found["missed_most"] == {"GA": 1}


def test_a_confidence_that_tells_the_truth_has_no_error() -> None:
    assert routing.calibration(GOLD, [_line("CG", 1.0, auto=True), _line("GA", 1.0, auto=True)])["expected_error"] == 0
    half = routing.calibration(GOLD, [_line("CG", 0.95, auto=True), _line("CG", 0.95, auto=True)])
    assert half["expected_error"] == 0.45
    assert half["right_at_coverage"]["50%"] == 100.0


def test_a_span_counts_when_nine_tenths_are_hidden() -> None:
    marked = {"start": 0, "end": 10, "type": "phone"}
    assert redaction.covered(marked, [Span(0, 9, "phone")])
    assert not redaction.covered(marked, [Span(0, 8, "phone")])
