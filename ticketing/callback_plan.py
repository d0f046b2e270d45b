"""Carrying out the plan (回访计划): whose turn a callback is, and when it goes on. Every step leaves an attempt row.

The link went out with the answer. A robot call is an outbox row; a robot that is not there hands on at once. The last
turn is a person's: such a callback waits on the officers' list.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.call_plan import CALLS, Channel, Step
from ticketing.city import City
from ticketing.deadlines import due
from ticketing.models import Callback, CallbackAttempt, CallbackStatus, Citizen, Ticket, new_id
from ticketing.reminders import remind
from ticketing.statements import table_of
from ticketing.transitions import lock

ROBOT_CALL = "robot_call"
SENT, NOT_CONFIGURED, SILENT = "sent", "not_configured", "silent"
NO_TRY = frozenset({SENT, NOT_CONFIGURED, SILENT})
_ANSWER_WITHIN = timedelta(minutes=30)  # a robot call that said nothing by then is asked after by the plan
_CALLBACK, _ATTEMPT = table_of(Callback), table_of(CallbackAttempt)
_c = _CALLBACK.c


def waiting(session: Session, city: City, now: datetime, limit: int = 100) -> tuple[UUID, ...]:
    """The callbacks whose plan goes on now; looking changes nothing."""
    running = (_c.status == CallbackStatus.DUE) & _c.finished_at.is_(None) & (_c.next_at <= now)
    query = select(_c.id).join(Ticket, Ticket.id == _c.ticket_id).where(Ticket.city == city.code, running)
    return tuple(session.scalars(query.order_by(_c.next_at).limit(limit)))


def go_on(session: Session, city: City, callback_id: UUID, now: datetime) -> Channel | None:
    """The next step of one callback; None when there is nothing to do any more."""
    found = _locked(session, callback_id)
    if found is None or found[1].next_at is None or found[1].next_at > now:
        return None
    ticket, callback = found
    step = city.callbacks.steps[callback.step]
    if callback.channel == Channel.OPERATOR:
        return _ask_people(session, ticket, callback, now)
    if callback.channel == step.channel and _tries(session, callback_id, step.channel) < step.attempts:
        return _try(session, city, ticket, callback, step, now)
    first = callback.step if callback.channel is None else callback.step + 1
    return _begin(session, city, ticket, callback, first, now)


def hand_on(session: Session, city: City, callback_id: UUID, outcome: str, now: datetime) -> None:
    """What a robot's call came to, when it did not reach the citizen: try again later, or the next channel's turn."""
    found = _locked(session, callback_id)
    if found is None:
        return
    ticket, callback = found
    step = city.callbacks.steps[callback.step]
    _log(session, callback.id, step.channel, outcome, now)
    if outcome not in NO_TRY and _tries(session, callback_id, step.channel) < step.attempts:
        _set(session, callback.id, next_at=_later(city, ticket, session, step, now))
    elif callback.channel != Channel.OPERATOR:
        _begin(session, city, ticket, callback, callback.step + 1, now)


def again_later(session: Session, city: City, callback_id: UUID, now: datetime) -> None:
    """A person reached nobody: the same step again after its pause, within the hours of calls."""
    found = _locked(session, callback_id)
    if found is not None:
        ticket, callback = found
        step = city.callbacks.steps[-1]
        later = _later(city, ticket, session, step, now)
        _set(session, callback.id, channel=Channel.OPERATOR, step=len(city.callbacks.steps) - 1, next_at=later)


def _locked(session: Session, callback_id: UUID) -> tuple[Ticket, Callback] | None:
    ticket_id = session.execute(select(_c.ticket_id).where(_c.id == callback_id)).scalar()
    if ticket_id is None:
        return None
    ticket = lock(session, ticket_id)
    fresh = select(Callback).where(Callback.id == callback_id).execution_options(populate_existing=True)
    callback = session.scalars(fresh).one()
    return (ticket, callback) if callback.finished_at is None else None


def _begin(session: Session, city: City, ticket: Ticket, callback: Callback, first: int, now: datetime) -> Channel:
    """The first step from here on that can reach this citizen; people are always the last resort."""
    steps = city.callbacks.steps
    for number in range(first, len(steps)):
        step = steps[number]
        if step.channel is Channel.OPERATOR or _can(ticket, step.channel):
            _set(session, callback.id, step=number, channel=step.channel)
            callback.step, callback.channel = number, step.channel
            if step.channel is Channel.OPERATOR:
                return _ask_people(session, ticket, callback, now)
            return _try(session, city, ticket, callback, step, now)
    return _ask_people(session, ticket, callback, now)


def _can(ticket: Ticket, channel: Channel) -> bool:
    return ticket.citizen_id is not None or (channel is Channel.LINK and ticket.conversation_id is not None)


def _try(session: Session, city: City, ticket: Ticket, callback: Callback, step: Step, now: datetime) -> Channel:
    if step.channel is Channel.LINK:
        _log(session, callback.id, step.channel, SENT, now)
        _set(session, callback.id, next_at=due(city.calendar, now, step.apart).at)
        return step.channel
    at = _allowed(session, city, ticket, now)
    if at > now:
        _set(session, callback.id, next_at=at)
        return step.channel
    number = _tries(session, callback.id, step.channel) + 1
    payload = {"callback_id": str(callback.id), "ticket_id": str(ticket.id), "attempt": number}
    if not jobs.enqueue(session, ROBOT_CALL, f"{ROBOT_CALL}:{callback.id}:{number}", payload, now):
        _log(session, callback.id, step.channel, SILENT, now)  # this very call was asked for and nobody reported on it
        return _begin(session, city, ticket, callback, callback.step + 1, now)
    _set(session, callback.id, next_at=now + _ANSWER_WITHIN)
    return step.channel


def _ask_people(session: Session, ticket: Ticket, callback: Callback, now: datetime) -> Channel:
    _set(session, callback.id, channel=Channel.OPERATOR, next_at=None)
    key = f"callback:{callback.id}:{now.isoformat()}"
    remind(session, ticket.id, "callback_due", key, now, to="callback", department=None)
    return Channel.OPERATOR


def _later(city: City, ticket: Ticket, session: Session, step: Step, now: datetime) -> datetime:
    later = due(city.calendar, now, step.apart).at
    return _allowed(session, city, ticket, later) if step.channel in CALLS else later


def _allowed(session: Session, city: City, ticket: Ticket, moment: datetime) -> datetime:
    """When a call is welcome: in the city's hours, and the citizen's own (回访时段) where they named some."""
    at = city.callbacks.hours.next(moment)
    hours = session.execute(select(Citizen.hours).where(Citizen.id == ticket.citizen_id)).scalar()
    if not hours:
        return at
    first, last = (int(hour) for hour in hours.split("-"))
    local = at.astimezone(city.zone)
    if first <= local.hour < last:
        return at
    day = local.date() + timedelta(days=local.hour >= last)
    wished = datetime.combine(day, time(first), city.zone)
    return city.callbacks.hours.next(wished)  # never at night, whatever was wished


def _tries(session: Session, callback_id: UUID, channel: str) -> int:
    a = _ATTEMPT.c
    counted = (a.callback_id == callback_id) & (a.channel == channel)
    return session.execute(select(func.count()).select_from(_ATTEMPT).where(counted)).scalar_one()


def _log(session: Session, callback_id: UUID, channel: str, outcome: str, now: datetime) -> None:
    row = {"id": new_id(), "callback_id": callback_id, "at": now, "channel": channel, "staff_id": None}
    session.execute(insert(_ATTEMPT), row | {"outcome": outcome, "note_sealed": None})


def _set(session: Session, callback_id: UUID, **values: object) -> None:
    session.execute(update(_CALLBACK).where(_c.id == callback_id).values(**values))
