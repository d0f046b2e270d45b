"""The robot's calls (机器人回访) as the callback plan knows them: whether one is still wanted, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from ticketing import callback_plan, callbacks, calls
from ticketing.call_plan import Channel
from ticketing.calls import ENDED
from ticketing.city import City
from ticketing.errors import Conflict, NotFound
from ticketing.models import Callback, Citizen, Role, Survey, Ticket
from ticketing.privacy import unseal
from ticketing.statements import table_of
from ticketing.surveys import Result, SurveyAnswer
from ticketing.workflow import Actor

COMPLETED, MACHINE, HUNG_UP, FAILED, SAID_NOTHING, ASKED_PERSON = (
    "completed", "machine", "hung_up", "failed", "said_nothing", "asked_person"
)  # fmt: skip
_UNREACHED = MappingProxyType({"busy": "busy", "no-answer": "no_answer", "canceled": "canceled", "completed": HUNG_UP})
_CALLBACK = table_of(Callback)
_b = _CALLBACK.c
_SYSTEM = Actor(Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A callback whose turn is the robot's: whom to call, about what, on which scale they are asked."""

    callback_id: UUID
    ticket_id: UUID
    phone: str
    title: str
    scale: int


def wanted(session: Session, callback_id: UUID) -> Wanted | None:
    """The callback, as long as it is the robot's turn; None when it is done or somebody else's."""
    row = session.execute(
        select(_b.ticket_id, Citizen.phone_sealed, Ticket.title, Survey.scale)
        .join_from(_CALLBACK, Ticket, Ticket.id == _b.ticket_id)
        .join(Citizen, Citizen.id == Ticket.citizen_id)
        .join(Survey, Survey.callback_id == _b.id)
        .where(_b.id == callback_id, _robots_turn(), Survey.answered_at.is_(None))
    ).first()
    if row is None or row.phone_sealed is None:
        return None
    return Wanted(callback_id, row.ticket_id, unseal(session, row.phone_sealed), row.title, row.scale)


def _robots_turn() -> ColumnElement[bool]:
    return _b.finished_at.is_(None) & (_b.channel == Channel.ROBOT)


def keep_waiting(session: Session, callback_id: UUID, until: datetime) -> None:
    """The call is still to come: the plan asks after it no sooner than then."""
    session.execute(
        update(_CALLBACK).where(_b.id == callback_id, _robots_turn(), _b.next_at < until).values(next_at=until)
    )


def settle(session: Session, city: City, call_id: UUID, outcome: str, now: datetime) -> bool:
    """A call that brought no answers: the plan goes on, once, while it is the robot's turn."""
    call = calls.locked(session, call_id)
    if not calls.settle(session, call_id, outcome) or call.callback_id is None:
        return False
    running = select(_b.id).where(_b.id == call.callback_id, _robots_turn())
    if session.execute(running).first() is None:
        return False
    callback_plan.hand_on(session, city, call.callback_id, outcome, now)
    if outcome == ASKED_PERSON:  # rung now, and on the officers' list in case nobody picks up
        callback_plan.again_later(session, city, call.callback_id, now)
    return True


def answered(session: Session, city: City, call_id: UUID, answer: SurveyAnswer, now: datetime) -> Result | None:
    """The citizen answered; None when the callback was done meanwhile."""
    call = calls.locked(session, call_id)
    assert call.callback_id is not None, "only callbacks are asked the three questions"
    try:
        result = callbacks.record_result(
            session, city, call.callback_id, _SYSTEM, now, answer, channel=Channel.ROBOT.value
        )
    except (Conflict, NotFound):
        return None
    calls.change(session, call_id, outcome=COMPLETED)
    return result


def reported(session: Session, city: City, call_id: UUID, sid: str, status: str, now: datetime) -> None:
    """A status of the provider's, in any order and any number of times; only an end changes anything."""
    calls.change_sid(session, call_id, sid, now)
    if status in ENDED and calls.end(session, call_id, status, now):
        settle(session, city, call_id, _UNREACHED.get(status, FAILED), now)
