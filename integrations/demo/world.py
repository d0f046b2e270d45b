"""What a made-up year rests on: the words of `nlu_data`, the city's pack, the people who act, and one seeded chance."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import citizens, units
from ticketing.city import City
from ticketing.deadlines import Limit, advance
from ticketing.durations import Worked
from ticketing.models import Citizen, Role, Staff
from ticketing.workflow import Actor

FIRST_PHONE = 14200000000  # the range 142 is assigned to nobody
_MINUTES = Limit(1, "wh", "")


@dataclass(frozen=True, slots=True)
class Matter:
    """One citizen's words, and where they belong."""

    text: str
    department: str
    also: tuple[str, ...]
    kind: str
    urgency: str


@dataclass
class World:
    """Everything a story needs to happen."""

    session: Session
    city: City
    rng: random.Random
    until: datetime
    words: Mapping[str, Any]
    matters: Sequence[Matter]
    regions: Sequence[str]
    staff: Mapping[Role, Sequence[UUID]]
    handlers: Mapping[str, UUID]
    worked: Worked
    skill: dict[str, float] = field(default_factory=dict)
    _units: dict[tuple[str, str], UUID | None] = field(default_factory=dict)

    def word(self, key: str) -> str:
        """The words for an occasion, one of several where there are several."""
        found = self.words[key]
        return self.rng.choice(found) if isinstance(found, list) else str(found)

    def actor(self, role: Role, department: str | None = None) -> Actor:
        """Somebody of a role, or a department's own person."""
        if department is not None:
            return Actor(role, self.handlers[department], department)
        return Actor(role, self.rng.choice(self.staff[role]))

    def unit(self, department: str, region: str) -> UUID | None:
        """The unit that receives a duty in a region."""
        key = (department, region)
        if key not in self._units:
            self._units[key] = units.receiving(self.session, self.city, department, region)
        return self._units[key]

    def quality(self, department: str) -> float:
        """How well a department works, about 1; the same all year."""
        if department not in self.skill:
            chance = random.Random(f"{department}:{self.city.code}")  # noqa: S311 - a made-up history, no secret
            self.skill[department] = chance.uniform(0.88, 1.08)
        return self.skill[department]

    def later(self, at: datetime, minutes: float) -> datetime:
        """So much working time after a moment."""
        return advance(self.city.calendar, at, timedelta(minutes=max(minutes, 1)), _MINUTES).at

    def between(self, start: datetime, end: datetime, share: float) -> datetime:
        """A moment at a share of the working time between two others, or a share of all time where none is worked."""
        hours = self.worked.hours(start, end)
        if hours < 1:
            return start + (end - start) * share
        return self.later(start, hours * 60 * share)


def open_world(session: Session, city: City, nlu_data: Path, until: datetime, seed: int) -> World:
    """The world of a city, as its data and its people are now."""
    rng = random.Random(seed)  # noqa: S311 - a made-up history, no secret
    handlers = _handlers(session)
    return World(
        session,
        city,
        rng,
        until,
        yaml.safe_load((nlu_data / "demo.yml").read_text(encoding="utf-8")),
        _matters(nlu_data, frozenset(handlers) & city.departments),
        _regions(nlu_data, city),
        _staff(session),
        handlers,
        Worked(city.calendar),
    )


def _matters(nlu_data: Path, departments: frozenset[str]) -> list[Matter]:
    """The words of `nlu_data` that go to departments where somebody can take them on."""
    found = []
    for path in sorted((nlu_data / "routing" / "examples").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["department"] in departments:
                also = tuple(code for code in row["also"] if code in departments)
                found.append(Matter(row["text"], row["department"], also, row["kind"], row["urgency"]))
    return found


def _regions(nlu_data: Path, city: City) -> list[str]:
    with (nlu_data / "city" / city.code / "regions.csv").open(encoding="utf-8", newline="") as file:
        counties = [row["code"] for row in csv.DictReader(file) if row["parent"] == city.region]
    return counties or [city.region]


def _staff(session: Session) -> dict[Role, list[UUID]]:
    rows = session.execute(select(Staff.role, Staff.id).where(Staff.active).order_by(Staff.username)).all()
    return {role: [row.id for row in rows if row.role == role] for role in Role}


def _handlers(session: Session) -> dict[str, UUID]:
    rows = session.execute(select(Staff.department, Staff.id).where(Staff.active).order_by(Staff.username.desc()))
    return {row.department: row.id for row in rows if row.department}


def known_citizens(session: Session, count: int) -> dict[int, UUID]:
    """The made-up citizens that are there already, by their number."""
    macs = {citizens.phone_index(session, str(FIRST_PHONE + n)): n for n in range(1, count + 1)}
    rows = session.execute(select(Citizen.phone_index, Citizen.id)).all()
    return {macs[bytes(row.phone_index)]: row.id for row in rows if bytes(row.phone_index) in macs}
