"""Public notices (公告): put up with one click, over by themselves; tickets on one incident refer to one notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from ticketing.errors import Invalid, NotFound
from ticketing.models import NoticeTicket, PublicNotice, Ticket, new_id
from ticketing.statements import dialect_of, insert_or_skip, table_of

MAX_TEXT, MAX_SHORT = 500, 100
LONGEST = timedelta(days=90)
_KEPT_IN_SIGHT = timedelta(days=7)
_NOTICE, _LINK = table_of(PublicNotice), table_of(NoticeTicket)
_n = _NOTICE.c
_REFER = insert_or_skip(_LINK, "notice_id", "ticket_id", returning=[_LINK.c.notice_id])


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A notice as somebody wrote it; no regions mean the whole city."""

    kind: str
    text: str
    regions: tuple[str, ...]
    area: str | None
    source: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice as it is told and shown; `tickets` counts those that refer to it, where that was asked."""

    id: UUID
    kind: str
    text: str
    regions: tuple[str, ...]
    area: str | None
    source: str
    starts_at: datetime
    ends_at: datetime
    withdrawn_at: datetime | None
    tickets: int = 0

    def state(self, now: datetime) -> str:
        """`coming`, `running`, `over` or `withdrawn`."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if now < self.starts_at:
            return "coming"
        return "running" if now < self.ends_at else "over"


def post(session: Session, draft: NoticeDraft, city: str, staff_id: UUID, now: datetime) -> UUID:
    """Put up a notice; it must end, and not in the past."""
    if not draft.kind or not draft.text.strip() or not draft.source.strip():
        raise Invalid("field_missing")
    if len(draft.text) > MAX_TEXT:
        raise Invalid("field_too_long", limit=MAX_TEXT)
    if not (draft.starts_at < draft.ends_at and now < draft.ends_at <= now + LONGEST):
        raise Invalid("notice_times", days=LONGEST.days)
    notice = PublicNotice(
        id=new_id(),
        city=city,
        kind=draft.kind,
        text=draft.text.strip(),
        regions=list(draft.regions),
        area=draft.area,
        source=draft.source.strip(),
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        created_by=staff_id,
        created_at=now,
    )
    session.add(notice)
    session.flush()
    return notice.id


def withdraw(session: Session, notice_id: UUID, city: str, staff_id: UUID, now: datetime) -> None:
    """Take a notice down before its end; the row stays."""
    mine = (_n.id == notice_id) & (_n.city == city)
    if session.execute(select(_n.id).where(mine)).first() is None:
        raise NotFound("notice_not_found")
    taken_down = update(_NOTICE).where(mine, _n.withdrawn_at.is_(None))
    session.execute(taken_down.values(withdrawn_at=now, withdrawn_by=staff_id))


def running(session: Session, city: str, now: datetime) -> tuple[NoticeView, ...]:
    """The notices that hold now, the newest first: for the bot, the pages, the phone's greeting."""
    holds = (_n.starts_at <= now) & (_n.ends_at > now) & _n.withdrawn_at.is_(None)
    return _views(session, (_n.city == city) & holds)


def in_sight(session: Session, city: str, now: datetime) -> tuple[NoticeView, ...]:
    """What the staff's screen lists: coming, running and lately over, each with the number of its tickets."""
    found = _views(session, (_n.city == city) & (_n.ends_at > now - _KEPT_IN_SIGHT))
    counts = dict[Any, int]()
    for notice_id, count in session.execute(
        select(_LINK.c.notice_id, func.count())
        .where(_LINK.c.notice_id.in_([one.id for one in found]))
        .group_by(_LINK.c.notice_id)
    ):
        counts[notice_id] = count
    return tuple(_counted(one, counts.get(one.id, 0)) for one in found)


def refer(session: Session, notice_id: UUID, ticket_id: UUID, now: datetime) -> None:
    """Note that a ticket is about what a notice says; twice is once."""
    values = {"notice_id": notice_id, "ticket_id": ticket_id, "created_at": now}
    session.execute(_REFER[dialect_of(session)].values(values))


def tickets_of(session: Session, notice_id: UUID, limit: int = 1000) -> tuple[str, ...]:
    """The numbers of the tickets that refer to a notice, the oldest first."""
    rows = session.execute(
        select(Ticket.number)
        .join(NoticeTicket, NoticeTicket.ticket_id == Ticket.id)
        .where(NoticeTicket.notice_id == notice_id)
        .order_by(Ticket.registered_at)
        .limit(limit)
    )
    return tuple(number for (number,) in rows)


def _views(session: Session, which: ColumnElement[bool]) -> tuple[NoticeView, ...]:
    columns = (_n.id, _n.kind, _n.text, _n.regions, _n.area, _n.source, _n.starts_at, _n.ends_at, _n.withdrawn_at)
    rows = session.execute(select(*columns).where(which).order_by(_n.starts_at.desc(), _n.id.desc()).limit(100))
    return tuple(_view(*row) for row in rows)


def _view(notice_id: UUID, kind: str, text: str, regions: Sequence[str], *rest: Any) -> NoticeView:
    return NoticeView(notice_id, kind, text, tuple(regions), *rest)


def _counted(notice: NoticeView, tickets: int) -> NoticeView:
    fields = {name: getattr(notice, name) for name in notice.__slots__}
    return NoticeView(**fields | {"tickets": tickets})
