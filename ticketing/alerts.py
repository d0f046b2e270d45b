"""预警 and 超期: each level of each clock exactly once, however often and by however many the sweep is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from ticketing import record
from ticketing.city import City
from ticketing.clocks import ClockName, limit_of
from ticketing.deadlines import due
from ticketing.models import Clock, DueWarning, Role, Status, Ticket, new_id
from ticketing.pauses import warning_points
from ticketing.reminders import remind
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import Actor

OVERDUE = "overdue"
_AHEAD = timedelta(hours=49)
_SHORT_AHEAD = timedelta(days=16)  # two working days around the longest holiday
_WARNING = table_of(DueWarning)
_FIRE = insert_or_skip(_WARNING, "ticket_id", "clock", "revision", "level", returning=[_WARNING.c.id])
_SYSTEM = Actor(Role.SYSTEM)
_WORKING = frozenset({Status.DISPATCHED, Status.HANDLING})
RUNS_IN: Mapping[ClockName, frozenset[Status]] = MappingProxyType(
    {
        ClockName.DISPATCH: frozenset({Status.REGISTERED, Status.ACCEPTED}),
        ClockName.SIGN: frozenset({Status.DISPATCHED}),
        ClockName.FIRST_CONTACT: _WORKING,
        ClockName.FINISH: _WORKING,
        ClockName.REVIEW: frozenset({Status.ANSWERED}),
        ClockName.CALLBACK: frozenset({Status.CALLBACK}),
    }
)
HOTLINES_OWN = frozenset({ClockName.DISPATCH, ClockName.REVIEW, ClockName.CALLBACK})


@dataclass(frozen=True, slots=True)
class Alert:
    """One level that a clock reached; `to` is who is reminded."""

    ticket_id: UUID
    clock: ClockName
    revision: int
    level: str
    due_at: datetime
    to: str


def due_alerts(session: Session, city: City, now: datetime, limit: int = 200) -> tuple[Alert, ...]:
    """The levels that were reached and not told yet; looking changes nothing."""
    found = [alert for name in RUNS_IN if name is not ClockName.FINISH for alert in _steps(session, city, name, now)]
    found += _finishes(session, city, now)
    return tuple(found[:limit])


def fire(session: Session, city: City, alert: Alert, now: datetime) -> bool:
    """Warn once: the row, the event and the reminder in one transaction; False when it is done or no longer true."""
    ticket = record.take(session, alert.ticket_id)
    if not _still_true(session, ticket, alert):
        return False
    row = {
        "id": new_id(),
        "ticket_id": ticket.id,
        "clock": alert.clock,
        "revision": alert.revision,
        "level": alert.level,
        "department": ticket.lead_department,
        "due_at": alert.due_at,
        "fired_at": now,
    }
    if session.execute(_FIRE[dialect_of(session)], row).first() is None:
        return False
    data = {"clock": alert.clock, "revision": alert.revision, "level": alert.level, "due": alert.due_at.isoformat()}
    record.write(session, ticket, "warn", _SYSTEM, now, data=data | {"to": alert.to}, quiet=True)
    key = f"{alert.clock}:{alert.revision}:{alert.level}"
    remind(session, ticket.id, f"warn_{alert.level}", key, now, to=alert.to, department=ticket.lead_department)
    return True


def _still_true(session: Session, ticket: Ticket, alert: Alert) -> bool:
    newest = select(func.max(Clock.revision)).where(Clock.ticket_id == ticket.id, Clock.name == alert.clock)
    runs = Status(ticket.status) in RUNS_IN[alert.clock] and ticket.suspended_at is None
    contacted = alert.clock is ClockName.FIRST_CONTACT and ticket.first_contact_at is not None
    return runs and not contacted and session.execute(newest).scalar() == alert.revision


def _steps(session: Session, city: City, name: ClockName, now: datetime) -> Iterator[Alert]:
    """The sign, first contact and own steps (热线自身环节) that are late."""
    pending = Ticket.first_contact_at.is_(None) if name is ClockName.FIRST_CONTACT else true()
    told = exists().where(
        DueWarning.ticket_id == Clock.ticket_id, DueWarning.clock == name, DueWarning.revision == Clock.revision
    )
    rows = session.execute(
        select(Clock.ticket_id, Clock.revision, Clock.due_at)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(_running(city, name), pending, Clock.name == name, Clock.due_at <= now, _newest(), ~told)
        .order_by(Clock.due_at)
        .limit(200)
    )
    to = "hotline" if name in HOTLINES_OWN else "department"
    return (Alert(row.ticket_id, name, row.revision, OVERDUE, row.due_at, to) for row in rows)


def _running(city: City, name: ClockName) -> ColumnElement[bool]:
    return (Ticket.city == city.code) & Ticket.status.in_(RUNS_IN[name]) & Ticket.suspended_at.is_(None)


def _newest() -> ColumnElement[bool]:
    later = aliased(Clock)
    same = (later.ticket_id == Clock.ticket_id) & (later.name == Clock.name)
    return ~exists().where(same, later.revision > Clock.revision)


def _finishes(session: Session, city: City, now: datetime) -> Iterator[Alert]:
    """The unit's finish: warnings before it, the ladder after it."""
    clocks = _finish_clocks(session, city, now)
    told = _told(session, [clock.ticket_id for clock in clocks])
    for clock in clocks:
        for level, at, to in _levels(city, clock):
            if at <= now and (clock.ticket_id, clock.revision, level) not in told:
                yield Alert(clock.ticket_id, ClockName.FINISH, clock.revision, level, clock.due_at, to)


def _finish_clocks(session: Session, city: City, now: datetime) -> Sequence[Clock]:
    short = [code for code, profile in city.profiles.items() if profile.finish.unit not in {"wd", "d"}]
    short += [code for code, p in city.profiles.items() if p.finish.unit == "wd" and p.finish.amount <= 2]
    near = or_(Ticket.finish_due <= now + _AHEAD, Ticket.profile.in_(short) & (Ticket.finish_due <= now + _SHORT_AHEAD))
    return session.scalars(
        select(Clock)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(_running(city, ClockName.FINISH), near, Clock.name == ClockName.FINISH, _newest())
        .order_by(Clock.due_at)
    ).all()


def _told(session: Session, ticket_ids: Sequence[UUID]) -> frozenset[tuple[UUID, int, str]]:
    mine = DueWarning.ticket_id.in_(ticket_ids) & (DueWarning.clock == ClockName.FINISH)
    rows = session.execute(select(DueWarning.ticket_id, DueWarning.revision, DueWarning.level).where(mine))
    return frozenset((row.ticket_id, row.revision, row.level) for row in rows)


def _levels(city: City, clock: Clock) -> Iterator[tuple[str, datetime, str]]:
    for point in warning_points(city.calendar, clock.started_at, clock.due_at, limit_of(clock)):
        yield point.level, point.at, "department"
    for rung in city.watch.ladder:
        at = due(city.calendar, clock.due_at, rung.after).at if rung.after else clock.due_at
        yield rung.level, at, rung.to
