"""Which tellings are of the same incident (同一事件): candidates by keys, pairs by evidence, groups without chains."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from routing.catalogue import read_yaml
from routing.incident import Incident, Reader, Telling
from routing.jurisdiction import Regions
from routing.likeness import Comparer, Likeness, Scale
from routing.rarity import Rarity
from routing.reasons import Reasons
from routing.training import read_examples

WEIGHTS = "duplicates.yml"
_KEYS = 12
_CROWDED = 60  # a key more tellings have than this leads only to the latest of them
_MOST_CANDIDATES = 40
_RARE = 5.0
_READ_AT_ONCE = 256
_UNTHINKABLE = 0.02


@dataclass(frozen=True, slots=True)
class Match:
    """Another telling of the same incident: which, how probable, and why."""

    at: int
    probability: float
    reasons: tuple[str, ...]


class Duplicates:
    """Finds tellings of the same incident; safe to share between threads."""

    def __init__(self, reader: Reader, comparer: Comparer, rarity: Rarity, same: float, reasons: Reasons) -> None:
        self.reader = reader
        self.same = same
        self._comparer = comparer
        self._rarity = rarity
        self._reasons = reasons

    @classmethod
    def load(cls, nlu_data: Path, regions: Regions) -> Duplicates:
        """Read the weights and the words, and count how rare sounds are in the labelled examples."""
        settings: Any = read_yaml(nlu_data / "routing" / WEIGHTS)
        rarity = _rarity(nlu_data)
        scale = Scale(settings["where"], settings["what"], settings["where_bias"], settings["what_bias"])
        reasons = Reasons(settings["reasons"])
        comparer = Comparer(regions, rarity, scale)
        return cls(Reader.load(nlu_data, regions, rarity), comparer, rarity, settings["same"], reasons)

    def keys(self, incident: Incident) -> tuple[str, ...]:
        """Return what the incident may be found by: its named places, else its rarest sounds."""
        named = [name.sound for name in incident.names]
        rare = sorted(((self._rarity.of(gram), gram) for gram in incident.grams), reverse=True)
        return tuple(dict.fromkeys([*named, *(gram for weight, gram in rare if weight >= _RARE)]))[:_KEYS]

    def compare(self, one: Incident, other: Incident) -> Likeness:
        """Return the evidence on one pair."""
        return self._comparer.compare(one, other)

    def why(self, one: Incident, other: Incident) -> tuple[str, ...]:
        """Return the reasons for a pair in the words of an officer, those against it last."""
        return self._reasons.of(one, other, self.compare(one, other).evidence)

    def matches(self, incident: Incident, others: Sequence[Incident]) -> list[Match]:
        """Return which of some incidents are the same one, the most probable first."""
        found = [(self.compare(incident, other).probability, at) for at, other in enumerate(others)]
        sure = sorted(((chance, at) for chance, at in found if chance >= self.same), reverse=True)
        return [Match(at, chance, self.why(incident, others[at])) for chance, at in sure]

    def groups(self, tellings: Sequence[Telling]) -> list[int]:
        """Return a group number for each telling; equal numbers tell of the same incident."""
        starts = range(0, len(tellings), _READ_AT_ONCE)
        incidents = [one for at in starts for one in self.reader.read(tellings[at : at + _READ_AT_ONCE])]
        return self.grouped(incidents)

    def grouped(self, incidents: Sequence[Incident]) -> list[int]:
        """Group incidents that have been read."""
        chances = {pair: self._chance(incidents, pair) for pair in self.candidates(incidents)}
        likely = sorted(
            (pair for pair, chance in chances.items() if chance >= self.same), key=lambda p: (-chances[p], p)
        )
        clusters = {at: [at] for at in range(len(incidents))}
        home = list(range(len(incidents)))
        for one, other in likely:
            mine, theirs = clusters[home[one]], clusters[home[other]]
            if mine is not theirs and self._belong(incidents, chances, mine, theirs):
                mine += theirs
                for at in theirs:
                    home[at] = home[one]
        return [min(clusters[at]) for at in home]

    def _belong(
        self, incidents: Sequence[Incident], chances: dict[tuple[int, int], float], mine: list[int], theirs: list[int]
    ) -> bool:
        """Two groups are one only when their members fit on the whole and none contradicts another outright."""
        logits = []
        for pair in ((min(a, b), max(a, b)) for a in mine for b in theirs):
            if pair not in chances:
                chances[pair] = self._chance(incidents, pair)
            if chances[pair] < _UNTHINKABLE:
                return False
            logits.append(_logit(chances[pair]))
        return sum(logits) / len(logits) >= _logit(self.same)

    def _chance(self, incidents: Sequence[Incident], pair: tuple[int, int]) -> float:
        return self.compare(incidents[pair[0]], incidents[pair[1]]).probability

    def candidates(self, incidents: Sequence[Incident]) -> Iterable[tuple[int, int]]:
        """Yield the pairs worth comparing: those that share keys, the rarest keys first."""
        holders: Mapping[str, list[int]] = defaultdict(list)
        for at, incident in enumerate(incidents):
            shared: dict[int, float] = defaultdict(float)
            for key in self.keys(incident):
                for other in holders[key][-_CROWDED:]:
                    shared[other] += 1.0 / (1 + len(holders[key]))
                holders[key].append(at)
            for other in sorted(shared, key=lambda o: -shared[o])[:_MOST_CANDIDATES]:
                yield other, at


@cache
def _rarity(nlu_data: Path) -> Rarity:
    """Count once a process; it takes about half a second."""
    return Rarity(example.text for example in read_examples(nlu_data))


def all_pairs(incidents: Sequence[Incident]) -> Iterable[tuple[int, int]]:
    """Yield every pair of places in a list; for measuring."""
    return combinations(range(len(incidents)), 2)


def _logit(chance: float) -> float:
    return math.log(chance / (1 - chance)) if 0 < chance < 1 else math.copysign(30.0, chance - 0.5)
