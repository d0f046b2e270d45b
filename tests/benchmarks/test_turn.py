from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import results, turn
from benchmarks.house import Stored
from benchmarks.processes import BenchError


def _round(per_second: float, p95: float) -> dict:
    took = [p95 / 1000] * 20
    seen = {"latencies": took, "seconds": 20 / per_second, "failures": [], "cpu": 0.02}
    return turn.figures(seen, {"house: web": 0.1})


def test_percentiles_are_nearest_rank() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert [turn.percentile(ordered, share) for share in (50, 95, 99)] == [50, 95, 99]
    assert turn.percentile([7.0], 99) == 7.0


def test_figures_of_a_round() -> None:
    figures = _round(100, 12)
    assert (figures["turns_per_second"], figures["p95_ms"]) == (100.0, 12.0)
    assert figures["cpu_ms_per_turn"] == {"house: web": 5.0, "driver": 1.0}


def test_a_round_without_answers_is_no_figure() -> None:
    with pytest.raises(BenchError, match="refused"):
        turn.figures({"latencies": [], "seconds": 1, "failures": ["refused"], "cpu": 0}, {})


@pytest.mark.parametrize(("ours", "p95", "met"), [(160, 30, True), (159, 30, False), (160, 34, False), (200, 20, True)])
def test_both_targets_must_hold(ours: float, p95: float, met: bool) -> None:
    section = {"house": turn.summary([_round(ours, p95)]), "peer": turn.summary([_round(40, 100)])}
    assert turn.compared(section)["met"] is met


def test_medians_over_the_rounds() -> None:
    middle = turn.summary([_round(100, 10), _round(300, 30), _round(200, 20)])
    assert (middle["turns_per_second"], middle["p95_ms"]) == (200.0, 20.0)


def test_a_missing_peer_has_no_ratio() -> None:
    section = {"house": turn.summary([_round(100, 10)])}
    assert turn.compared(section) == {}
    assert "house" in turn.table(section)


@pytest.mark.parametrize("lost", [(9, 10, 10, 10, 0), (10, 11, 10, 10, 0), (10, 10, 10, 9, 0), (10, 10, 10, 10, 1)])
def test_stored_exactly_once(lost: tuple[int, ...]) -> None:
    assert Stored(10, 10, 10, 10, 0).exactly(10)
    assert not Stored(*lost).exactly(10)


def test_results_keep_the_other_sections(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"understanding": {"hit": 1}}', encoding="utf-8")
    results.save("turn", {"met": True}, path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["understanding"] == {"hit": 1}
    assert kept["turn"]["met"] is True
    assert kept["turn"]["machine"]["cores"] >= 1
    assert "/" not in json.dumps(kept["turn"]["machine"])
