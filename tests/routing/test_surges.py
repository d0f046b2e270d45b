from __future__ import annotations

import numpy as np
import pytest

from routing.surges import Detector

WEEKDAYS = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.8, 0.6])


def _quiet(rng: np.random.Generator, mean: float, days: int, lumpy: bool) -> list[int]:
    level = mean * WEEKDAYS[np.arange(days) % 7]
    counts = rng.negative_binomial(4, 4 / (4 + level)) if lumpy else rng.poisson(level)
    return [int(count) for count in counts]


@pytest.mark.parametrize("mean", [0.3, 2.0, 12.0])
@pytest.mark.parametrize("lumpy", [False, True])
def test_quiet_series_alarm_no_more_than_is_stated(mean: float, lumpy: bool) -> None:
    rng, detector, days = np.random.default_rng(7), Detector(), 400
    alarms = sum(len(detector.surges(_quiet(rng, mean, days, lumpy))) for _ in range(40))
    watched = 40 * (days - 56)
    assert alarms <= max(2, 1.5 * watched / detector.days_between)


@pytest.mark.parametrize(("mean", "peak"), [(0.5, 9), (2.0, 9), (12.0, 45)])
def test_a_surge_is_found_within_two_days(mean: float, peak: int) -> None:
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(20):
        series = _quiet(rng, mean, 120, lumpy=False)
        series[100:104] = [peak + int(rng.poisson(1)) for _ in range(4)]
        surges = Detector().surges(series)
        found += any(100 <= surge.day <= 101 for surge in surges)
    assert found >= 19


def test_a_surge_says_what_was_expected_and_since_when() -> None:
    series = [2] * 100 + [3, 14]
    (surge,) = Detector().surges(series)
    assert (surge.day, surge.count) == (101, 14)
    assert 1.5 < surge.expected < 3.5
    assert surge.since <= 101


def test_empty_and_short_series_are_silent() -> None:
    assert Detector().surges([]) == []
    assert Detector().surges([50] * 30) == []
    assert Detector().surges([0] * 400) == []
