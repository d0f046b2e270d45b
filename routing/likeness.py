"""How alike two incidents are (相似证据): place, numbers, time and matter as features, weighed into one probability.

Evidence for and against is kept apart: a text that does not name a building contradicts nobody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from routing.incident import Incident, Meaning, Name
from routing.jurisdiction import Regions
from routing.language.sounds import sounds
from routing.rarity import Rarity

WHERE = (
    "run", "contain", "name_match", "name_left", "no_name", "door_match", "door_conflict", "part_match",
    "part_conflict", "region_same", "region_close", "region_conflict", "date_match", "date_conflict", "day_match",
    "day_differs", "half_differs", "amount_match", "placeless",
)  # fmt: skip
WHAT = (
    "thing_unknown", "thing_share", "thing_alike", "thing_conflict", "thing_left", "trouble_unknown", "trouble_share",
    "trouble_alike", "trouble_conflict", "trouble_left", "meaning", "meaning_alone", "clause", "characters",
    "character_share", "character_alike", "words", "words_mass", "rest", "amount_match", "amount_differs", "date_match",
)  # fmt: skip
FEATURES = tuple(dict.fromkeys((*WHERE, *WHAT)))
_DOORS = frozenset({"building", "unit", "room", "floor", "house"})
_COMMON = 3.5  # the rarity that a pair of characters must exceed to point at a place
_LONG_RUN = 12.0
_MANY = 80.0  # what shared characters weigh at most
_DIRECTIONS = frozenset(sounds("东西南北中"))
_MUCH = 30.0  # what matching words weigh at most
_UNLIKE = 0.3  # vectors of two words that have nothing in common are about this near
_COUNTY = 2  # how deep in the region tree counties lie


@dataclass(frozen=True, slots=True)
class Likeness:
    """The evidence on one pair and how probable it makes that both tell of the same incident."""

    probability: float
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class Scale:
    """How much each kind of evidence counts for “the same place and time” and for “the same matter”.

    Both must hold, so the two probabilities are multiplied: no likeness of words makes up for another building.
    """

    where: Mapping[str, float]
    what: Mapping[str, float]
    where_bias: float
    what_bias: float

    def probability(self, evidence: Mapping[str, float]) -> float:
        """The probability that two tellings are of the same incident."""
        where = self.where_bias + sum(weight * evidence[name] for name, weight in self.where.items())
        what = self.what_bias + sum(weight * evidence[name] for name, weight in self.what.items())
        return _chance(where) * _chance(what)


class Comparer:
    """Compares two incidents."""

    def __init__(self, regions: Regions, rarity: Rarity, scale: Scale) -> None:
        self._regions = regions
        self._rarity = rarity
        self._scale = scale

    def compare(self, one: Incident, other: Incident) -> Likeness:
        """Return the evidence on a pair and its probability."""
        evidence = self.evidence(one, other)
        return Likeness(self._scale.probability(evidence), evidence)

    def evidence(self, one: Incident, other: Incident) -> dict[str, float]:
        """Return every feature of a pair, in the order of `FEATURES`."""
        found = self._words(one, other) | _named(one, other) | _numbered(one, other) | self._regional(one, other)
        found |= _timed(one, other) | _matters(one, other) | _aligned(one.meaning, other.meaning)
        return {name: found[name] for name in FEATURES}

    def _words(self, one: Incident, other: Incident) -> dict[str, float]:
        shared = one.grams & other.grams
        lesser = min(one.masses.grams, other.masses.grams)
        plain = min(one.masses.plain, other.masses.plain)
        return {
            "contain": self._rarity.mass(shared) / lesser if lesser else 0.0,
            "rest": self._rarity.mass(one.plain & other.plain) / plain if plain else 0.0,
            "run": min(self._run(one, shared), self._run(other, shared), _LONG_RUN) / _LONG_RUN,
            **self._characters(one, other),
        }

    def _characters(self, one: Incident, other: Incident) -> dict[str, float]:
        mine, theirs = one.masses.characters, other.masses.characters
        shared = self._rarity.characters(one.characters & other.characters)
        return {
            "characters": min(shared, _MANY) / _MANY,
            "character_share": shared / min(mine, theirs) if mine and theirs else 0.0,
            "character_alike": shared / math.sqrt(mine * theirs) if mine and theirs else 0.0,
        }

    def _run(self, one: Incident, shared: frozenset[str]) -> float:
        """The weight of the longest stretch of rare sounds that both texts have."""
        best = current = 0.0
        for pair in map("".join, pairwise(one.placing)):
            current = current + max(0.0, self._rarity.of(pair) - _COMMON) if pair in shared else 0.0
            best = max(best, current)
        return best

    def _regional(self, one: Incident, other: Incident) -> dict[str, float]:
        if not one.region or not other.region:
            return dict.fromkeys(("region_same", "region_close", "region_conflict"), 0.0)
        mine, theirs = one.region.code, other.region.code
        akin = self._regions.contains(mine, theirs) or self._regions.contains(theirs, mine)
        shared = min(self._regions.depth(mine), self._regions.depth(theirs)) if akin else 0
        return {
            "region_same": float(shared >= _COUNTY),
            "region_close": float(shared > _COUNTY),
            "region_conflict": float(not akin),
        }


def _named(one: Incident, other: Incident) -> dict[str, float]:
    mine = [name for name in one.names if name.sound in other.sound]
    theirs = [name for name in other.names if name.sound in one.sound]
    left = [(a, b) for a in one.names if a not in mine for b in other.names if b not in theirs and _rivals(a, b)]
    return {
        "name_match": float(bool(mine or theirs)),
        "name_left": float(bool(left)),
        "no_name": float(not one.names and not other.names),
        "placeless": float(_placeless(one) or _placeless(other)),
    }


def _placeless(one: Incident) -> bool:
    return not (one.names or one.marks or one.region)


def _rivals(one: Name, other: Name) -> bool:
    """Two names of one kind are two places, unless one may be cut differently (神华康城, 康城)."""
    same_end = one.sound[-1] == other.sound[-1] and one.sound[-1] not in _DIRECTIONS
    return one.kind == other.kind and not same_end


def _numbered(one: Incident, other: Incident) -> dict[str, float]:
    found = dict.fromkeys(("door_match", "door_conflict", "part_match", "part_conflict"), 0.0)
    for kind in one.marks.keys() & other.marks.keys():
        group = "door" if kind in _DOORS else "part"
        same = one.marks[kind] & other.marks[kind]
        found[f"{group}_{'match' if same else 'conflict'}"] = 1.0
    return found


def _timed(one: Incident, other: Incident) -> dict[str, float]:
    return {
        "date_match": _meet(one.dates, other.dates),
        "date_conflict": _part(one.dates, other.dates),
        "day_match": _meet(one.relative, other.relative),
        "day_differs": _part(one.relative, other.relative),
        "half_differs": _part(one.halves, other.halves),
        "amount_match": _meet(one.amounts, other.amounts),
        "amount_differs": _part(one.amounts, other.amounts),
    }


def _matters(one: Incident, other: Incident) -> dict[str, float]:
    things = _sets("thing", one.things, other.things)
    troubles = _sets("trouble", one.troubles, other.troubles)
    meaning = float(one.meaning.whole @ other.meaning.whole)
    known = things["thing_share"] or things["thing_conflict"]
    return things | troubles | {
        "meaning": meaning,
        "meaning_alone": 0.0 if known else meaning,
        "clause": float((one.meaning.clauses @ other.meaning.clauses.T).max()),
    }  # fmt: skip


def _aligned(one: Meaning, other: Meaning) -> dict[str, float]:
    """How well the telling words of each find a word of like meaning in the other (候车棚, 候车亭)."""
    if not len(one.weights) or not len(other.weights):
        return {"words": 0.0, "words_mass": 0.0}
    likeness = np.clip((one.words @ other.words.T - _UNLIKE) / (1 - _UNLIKE), 0.0, 1.0)
    mine, theirs = float(likeness.max(axis=1) @ one.weights), float(likeness.max(axis=0) @ other.weights)
    mass = mine if len(one.weights) < len(other.weights) else theirs
    share = (mine / float(one.weights.sum()) + theirs / float(other.weights.sum())) / 2
    return {"words": share, "words_mass": min(mass, _MUCH) / _MUCH}


def _sets(name: str, some: frozenset[str], others: frozenset[str]) -> dict[str, float]:
    shared, lesser = some & others, min(len(some), len(others))
    return {
        f"{name}_unknown": float(not lesser),
        f"{name}_share": len(shared) / lesser if lesser else 0.0,
        f"{name}_alike": len(shared) / len(some | others) if lesser else 0.0,
        f"{name}_conflict": _part(some, others),
        f"{name}_left": float(bool(some - others) and bool(others - some)),
    }


def _chance(score: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(score, 30.0), -30.0)))


def _meet(some: frozenset[str], others: frozenset[str]) -> float:
    return float(not some.isdisjoint(others))


def _part(some: frozenset[str], others: frozenset[str]) -> float:
    """Both say something, and nothing of it is the same."""
    return float(bool(some) and bool(others) and some.isdisjoint(others))
