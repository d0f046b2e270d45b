"""Receiving units (承办单位): a duty in a region, in a tree. The file seeds the table; the table is the truth."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.models import Unit, new_id
from ticketing.statements import dialect_of, insert_or_skip, table_of

_UNIT = table_of(Unit)
_ADD = insert_or_skip(_UNIT, "code", returning=[_UNIT.c.id])


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit as a page shows it."""

    id: UUID
    code: str
    name: str
    department: str
    region: str


def seed(session: Session, city: City, folder: Path) -> int:
    """Add the units of the pack's `units.csv` that the table does not have yet; returns how many."""
    added = 0
    with (folder / "units.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            added += _add(session, city, row)
    return added


def _add(session: Session, city: City, row: dict[str, str]) -> bool:
    values = {
        "id": new_id(),
        "city": city.code,
        "code": row["code"],
        "name": row["name"],
        "department": row["department"],
        "region": row["region"],
        "parent_id": _id_of(session, row["parent"]) if row["parent"] else None,
        "active": True,
    }
    return session.execute(_ADD[dialect_of(session)], values).first() is not None


def _id_of(session: Session, code: str) -> UUID:
    return session.execute(select(Unit.id).where(Unit.code == code)).scalar_one()


def receiving(
    session: Session, city: City, department: str, region: str | None, recommended: str | None = None
) -> UUID | None:
    """The unit that receives a duty's ticket: the recommended one if it has that duty, else the nearest at or above.

    None where none is known; several that share a region are left to the unit above them.
    """
    regions = [*_upwards(region or city.region), city.region]
    rows = session.execute(
        select(Unit.id, Unit.region, Unit.code).where(
            Unit.city == city.code, Unit.department == department, Unit.region.in_(regions), Unit.active
        )
    ).all()
    chosen = next((row for row in rows if row.code == recommended), None)
    alone = [row for row in rows if sum(other.region == row.region for other in rows) == 1]
    return (chosen or min(alone or rows, key=lambda row: (regions.index(row.region), row.code))).id if rows else None


def _upwards(region: str) -> Iterator[str]:
    """A region and those above it, by the code's own levels (GB/T 2260 and GB/T 10114)."""
    yield region
    if len(region) > 9:
        yield region[:9]
    if len(region) > 6:
        yield region[:6]
    yield f"{region[:4]}00"
    yield f"{region[:2]}0000"


def of_department(session: Session, city: City, department: str) -> tuple[UnitView, ...]:
    """The active units of a duty, the city's own first."""
    columns = (Unit.id, Unit.code, Unit.name, Unit.department, Unit.region)
    rows = session.execute(
        select(*columns)
        .where(Unit.city == city.code, Unit.department == department, Unit.active)
        .order_by(Unit.region, Unit.code)
    )
    return tuple(UnitView(*row) for row in rows)
