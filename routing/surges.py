"""When complaints surge (热点突增): a running sum of likelihood ratios of daily counts, its false alarms known.

Each day's count is weighed against what the same weekday of the last eight weeks lets expect (a negative binomial, so
lumpy series do not alarm for being lumpy). For such a sum the mean time between false alarms is at least e^threshold
days; the threshold is set from the days that are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_WEEK = 7
_HISTORY = 8 * _WEEK
_GUARD = 2  # the days right before are left out of what is expected, or a slow surge would hide itself
_LEAST_EXPECTED = 0.3
_PRIOR_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class Surge:
    """A day on which a series is found to have surged: the count, what was expected, and since when it rose."""

    day: int
    since: int
    count: int
    expected: float


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds surges to at least `ratio` times the expected; on quiet series a false one in `days_between` at most."""

    ratio: float = 2.5
    days_between: float = 3000.0
    least: int = 4

    def surges(self, counts: Sequence[int]) -> list[Surge]:
        """Return the surges of a daily series; the first eight weeks only teach what is usual."""
        found: list[Surge] = []
        threshold, score, since = math.log(self.days_between), 0.0, 0
        usual = np.array(counts[:_HISTORY], dtype=float)
        for day in range(_HISTORY, len(counts)):
            mean, spread = _expected(usual, day)
            if score == 0.0:
                since = day
            score = max(0.0, score + _evidence(counts[day], mean, spread, self.ratio))
            if score >= threshold and counts[day] >= self.least:
                found.append(Surge(day, since, int(counts[day]), round(mean, 2)))
                score = 0.0
            # What surged is no example of what is usual.
            usual = np.append(usual, min(counts[day], mean + 3 * math.sqrt(mean + mean**2 / spread)))
        return found


def _expected(usual: np.ndarray, day: int) -> tuple[float, float]:
    """The mean of a day and the size parameter of its negative binomial, from the weeks before."""
    window = usual[day - _HISTORY : day - _GUARD]
    level = window.mean()
    same = usual[day - _HISTORY : day : _WEEK]
    weekday = (same.sum() + level * _PRIOR_DAYS) / (len(same) + _PRIOR_DAYS)
    # The mean of few days is itself uncertain: half a standard error is added.
    mean = max(_LEAST_EXPECTED, weekday + 0.5 * math.sqrt(max(level, _LEAST_EXPECTED) / len(same)))
    variance = window.var(ddof=1)
    spread = level**2 / (variance - level) if variance > level * 1.05 and level > 0 else 50.0
    return float(mean), float(min(max(spread, 0.5), 50.0))


def _evidence(count: int, mean: float, spread: float, ratio: float) -> float:
    """The log-likelihood ratio of a count under `ratio` times the mean against the mean."""
    more = ratio * mean
    return count * math.log(ratio) - (count + spread) * math.log((spread + more) / (spread + mean))
