"""Who receives (承办单位): duty × region from the city pack's unit tree, at the lowest level that is competent.

`units.csv` is a tree (code, name, department, region, parent) of any depth; `areas` names the places a unit serves
where several share a region, such as heating companies.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from routing.catalogue import any_of
from routing.jurisdiction import Place, Regions


@dataclass(frozen=True, slots=True)
class Unit:
    """One receiving unit: what it does, where, under whom, and the places it serves."""

    code: str
    name: str
    department: str
    region: str
    parent: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receiving:
    """The unit that receives, or, where several share the place and none is named, those to choose from."""

    unit: Unit
    options: tuple[Unit, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the `unit` of the command contract."""
        found: dict[str, Any] = {"code": self.unit.code, "name": self.unit.name}
        if self.options:
            found["options"] = [{"code": one.code, "name": one.name} for one in self.options]
        return found


class Units:
    """The unit tree of one city pack."""

    def __init__(self, regions: Regions, units: Sequence[Unit]) -> None:
        self._regions = regions
        self._units = {unit.code: unit for unit in units}
        unknown = {unit.parent for unit in units if unit.parent} - self._units.keys()
        if unknown:
            raise ValueError(f"units: unknown parents {sorted(unknown)}")

    @classmethod
    def load(cls, city_dir: Path, regions: Regions) -> Units:
        """Read `units.csv` of a city pack."""
        with (city_dir / "units.csv").open(encoding="utf-8", newline="") as lines:
            return cls(regions, [_unit(row) for row in csv.DictReader(lines)])

    def receiving(self, department: str, region: Place | None, text: str, level: str = "") -> Receiving | None:
        """Return who receives a duty's ticket: the nearest unit at or above the place, not below the duty's level."""
        for code in self._upwards(region, level):
            here = self._by_duty.get((department, code), ())
            if len(here) == 1:
                return Receiving(here[0])
            if here:
                return self._of_several(here, region, text)
        return None

    def _of_several(self, here: Sequence[Unit], region: Place | None, text: str) -> Receiving | None:
        """The one whose areas or name the text names; else their common parent, with the choice."""
        place = region.name if region else ""
        named = [unit for unit in here if unit.name in text or self._areas[unit.code].search(f"{text} {place}")]
        if len(named) == 1:
            return Receiving(named[0])
        above = self._units.get(here[0].parent, here[0])
        return Receiving(above, tuple(named or here))

    def _upwards(self, region: Place | None, level: str) -> list[str]:
        """The place and those above it, from the duty's own level on; without a place the tree's top unit decides."""
        if region is None:
            return [self._top]
        codes = [region.code, *(place.code for place in self._regions.ancestors(region.code))]
        levels = [one.level if (one := self._regions.get(code)) else "" for code in codes]
        return codes[levels.index(level) :] if level in levels else codes

    @cached_property
    def _top(self) -> str:
        """The region of the units nobody stands above."""
        return next((unit.region for unit in self._units.values() if not unit.parent), "")

    @cached_property
    def _by_duty(self) -> Mapping[tuple[str, str], tuple[Unit, ...]]:
        found: dict[tuple[str, str], tuple[Unit, ...]] = {}
        for unit in self._units.values():
            key = (unit.department, unit.region)
            found[key] = (*found.get(key, ()), unit)
        return found

    @cached_property
    def _areas(self) -> Mapping[str, re.Pattern[str]]:
        return {unit.code: any_of(unit.areas) for unit in self._units.values()}


def _unit(row: Mapping[str, str]) -> Unit:
    areas = tuple(area for area in (row.get("areas") or "").split("|") if area)
    return Unit(row["code"], row["name"], row["department"], row["region"], row["parent"], areas)
