"""Offering who waits to who is free (自动派接): one person at a time, thirty seconds to accept, then the next.

Every offer is recorded. Rows that somebody else is changing are skipped, so two rounds at once offer nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from ticketing import desks
from ticketing.city import City
from ticketing.desks import DeskView
from ticketing.errors import NotFound
from ticketing.models import OfferOutcome, Staff, new_id
from ticketing.queueing import ENTRY, OFFER, Entry, entry_of
from ticketing.statements import dialect_of, insert_or_skip

_e, _o = ENTRY.c, OFFER.c
_OFFER = insert_or_skip(OFFER, "entry_id", where=_o.ended_at.is_(None), returning=[_o.id])
_REFUSED = (OfferOutcome.DECLINED, OfferOutcome.EXPIRED)
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """One conversation offered to one person until a moment."""

    id: UUID
    entry_id: UUID
    conversation_id: UUID
    staff_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One offer of a conversation's history: to whom, when, what became of it."""

    name: str
    offered_at: datetime
    ended_at: datetime | None
    outcome: str | None


def is_due(session: Session, city: City, now: datetime) -> bool:
    """Whether a round has anything to do; looking changes nothing."""
    asked = exists().where(_o.entry_id == _e.id, _o.ended_at.is_(None), _o.expires_at > now)
    return session.execute(select(_e.id).where(*_standing(city.code), ~asked).limit(1)).first() is not None


def distribute(session: Session, city: City, now: datetime) -> tuple[Offer, ...]:
    """End the offers nobody answered and offer who waits to who is free; returns the new offers."""
    expire(session, now)
    entries = _unoffered(session, city.code)
    if not entries:
        return ()
    there = desks.free_desks(session, city.code, city.desk, now)
    asked = set(session.scalars(select(_o.staff_id).where(_o.ended_at.is_(None))))  # read after the desks are locked
    free = {desk.staff_id: desk for desk in there if desk.staff_id not in asked}
    made = []
    for entry in entries:
        desk = _choose(session, city, entry, list(free.values()), now)
        if desk is not None and (offer := _offer(session, city, entry, desk, now)) is not None:
            del free[desk.staff_id]
            made.append(offer)
    return tuple(made)


def expire(session: Session, now: datetime) -> None:
    """超时: what was not accepted in time goes to the next."""
    late = update(OFFER).where(_o.ended_at.is_(None), _o.expires_at <= now)
    session.execute(late.values(ended_at=now, outcome=OfferOutcome.EXPIRED))


def decline(session: Session, conversation_id: UUID, staff_id: UUID, now: datetime) -> None:
    """谢绝: the person asked passes it on."""
    of = select(_e.id).where(_e.conversation_id == conversation_id, _e.left_at.is_(None))
    mine = update(OFFER).where(_o.entry_id.in_(of), _o.staff_id == staff_id, _o.ended_at.is_(None))
    if session.execute(mine.values(ended_at=now, outcome=OfferOutcome.DECLINED).returning(_o.id)).first() is None:
        raise NotFound("offer_gone")


def offer_to(session: Session, staff_id: UUID, now: datetime) -> Offer | None:
    """What a person is asked to take now."""
    row = session.execute(
        select(_o.id, _o.entry_id, _e.conversation_id, _o.staff_id, _o.expires_at)
        .join_from(OFFER, ENTRY, _e.id == _o.entry_id)
        .where(_o.staff_id == staff_id, _o.ended_at.is_(None), _o.expires_at > now)
    ).first()
    return Offer(*row) if row else None


def history(session: Session, conversation_id: UUID) -> tuple[Record, ...]:
    """Every offer of a conversation, oldest first."""
    rows = session.execute(
        select(Staff.display_name, _o.offered_at, _o.ended_at, _o.outcome)
        .join_from(OFFER, ENTRY, _e.id == _o.entry_id)
        .join(Staff, Staff.id == _o.staff_id)
        .where(_e.conversation_id == conversation_id)
        .order_by(_o.offered_at, _o.id)
    )
    return tuple(Record(*row) for row in rows)


def _standing(city: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _e.city == city, _e.left_at.is_(None)


def _unoffered(session: Session, city: str) -> list[Entry]:
    asked = exists().where(_o.entry_id == _e.id, _o.ended_at.is_(None))
    rows = session.execute(
        select(*ENTRY.c)
        .where(*_standing(city), ~asked)
        .order_by(_e.rank, _e.entered_at, _e.id)
        .limit(_BATCH)
        .with_for_update(of=ENTRY, skip_locked=True)
    )
    return [entry_of(row) for row in rows]


def _choose(session: Session, city: City, entry: Entry, free: list[DeskView], now: datetime) -> DeskView | None:
    """The wanted person, else of those asked least about this one the least busy."""
    overflowing = now - entry.entered_at >= city.desk.overflow
    able = [d for d in free if d.has_room(entry.channel) and d.may_take(entry.need, city.desk, overflowing=overflowing)]
    if not able:
        return None
    refused = _refusals(session, entry.id)

    def order(desk: DeskView) -> tuple[int, bool, bool, int, str]:
        wanted, expert = desk.staff_id == entry.wanted_id, entry.need.skill in desk.skills
        return refused.get(desk.staff_id, 0), not wanted, not expert, desk.chats, str(desk.staff_id)

    return min(able, key=order)


def _refusals(session: Session, entry_id: UUID) -> dict[UUID, int]:
    """How often each person let an offer of this wait go."""
    rows = session.execute(
        select(_o.staff_id, func.count()).where(_o.entry_id == entry_id, _o.outcome.in_(_REFUSED)).group_by(_o.staff_id)
    )
    return {row.staff_id: row[1] for row in rows}


def _offer(session: Session, city: City, entry: Entry, desk: DeskView, now: datetime) -> Offer | None:
    until = now + city.desk.offer
    row = {"id": new_id(), "entry_id": entry.id, "staff_id": desk.staff_id, "offered_at": now, "expires_at": until}
    made = session.execute(_OFFER[dialect_of(session)], row).scalar()
    return Offer(made, entry.id, entry.conversation_id, desk.staff_id, until) if made else None
