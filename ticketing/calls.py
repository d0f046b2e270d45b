"""Telephone calls (通话): one row a call, one document a step, whatever order the provider's words come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, delete, select, update
from sqlalchemy.orm import Session

from ticketing.errors import Forbidden
from ticketing.models import PhoneCall, PhoneDocument, new_id
from ticketing.privacy import seal, seal_json, unseal, unseal_json
from ticketing.statements import dialect_of, insert_or_skip, table_of

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
STARTED, ASKED = "in-progress", "attempt_started"
_ABANDONED = timedelta(seconds=15)  # who claimed a step that long ago has died
_CALL, _DOCUMENT = table_of(PhoneCall), table_of(PhoneDocument)
_c, _d = _CALL.c, _DOCUMENT.c
_OPEN = insert_or_skip(_CALL, "sid", returning=[_c.id])
_ATTEMPT = insert_or_skip(_CALL, "attempt_key", returning=[_c.id])
_CLAIM = insert_or_skip(_DOCUMENT, "call_id", "step", returning=[_d.call_id])


@dataclass(frozen=True, slots=True)
class CallView:
    """One call; `address` is the other side's number, `memory` what the script remembers."""

    id: UUID
    sid: str | None
    city: str
    outbound: bool
    address: str
    conversation_id: UUID | None
    callback_id: UUID | None
    ticket_id: UUID | None
    stage: str
    step: int
    memory: Mapping[str, Any]
    status: str
    outcome: str | None
    started_at: datetime
    queued_at: datetime | None
    person_at: datetime | None
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether this request composes the step's document, or the document somebody composed before."""

    mine: bool
    body: str | None = None


def open_call(session: Session, sid: str, city: str, address: str, stage: str, now: datetime) -> CallView:
    """The call of a provider's id; a new row when it is the first word of it."""
    row = {
        "id": new_id(),
        "sid": sid,
        "city": city,
        "outbound": False,
        "address_sealed": seal(session, address),
        "stage": stage,
        "step": 0,
        "status": STARTED,
        "started_at": now,
        "seen_at": now,
    }
    session.execute(_OPEN[dialect_of(session)], row)
    found = by_sid(session, sid)
    assert found is not None, "a skipped insert has its row"
    return found


def attempt(
    session: Session, key: str, city: str, address: str, callback_id: UUID, ticket_id: UUID, stage: str, now: datetime
) -> CallView:
    """Write down that a call is about to be asked for; the same `key` gives the first row again."""
    row = {
        "id": new_id(),
        "attempt_key": key,
        "city": city,
        "outbound": True,
        "address_sealed": seal(session, address),
        "callback_id": callback_id,
        "ticket_id": ticket_id,
        "stage": stage,
        "step": 0,
        "status": ASKED,
        "started_at": now,
        "seen_at": now,
    }
    session.execute(_ATTEMPT[dialect_of(session)], row)
    return _one(session, _c.attempt_key == key)


def by_sid(session: Session, sid: str) -> CallView | None:
    """The call of a provider's id."""
    return _first(session, _c.sid == sid)


def by_id(session: Session, call_id: UUID) -> CallView | None:
    """One call."""
    return _first(session, _c.id == call_id)


def of_attempt(session: Session, key: str) -> CallView | None:
    """The outbound call of an attempt."""
    return _first(session, _c.attempt_key == key)


def locked(session: Session, call_id: UUID) -> CallView:
    """One call, its row locked until the transaction ends."""
    row = session.execute(select(*_c).where(_c.id == call_id).with_for_update()).mappings().one()
    return _view(session, row)


def of_ticket(session: Session, ticket_id: UUID) -> tuple[CallView, ...]:
    """The calls about a ticket, the latest first."""
    rows = session.execute(select(*_c).where(_c.ticket_id == ticket_id).order_by(_c.started_at.desc())).mappings()
    return tuple(_view(session, row) for row in rows)


def silent_since(session: Session, moment: datetime, stage: str | None = None, limit: int = 50) -> tuple[UUID, ...]:
    """The calls (at a stage) that have not ended and of which nothing was heard since; looking changes nothing."""
    gone = _c.ended_at.is_(None) & (_c.seen_at <= moment) & (_c.status != ASKED)
    gone = gone & (_c.stage == stage) if stage is not None else gone
    return tuple(session.scalars(select(_c.id).where(gone).order_by(_c.seen_at).limit(limit)))


def claim(session: Session, call_id: UUID, step: str, proof: bytes, now: datetime) -> Claim:
    """Take a step of a call. The same request again gets the stored document; another one for it is refused."""
    row = {"call_id": call_id, "step": step, "proof": proof, "claimed_at": now}
    if session.execute(_CLAIM[dialect_of(session)], row).first() is not None:
        return Claim(mine=True)
    which = (_d.call_id == call_id) & (_d.step == step)
    stored = session.execute(select(_d.proof, _d.body_sealed).where(which)).one()
    if stored.proof != proof:
        raise Forbidden("request_replayed")
    if stored.body_sealed is not None:
        return Claim(mine=False, body=unseal(session, stored.body_sealed))
    died = update(_DOCUMENT).where(which, _d.body_sealed.is_(None), _d.claimed_at <= now - _ABANDONED)
    taken = session.execute(died.values(claimed_at=now).returning(_d.call_id)).first()
    return Claim(mine=taken is not None)


def document(session: Session, call_id: UUID, step: str) -> str | None:
    """The document of a step, once it is composed."""
    body = session.execute(select(_d.body_sealed).where(_d.call_id == call_id, _d.step == step)).scalar()
    return unseal(session, body) if body else None


def disclaim(session: Session, call_id: UUID, step: str) -> None:
    """Composing failed: the next request for the step tries again."""
    unsaid = (_d.call_id == call_id) & (_d.step == step) & _d.body_sealed.is_(None)
    session.execute(delete(_DOCUMENT).where(unsaid))


def told(
    session: Session, call: CallView, step: str, body: str, stage: str, memory: Mapping[str, Any], now: datetime
) -> str:
    """Keep what the call was told and where it stands now; who composed the step first has the word."""
    which = (_d.call_id == call.id) & (_d.step == step)
    mine = update(_DOCUMENT).where(which, _d.body_sealed.is_(None)).values(body_sealed=seal(session, body))
    if session.execute(mine.returning(_d.call_id)).first() is None:
        return document(session, call.id, step) or body
    change(session, call.id, stage=stage, step=call.step + 1, memory_sealed=_memory(session, memory), seen_at=now)
    return body


def remember(session: Session, call_id: UUID, memory: Mapping[str, Any]) -> None:
    """Change what the script remembers between two steps."""
    change(session, call_id, memory_sealed=_memory(session, memory))


def _memory(session: Session, memory: Mapping[str, Any]) -> bytes | None:
    return seal_json(session, dict(memory)) if memory else None


def change(session: Session, call_id: UUID, **values: Any) -> None:
    """Set some columns of a call."""
    session.execute(update(_CALL).where(_c.id == call_id).values(**values))


def seen(session: Session, call_id: UUID, now: datetime) -> None:
    """The provider spoke of the call."""
    change(session, call_id, seen_at=now)


def change_sid(session: Session, call_id: UUID, sid: str, now: datetime) -> None:
    """The provider's id of a call we asked for; the first one told stays."""
    unknown = update(_CALL).where(_c.id == call_id, _c.sid.is_(None))
    session.execute(unknown.values(sid=sid, seen_at=now))


def belongs(session: Session, call_id: UUID, conversation_id: UUID) -> None:
    """The call is part of this conversation."""
    change(session, call_id, conversation_id=conversation_id)


def queued(session: Session, call_id: UUID, now: datetime, *, again: bool = False) -> None:
    """The caller waits for a person since now, unless they did before; `again` begins the wait anew."""
    waiting = _c.id == call_id if again else (_c.id == call_id) & _c.queued_at.is_(None)
    session.execute(update(_CALL).where(waiting).values(queued_at=now))


def rate(session: Session, call_id: UUID, rating: int) -> None:
    """The caller's rating of this very call: 3 满意, 2 基本满意, 1 不满意."""
    change(session, call_id, rating=rating)


def record_address(session: Session, call_id: UUID, url: str) -> None:
    """Keep where the provider has what was recorded."""
    change(session, call_id, recording_sealed=seal(session, url))


def recording(session: Session, call_id: UUID) -> str | None:
    """Where the provider has what was recorded."""
    blob = session.execute(select(_c.recording_sealed).where(_c.id == call_id)).scalar()
    return unseal(session, blob) if blob else None


def met_person(session: Session, call_id: UUID, now: datetime) -> bool:
    """A person picked up; False when that was known."""
    first = update(_CALL).where(_c.id == call_id, _c.person_at.is_(None)).values(person_at=now)
    return session.execute(first.returning(_c.id)).first() is not None


def end(session: Session, call_id: UUID, status: str, now: datetime) -> bool:
    """The call is over; False when that was known, whatever the provider says later."""
    first = update(_CALL).where(_c.id == call_id, _c.ended_at.is_(None)).values(status=status, ended_at=now)
    return session.execute(first.returning(_c.id)).first() is not None


def settle(session: Session, call_id: UUID, outcome: str) -> bool:
    """What an outbound call came to; the first word counts."""
    first = update(_CALL).where(_c.id == call_id, _c.outcome.is_(None)).values(outcome=outcome)
    return session.execute(first.returning(_c.id)).first() is not None


def _one(session: Session, which: ColumnElement[bool]) -> CallView:
    found = _first(session, which)
    assert found is not None, "the row was just written"
    return found


def _first(session: Session, which: ColumnElement[bool]) -> CallView | None:
    row = session.execute(select(*_c).where(which)).mappings().first()
    return _view(session, row) if row else None


def _view(session: Session, row: RowMapping) -> CallView:
    memory = unseal_json(session, row["memory_sealed"]) if row["memory_sealed"] else {}
    plain = {name: row[name] for name in CallView.__slots__ if name not in {"address", "memory"}}
    return CallView(address=unseal(session, row["address_sealed"]), memory=memory, **plain)
