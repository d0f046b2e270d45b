"""值班领导: who leads the shift, and when; an entry is cancelled, never rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.citizens import read_phone
from ticketing.city import City
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound
from ticketing.models import Duty, Role, new_id
from ticketing.privacy import seal, unseal
from ticketing.workflow import Actor

KEEPERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DutyView:
    """One shift."""

    id: UUID
    leader: str
    title: str | None
    phone: str | None
    starts_at: datetime
    ends_at: datetime


def put(
    session: Session,
    city: City,
    actor: Actor,
    now: datetime,
    *,
    leader: str,
    starts_at: datetime,
    ends_at: datetime,
    title: str | None = None,
    phone: str | None = None,
) -> UUID:
    """排班: one leader at a time, seven days at most."""
    _by(actor)
    if not starts_at < ends_at <= starts_at + LONGEST or ends_at <= now:
        raise Invalid("shift_unfit", field="ends_at")
    overlap = (Duty.city == city.code) & Duty.cancelled_at.is_(None)
    if session.execute(select(Duty.id).where(overlap, Duty.starts_at < ends_at, Duty.ends_at > starts_at)).first():
        raise Conflict("shift_taken")
    one = Duty(id=new_id(), city=city.code, starts_at=starts_at, ends_at=ends_at, set_by=actor.staff_id, set_at=now)
    one.leader, one.title = record.text_of(leader, "leader", 40), title[:40] if title else None
    one.phone_sealed = seal(session, read_phone(phone)) if phone else None
    session.add(one)
    session.flush()
    return one.id


def cancel(session: Session, city: City, duty_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a shift off the roster; it stays readable for the past."""
    _by(actor)
    one = session.get(Duty, duty_id)
    if one is None or one.city != city.code or one.cancelled_at is not None:
        raise NotFound("shift_not_found")
    one.cancelled_by, one.cancelled_at = actor.staff_id, now


def on_duty(session: Session, city: City, at: datetime) -> DutyView | None:
    """Who leads at a moment."""
    found = roster(session, city, at, at + timedelta(microseconds=1))
    return found[0] if found else None


def roster(session: Session, city: City, first: datetime, last: datetime) -> tuple[DutyView, ...]:
    """The shifts that touch a span of time."""
    rows = session.scalars(
        select(Duty)
        .where(Duty.city == city.code, Duty.cancelled_at.is_(None), Duty.starts_at < last, Duty.ends_at > first)
        .order_by(Duty.starts_at)
        .limit(200)
    )
    return tuple(
        DutyView(
            one.id,
            one.leader,
            one.title,
            unseal(session, one.phone_sealed) if one.phone_sealed else None,
            one.starts_at,
            one.ends_at,
        )
        for one in rows
    )


def _by(actor: Actor) -> None:
    if actor.role not in KEEPERS:
        raise Forbidden("role_may_not", role=actor.role.value, action="duty")
