"""Calls to be returned (回拨任务): who did not want to wait, or whose call nobody took, is called back in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.citizens import read_phone
from ticketing.city import City
from ticketing.errors import Conflict, Invalid
from ticketing.models import ReturnCall, new_id
from ticketing.privacy import seal, unseal
from ticketing.statements import dialect_of, insert_or_skip, table_of

_CALL = table_of(ReturnCall)
_c = _CALL.c
_ASK = insert_or_skip(_CALL, "key", returning=[_c.id])
OUTCOMES = frozenset({"reached", "no_answer", "busy", "wrong_number"})


@dataclass(frozen=True, slots=True)
class ReturnCallView:
    """One call to be returned."""

    id: UUID
    conversation_id: UUID | None
    reason: str
    asked_at: datetime
    due_at: datetime


def ask(
    session: Session, city: City, phone: str, reason: str, key: str, now: datetime, conversation_id: UUID | None = None
) -> bool:
    """Note a call to be returned; False when the same `key` was noted before."""
    number = read_phone(phone)
    row = {
        "id": new_id(),
        "key": key,
        "city": city.code,
        "conversation_id": conversation_id,
        "phone_sealed": seal(session, number),
        "reason": reason,
        "asked_at": now,
        "due_at": now + city.desk.return_call,
    }
    return session.execute(_ASK[dialect_of(session)], row).first() is not None


def open_calls(session: Session, city: str, limit: int = 50) -> tuple[ReturnCallView, ...]:
    """The calls nobody has returned yet, the most pressing first."""
    rows = session.execute(
        select(_c.id, _c.conversation_id, _c.reason, _c.asked_at, _c.due_at)
        .where(_c.city == city, _c.done_at.is_(None))
        .order_by(_c.due_at, _c.id)
        .limit(limit)
    )
    return tuple(ReturnCallView(*row) for row in rows)


def phone_of(session: Session, city: str, call_id: UUID) -> str | None:
    """The number to call; None when the call is done."""
    query = select(_c.phone_sealed).where(_c.id == call_id, _c.city == city, _c.done_at.is_(None))
    sealed = session.execute(query).scalar()
    return unseal(session, sealed) if sealed is not None else None


def done(session: Session, city: str, call_id: UUID, staff_id: UUID, outcome: str, now: datetime) -> None:
    """The call was made; who comes second is told so."""
    if outcome not in OUTCOMES:
        raise Invalid("attempt_outcome_unknown", field="outcome")
    mine = update(_CALL).where(_c.id == call_id, _c.city == city, _c.done_at.is_(None))
    made = mine.values(done_at=now, done_by=staff_id, outcome=outcome).returning(_c.id)
    if session.execute(made).first() is None:
        raise Conflict("callback_finished")
