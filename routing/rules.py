"""What is settled without learning: decided confusions, and recusal (回避) where a department itself is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path

from routing.catalogue import Catalogue, Decision, any_of, read_yaml

_NEAR = 14


@dataclass(frozen=True, slots=True)
class Recusal:
    """Departments whose own conduct a text complains about, and who leads instead."""

    departments: tuple[str, ...]
    outlet: str


@dataclass(frozen=True)
class RecusalRules:
    """The authorities' names, the words of conduct, and the outlets."""

    conduct: re.Pattern[str]
    bodies: Mapping[str, re.Pattern[str]]
    counter: re.Pattern[str]
    outlet: str
    counter_outlet: str
    supervisors: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> RecusalRules:
        """Read the rules of recusal."""
        raw = read_yaml(path)
        bodies = {code: any_of(names) for code, names in raw["bodies"].items()}
        return cls(
            any_of(raw["conduct"]),
            bodies,
            any_of(raw["counter"]),
            raw["outlet"],
            raw["counter_outlet"],
            raw["supervisors"],
        )

    def recusal(self, text: str) -> Recusal | None:
        """Return who must stand back when a normalised text complains of an authority's conduct."""
        spots = [match.span() for match in self.conduct.finditer(text)]
        if not spots:
            return None
        meant = tuple(code for code, names in self.bodies.items() if _near(names, text, spots))
        if not meant:
            return None
        outlet = self.counter_outlet if self.counter.search(text) else self.outlet
        if outlet in meant:
            outlet = self.outlet if outlet == self.counter_outlet else self.counter_outlet
        return None if outlet in meant else Recusal(meant, outlet)


def decisions(catalogue: Catalogue, text: str) -> tuple[Decision, ...]:
    """Return the decided confusions that hold for a normalised text, the weightiest first."""
    found = [decision for decision in catalogue.decisions if decision.condition.match(text)]
    return tuple(sorted(found, key=lambda decision: -decision.weight))


def earned(catalogue: Catalogue, cases: Iterable[tuple[str, frozenset[str]]]) -> tuple[float, ...]:
    """Return the log-odds each decision has earned on normalised texts and who may lead them; its weight is the prior.

    Words that settle a short ticket mislead in a long story, so a decision weighs what it was right about.
    """
    right: Counter[int] = Counter()
    wrong: Counter[int] = Counter()
    for text, leads in cases:
        for at, decision in enumerate(catalogue.decisions):
            if decision.condition.match(text):
                (right if decision.lead in leads else wrong)[at] += 1
    weights = enumerate(decision.weight for decision in catalogue.decisions)
    return tuple(max(0.0, log((right[at] + weight) / (wrong[at] + 1))) for at, weight in weights)


def boosts(found: tuple[Decision, ...]) -> dict[str, float]:
    """Return for each lead the weight of its strongest decision."""
    weights: dict[str, float] = {}
    for decision in found:
        weights[decision.lead] = max(weights.get(decision.lead, 0.0), decision.weight)
    return weights


def _near(names: re.Pattern[str], text: str, spots: list[tuple[int, int]]) -> bool:
    """Say whether an authority is named shortly before words of conduct."""
    ends = [match.end() for match in names.finditer(text)]
    return any(0 <= start - end <= _NEAR for end in ends for start, _ in spots)
