"""Callbacks (回访) by the hotline's own people: who is due, each attempt logged, unreachable is never satisfaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import false, func, insert, select, true, update
from sqlalchemy.orm import Session

from ticketing import callback_plan, surveys
from ticketing.call_plan import Channel
from ticketing.callback_plan import NO_TRY
from ticketing.city import City
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound
from ticketing.models import Callback, CallbackAttempt, CallbackStatus, Citizen, Role, Ticket, new_id
from ticketing.notices import askable
from ticketing.privacy import seal
from ticketing.statements import table_of
from ticketing.surveys import Result, SurveyAnswer
from ticketing.transitions import Applied, apply, lock
from ticketing.workflow import CALLBACK, Action, Actor

_ATTEMPT = table_of(CallbackAttempt)
_SYSTEM = Actor(Role.SYSTEM)
MAX_NOTE = 1000
CHANNELS = frozenset({"web", "wechat", "sms"})


class AttemptOutcome(StrEnum):
    """How a try to reach the citizen ended: 接通, 无人接听, 占线, 号码有误, 拒绝回访."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DueCallback:
    """A callback somebody has to make."""

    id: UUID
    ticket_id: UUID
    number: str
    title: str
    round: int
    due_at: datetime
    attempts: int
    channel: str | None = None
    next_at: datetime | None = None
    turn: bool = True


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try, as the officers see it."""

    at: datetime
    channel: str
    outcome: str


def attempts(session: Session, callback_id: UUID) -> tuple[AttemptView, ...]:
    """Every try of a callback, oldest first, those the plan made by itself included."""
    a = _ATTEMPT.c
    rows = session.execute(select(a.at, a.channel, a.outcome).where(a.callback_id == callback_id).order_by(a.at, a.id))
    return tuple(AttemptView(*row) for row in rows)


def preference(session: Session, ticket_id: UUID) -> tuple[str | None, str | None]:
    """The channel and the hours a ticket's citizen named; none of them where nothing was said."""
    row = session.execute(
        select(Citizen.prefers, Citizen.hours)
        .join(Ticket, Ticket.citizen_id == Citizen.id)
        .where(Ticket.id == ticket_id)
    ).first()
    return (row.prefers, row.hours) if row else (None, None)


def prefer(session: Session, callback_id: UUID, actor: Actor, channel: str | None, hours: str | None) -> None:
    """回访时段 and 通知方式: what the citizen asks for; the plan and the messages keep to it."""
    ticket = _running(session, callback_id, actor)
    if channel is not None and channel not in CHANNELS:
        raise Invalid("code_unknown", field="prefers")
    if hours is not None and not _are_hours(hours):
        raise Invalid("code_unknown", field="hours")
    if ticket.citizen_id is not None:
        wanted = {"prefers": channel, "hours": hours}
        session.execute(update(Citizen).where(Citizen.id == ticket.citizen_id).values(**wanted))


def _are_hours(text: str) -> bool:
    first, dash, last = text.partition("-")
    whole = dash and first.isdecimal() and last.isdecimal() and len(text) <= len("00-00")
    return bool(whole) and 0 <= int(first) < int(last) <= 23


def due_callbacks(session: Session, city: City, limit: int = 100) -> tuple[DueCallback, ...]:
    """The callbacks to be made: those whose turn is a person's first, then those the plan still carries out itself."""
    made = (_ATTEMPT.c.callback_id == Callback.id) & _ATTEMPT.c.outcome.not_in(NO_TRY)
    tries = select(func.count()).where(made).scalar_subquery()
    turn = (Callback.channel == Channel.OPERATOR) & Callback.next_at.is_(None)
    rows = session.execute(
        select(
            Callback.id,
            Ticket.id,
            Ticket.number,
            Ticket.title,
            Callback.round,
            Callback.due_at,
            tries,
            Callback.channel,
            Callback.next_at,
            func.coalesce(turn, false()),
        )
        .join(Ticket, Ticket.id == Callback.ticket_id)
        .where(Ticket.city == city.code, Callback.status == CallbackStatus.DUE)
        .order_by(turn.is_not(true()), Callback.due_at)
        .limit(limit)
    )
    return tuple(DueCallback(*row) for row in rows)


def record_attempt(
    session: Session,
    city: City,
    callback_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    channel: str,
    outcome: str,
    note: str | None = None,
) -> Applied | None:
    """Log one try; after the city's number of failed ones (未接通), or a refusal, the ticket closes uncounted."""
    ticket = _running(session, callback_id, actor)
    if outcome not in set(AttemptOutcome):
        raise Invalid("attempt_outcome_unknown", field="outcome")
    _log(session, callback_id, actor, now, channel, outcome, note)
    if outcome == AttemptOutcome.REFUSED:
        return _close(session, city, ticket, actor, now, CallbackStatus.WAIVED, "refused")
    if outcome != AttemptOutcome.REACHED and _failed(session, callback_id) >= city.survey.attempts:
        return _close(session, city, ticket, actor, now, CallbackStatus.UNREACHED, "unreached")
    if outcome != AttemptOutcome.REACHED:
        callback_plan.again_later(session, city, callback_id, now)
    return None


def record_result(
    session: Session, city: City, callback_id: UUID, actor: Actor, now: datetime, answer: SurveyAnswer, *, channel: str
) -> Result:
    """What the citizen said to a callback officer (回访员): the same questions as the survey's."""
    ticket = _running(session, callback_id, actor)
    _log(session, callback_id, actor, now, channel, AttemptOutcome.REACHED, None)
    return surveys.settle(session, city, ticket.id, callback_id, answer, actor, now, answered_by=actor.role.value)


def waive_if_silent(session: Session, city: City, ticket_id: UUID, now: datetime) -> Applied | None:
    """匿名 and 不需回访: the ticket closes without a callback and without counting."""
    ticket = lock(session, ticket_id)
    if askable(ticket):
        return None
    reason = "anonymous" if ticket.anonymous else "no_reply_wanted" if not ticket.wants_reply else "no_contact"
    return _close(session, city, ticket, _SYSTEM, now, CallbackStatus.WAIVED, reason)


def adjudicate(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    reason_code: str,
    note: str,
    expected_version: int | None = None,
) -> Applied:
    """研判: after two reworks a supervisor ends the matter by one of its four exits."""
    version = expected_version
    judged = {"note": note, "reason_code": reason_code}
    return apply(session, city, ticket_id, Action.ADJUDICATE, actor, now, expected_version=version, **judged)


def _close(
    session: Session, city: City, ticket: Ticket, actor: Actor, now: datetime, status: CallbackStatus, reason: str
) -> Applied:
    return apply(session, city, ticket.id, Action.CLOSE, actor, now, reason_code=reason, callback=status)


def _running(session: Session, callback_id: UUID, actor: Actor) -> Ticket:
    """The locked ticket of a callback that is still to be made."""
    if actor.role not in CALLBACK:
        raise Forbidden("role_may_not", role=actor.role.value, action="callback")
    ticket_id = session.execute(select(Callback.ticket_id).where(Callback.id == callback_id)).scalar()
    if ticket_id is None:
        raise NotFound("callback_not_found")
    ticket = lock(session, ticket_id)
    if actor.staff_id is not None and actor.staff_id in {ticket.handler_id, ticket.reviewer_id}:
        raise Forbidden("handler_may_not_survey")
    if session.execute(select(Callback.finished_at).where(Callback.id == callback_id)).scalar() is not None:
        raise Conflict("callback_finished")
    return ticket


def _log(
    session: Session, callback_id: UUID, actor: Actor, now: datetime, channel: str, outcome: str, note: str | None
) -> None:
    row = {"id": new_id(), "callback_id": callback_id, "at": now, "channel": channel[:20], "outcome": outcome}
    sealed = seal(session, note[:MAX_NOTE]) if note else None
    session.execute(insert(_ATTEMPT), row | {"staff_id": actor.staff_id, "note_sealed": sealed})


def _failed(session: Session, callback_id: UUID) -> int:
    failed = (_ATTEMPT.c.callback_id == callback_id) & _ATTEMPT.c.outcome.not_in({*NO_TRY, AttemptOutcome.REACHED})
    return session.execute(select(func.count()).select_from(_ATTEMPT).where(failed)).scalar_one()
