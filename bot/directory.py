"""The directory of places (办事场所): halls and 代办点 of one city, the nearest level first; none of it invented."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from bot.phrases import Group, any_of, words
from routing.jurisdiction import Place, Regions

HALL, AGENT = "hall", "agent"
MOST = 12


@dataclass(frozen=True, slots=True)
class Office:
    """One place; an address, telephone or time that nobody published is empty."""

    name: str
    kind: str
    department: str
    region: str
    address: str
    phone: str
    hours: str
    source: str
    reviewed: str


@dataclass(frozen=True)
class Directory:
    """The offices of one city and the words that ask for them."""

    offices: tuple[Office, ...]
    kinds: Mapping[str, Group]
    asks: Group
    unless: Group = ()

    @classmethod
    def load(cls, nlu_data: Path, pack: Path) -> Self:
        """Read `offices.csv` of a city's folder, if there is one, and `dictionaries/directory.yml`."""
        said = yaml.safe_load((nlu_data / "dictionaries" / "directory.yml").read_text(encoding="utf-8"))
        kinds = {kind: words(group) for kind, group in said["kinds"].items()}
        return cls(_offices(pack / "offices.csv"), kinds, words(said["asks"]), words(said["unless"]))

    def asked(self, text: str) -> str | None:
        """Which kind of place a message asks for; None when it asks for none."""
        if not any_of(self.asks, text) or any_of(self.unless, text):
            return None
        return next((kind for kind, group in self.kinds.items() if any_of(group, text)), None)

    def near(self, kind: str, regions: Regions, region: Place | None) -> tuple[Office, ...]:
        """The places of a kind in a region or below it, and those above it; all of them where the region is unknown."""
        found = [one for one in self.offices if one.kind == kind]
        if region is not None:
            found = [one for one in found if _serves(regions, one.region, region.code)]
            found.sort(key=lambda one: -len(regions.ancestors(one.region)))
        return tuple(found[:MOST])


def _serves(regions: Regions, office: str, region: str) -> bool:
    return regions.contains(office, region) or regions.contains(region, office)


def _offices(path: Path) -> tuple[Office, ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(Office(**{name: value.strip() for name, value in row.items()}) for row in csv.DictReader(file))
