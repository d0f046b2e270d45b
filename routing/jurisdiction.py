"""Where a matter lies (属地): the city pack's region tree and the words people use for its places.

`regions.csv` is a tree of any depth (code, name, parent, level, aliases); `places.csv` hangs streets and landmarks on
it, also those whose name only looks like a region (鄂托克西街 is a street of 东胜区).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from routing.language.normalise import normalised

# A region's short name before one of these is a street or an estate named after it: 杭锦北路, 准格尔小区.
_NOT_A_REGION = r"(?![东西南北中]?(?:路|街|大街|大道|巷|桥|小区|花园|宾馆|酒店|饭店|大厦|商场|银行))"
_MAX_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Place:
    """A region of the tree (区划)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """One row of the region tree: its place, parent code, level and other names."""

    place: Place
    parent: str
    level: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a text that name a region, and where they stand in the normalised text."""

    place: Place
    words: str
    start: int


class Regions:
    """The region tree of one city pack and what its places are called."""

    def __init__(self, regions: dict[str, Region], places: dict[str, str]) -> None:
        self._regions = regions
        self._places = places

    @classmethod
    def load(cls, city_dir: Path) -> Regions:
        """Read `regions.csv` and, where there is one, `places.csv` of a city pack."""
        regions = {region.place.code: region for region in _read_regions(city_dir / "regions.csv")}
        places_file = city_dir / "places.csv"
        places = {row["name"]: row["region"] for row in _rows(places_file)} if places_file.exists() else {}
        for code, region in regions.items():
            if region.parent and region.parent not in regions:
                raise ValueError(f"region {code} has an unknown parent {region.parent}")
        return cls(regions, places)

    def get(self, code: str) -> Region | None:
        """Return the region with this code."""
        return self._regions.get(code)

    def children(self, code: str) -> tuple[Place, ...]:
        """Return the regions directly below this one."""
        return tuple(region.place for region in self._regions.values() if region.parent == code)

    def ancestors(self, code: str) -> tuple[Place, ...]:
        """Return the regions above this one, nearest first."""
        found: list[Place] = []
        region = self._regions.get(code)
        while region and region.parent:
            region = self._regions[region.parent]
            found.append(region.place)
        return tuple(found)

    def depth(self, code: str) -> int:
        """Return how many regions lie above this one."""
        return len(self.ancestors(code))

    def contains(self, outer: str, inner: str) -> bool:
        """Say whether `inner` is the region `outer` or lies below it."""
        return outer == inner or any(place.code == outer for place in self.ancestors(inner))

    def find(self, text: str) -> Place | None:
        """Return the deepest region the text names without contradiction; of several, the first one named."""
        mentions = self.mentions(text)
        if not mentions:
            return None
        best = mentions[0]
        for mention in mentions[1:]:
            if self.contains(best.place.code, mention.place.code):
                best = mention
        return best.place

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Return the regions named in a text in order; an ambiguous name follows the region named beside it."""
        folded = normalised(text[:_MAX_TEXT])
        found: list[Mention] = []
        for match in self._pattern.finditer(folded):
            codes = self._names[match.group()]
            found.append(Mention(self._choose(codes, found).place, match.group(), match.start()))
        return tuple(found)

    def _choose(self, codes: tuple[str, ...], before: list[Mention]) -> Region:
        for mention in reversed(before):
            for code in codes:
                if self.contains(mention.place.code, code):
                    return self._regions[code]
        return self._regions[codes[0]]

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        """Map every normalised name to the codes it may mean."""
        names: dict[str, list[str]] = {}
        for code, region in self._regions.items():
            for name in (region.place.name, *region.aliases):
                names.setdefault(normalised(name), []).append(code)
        for name, code in self._places.items():
            names.setdefault(normalised(name), []).append(code)
        return {name: tuple(codes) for name, codes in names.items()}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Match the longest name first; only names with a suffix of their own may stand before 路 or 街."""
        places = {normalised(name) for name in self._places}
        longest = sorted(self._names, key=len, reverse=True)
        parts = [re.escape(name) if name in places else re.escape(name) + _NOT_A_REGION for name in longest]
        return re.compile("|".join(parts) or r"(?!)")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _read_regions(path: Path) -> Iterator[Region]:
    for row in _rows(path):
        aliases = tuple(alias for alias in row["aliases"].split("|") if alias)
        yield Region(Place(row["code"], row["name"]), row["parent"], row["level"], aliases)
