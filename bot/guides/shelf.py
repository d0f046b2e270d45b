"""Looking at the guides as their owners keep them (指南管理): lists, one with its history, conflicts, differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from bot.guides.guide import Guide
from bot.guides.models import GuideStatus, GuideVersion
from bot.guides.sheets import writing
from bot.guides.sheets.layout import SHEETS, Titles
from bot.guides.versions import NATIONAL_PACK, current, pack_at
from ticketing.errors import NotFound
from ticketing.models import Staff

SOON = timedelta(days=30)
_SAME_EVERYWHERE = ("code", "region", "version")


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One guide in a list."""

    item: str
    region: str
    name: str
    place: str | None
    department: str
    owner: str
    version: int
    reviewed: date
    review_due: date
    edited: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in a guide's history."""

    id: UUID
    version: int
    status: str
    origin: str
    author: str | None
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which guides are looked for: words in the name or code, and all, overdue, soon due or in conflict."""

    query: str = ""
    state: str = "all"


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a guide that two versions tell differently."""

    part: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def rows(
    session: Session, city: str, owner: str | None, wanted: Wanted, today: date, *, offset: int, limit: int
) -> tuple[ShelfRow, ...]:
    """The guides of a department (of all for None), the first due for review first where that is asked."""
    order = GuideVersion.review_due if wanted.state in {"overdue", "soon"} else GuideVersion.item
    query = select(GuideVersion).where(*_mine(city, owner), *_asked(wanted, today, city))
    found = session.scalars(query.order_by(order, GuideVersion.item, GuideVersion.region).offset(offset).limit(limit))
    return tuple(_row(version) for version in found)


def counts(session: Session, city: str, owner: str | None, today: date) -> dict[str, int]:
    """How many guides there are in each state."""
    states = ("all", "overdue", "soon", "conflict")
    query = select(func.count()).select_from(GuideVersion)
    return {
        state: session.scalar(query.where(*_mine(city, owner), *_asked(Wanted(state=state), today, city))) or 0
        for state in states
    }


def one(session: Session, city: str, item: str, region: str, owner: str | None) -> tuple[ShelfRow, Guide]:
    """A guide its owner may look after; `NotFound` for anybody else's."""
    version = current(session, pack_at(region, city), item, region)
    if owner is not None and version.owner != owner:
        raise NotFound("guide_not_found", item=item)
    return _row(version), Guide.model_validate(version.body)


def history(session: Session, city: str, item: str, region: str) -> tuple[VersionRow, ...]:
    """Every version of a guide, the newest first, those that wait as conflicts included."""
    query = (
        select(GuideVersion, Staff.display_name)
        .outerjoin(Staff, Staff.id == GuideVersion.author_id)
        .where(GuideVersion.city == pack_at(region, city), GuideVersion.item == item, GuideVersion.region == region)
        .order_by(GuideVersion.version.desc())
        .limit(100)
    )
    return tuple(
        VersionRow(row.id, row.version, row.status, row.origin, author, row.note, row.created_at)
        for row, author in session.execute(query)
    )


def at_version(session: Session, city: str, item: str, region: str, number: int) -> Guide:
    """A guide as it was in one version."""
    query = select(GuideVersion.body).where(
        GuideVersion.city == pack_at(region, city),
        GuideVersion.item == item,
        GuideVersion.region == region,
        GuideVersion.version == number,
    )
    body = session.scalar(query)
    if body is None:
        raise NotFound("guide_not_found", item=item)
    return Guide.model_validate(body)


def conflict(session: Session, city: str, id_: UUID, owner: str | None) -> GuideVersion:
    """A version that waits for a person's decision."""
    found = session.get(GuideVersion, id_)
    if found is None or found.city not in {NATIONAL_PACK, city}:
        raise NotFound("guide_not_found", item="")
    one(session, city, found.item, found.region, owner)
    return found


def regions(session: Session, city: str, item: str) -> tuple[str, ...]:
    """The regions an item has a guide for."""
    query = select(GuideVersion.region).where(
        GuideVersion.city.in_((NATIONAL_PACK, city)),
        GuideVersion.item == item,
        GuideVersion.status == GuideStatus.CURRENT.value,
    )
    return tuple(session.scalars(query.order_by(GuideVersion.region)))


def pulse(session: Session, city: str) -> tuple[int, datetime | None]:
    """A value that changes with every version written: what other processes look at now and then."""
    query = select(func.count(), func.max(GuideVersion.created_at)).where(GuideVersion.city.in_((NATIONAL_PACK, city)))
    count, newest = session.execute(query).one()
    return count, newest


def differences(before: Guide, after: Guide, titles: Titles) -> tuple[Difference, ...]:
    """The parts two versions tell differently, row by row as a spreadsheet shows them."""
    old, new = _parts(before, titles), _parts(after, titles)
    names = dict.fromkeys((*old, *new))
    return tuple(
        Difference(name, _without(old.get(name, ()), new.get(name, ())), _without(new.get(name, ()), old.get(name, ())))
        for name in names
        if old.get(name) != new.get(name)
    )


def _without(rows_: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(row for row in rows_ if row not in others)


def _parts(guide: Guide, titles: Titles) -> dict[str, tuple[str, ...]]:
    """Every row of a guide under its sheet's name; the facts of the item one by one."""
    book = writing.book([(guide, None)], titles)
    parts: dict[str, tuple[str, ...]] = {}
    for sheet in SHEETS:
        heads = [titles.columns[sheet.id, column.id] for column in sheet.columns]
        told = [
            [
                (head, value)
                for column, head, value in zip(sheet.columns, heads, row, strict=True)
                if value and column.id not in _SAME_EVERYWHERE
            ]
            for row in book[sheet.id][1:]
        ]
        if sheet.id == "items":
            parts |= {head: (value,) for head, value in told[0]}
        elif told:
            parts[titles.sheets[sheet.id]] = tuple("；".join(f"{head}：{value}" for head, value in row) for row in told)
    return parts


def _mine(city: str, owner: str | None) -> list[ColumnElement[bool]]:
    own = [
        GuideVersion.city.in_((NATIONAL_PACK, city)),
        GuideVersion.status == GuideStatus.CURRENT.value,
    ]
    return own if owner is None else [*own, GuideVersion.owner == owner]


def _asked(wanted: Wanted, today: date, city: str) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.query:
        asked.append(
            or_(
                GuideVersion.name.contains(wanted.query, autoescape=True),
                GuideVersion.item.startswith(wanted.query.upper(), autoescape=True),
            )
        )
    match wanted.state:
        case "overdue":
            asked.append(GuideVersion.review_due < today)
        case "soon":
            asked += [GuideVersion.review_due >= today, GuideVersion.review_due < today + SOON]
        case "conflict":
            waiting = select(GuideVersion.item, GuideVersion.region).where(
                GuideVersion.city.in_((NATIONAL_PACK, city)), GuideVersion.status == GuideStatus.CONFLICT.value
            ).subquery()  # fmt: skip
            same = (waiting.c.item == GuideVersion.item) & (waiting.c.region == GuideVersion.region)
            asked.append(select(waiting.c.item).where(same).exists())
    return asked


def _row(version: GuideVersion) -> ShelfRow:
    return ShelfRow(
        version.item,
        version.region,
        version.name,
        version.body.get("place"),
        version.department,
        version.owner,
        version.version,
        version.reviewed,
        version.review_due,
        version.edited,
    )
