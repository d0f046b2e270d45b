"""A city's rules of supervision (督查规则): ladder, 催办, 督办, cards and problem tickets, from its pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ticketing.deadlines import Limit


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the overdue ladder (超期阶梯): its level, how long after the due time, and who is told."""

    level: str
    after: Limit | None
    to: str
    basis: str


@dataclass(frozen=True, slots=True)
class CardRule:
    """What proposes a card: a colour, and from how many on."""

    colour: str
    at_least: int
    basis: str


@dataclass(frozen=True, slots=True)
class Watch:
    """The rules of one city."""

    ladder: tuple[Rung, ...]
    urges: int
    urges_apart: Limit
    levels: Mapping[str, Limit]
    cards: Mapping[str, CardRule]
    problem_reworks: int
    problem_units: int

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The rules as `supervision.yml` gives them."""
        return cls(
            ladder=tuple(_rung(row) for row in data["ladder"]),
            urges=int(data["urges"]["most"]),
            urges_apart=limit_of(data["urges"]),
            levels={level: limit_of(row) for level, row in data["levels"].items()},
            cards={rule: CardRule(**row) for rule, row in data["cards"].items()},
            problem_reworks=int(data["problem"]["reworks"]),
            problem_units=int(data["problem"]["units"]),
        )


def limit_of(row: Mapping[str, Any]) -> Limit:
    """The limit of a row with its basis."""
    return Limit.parse(row["limit"], row["basis"])


def _rung(row: Mapping[str, Any]) -> Rung:
    after = Limit.parse(row["after"], row["basis"]) if "after" in row else None
    return Rung(row["level"], after, row["to"], row["basis"])
