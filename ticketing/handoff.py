"""People in a conversation (转人工): waiting, taking over, speaking, giving back. The bot is silent meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.orm import Session

from routing.language.redaction import redact
from ticketing.errors import Conflict, NotFound
from ticketing.messages import CONVERSATION, MESSAGE, ConversationView, MessageView, clean, message_view, say, view
from ticketing.models import Author, Owner, new_id


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation waiting for a person."""

    id: UUID
    channel: str
    since: datetime
    reason: str | None
    last_seq: int


def hand_off(session: Session, conversation_id: UUID, reason: str, now: datetime) -> None:
    """转人工: the bot falls silent and the conversation waits for a person; what was said stays on the screen."""
    owner = _lock(session, conversation_id)["owner"]
    if owner != Owner.BOT:
        return
    _own(session, conversation_id, now, owner=Owner.QUEUE, waiting_since=now, handoff_reason=reason)
    _answered_by_person(session, conversation_id)


def take(session: Session, conversation_id: UUID, staff_id: UUID, now: datetime) -> ConversationView:
    """An operator takes the conversation; who comes second is told so."""
    row = _lock(session, conversation_id)
    if row["owner"] == Owner.OPERATOR and row["operator_id"] != staff_id:
        raise Conflict("conversation_taken")
    if row["owner"] != Owner.OPERATOR:
        _own(session, conversation_id, now, owner=Owner.OPERATOR, operator_id=staff_id, waiting_since=None)
        _answered_by_person(session, conversation_id)
    return view(session, conversation_id)


def operator_says(
    session: Session, conversation_id: UUID, staff_id: UUID, text: str, external_id: str | None, now: datetime
) -> MessageView:
    """Store what the operator writes; the same `external_id` is stored once."""
    row = _held(session, conversation_id, staff_id)
    if external_id is not None:
        first = session.execute(
            select(*MESSAGE.c).where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.external_id == external_id)
        ).mappings()
        if (stored := first.first()) is not None:
            return message_view(session, stored)
    words = clean(text)
    said = MessageView(new_id(), row["last_seq"] + 1, Author.OPERATOR, words, None, now, staff_id, external_id)
    say(session, conversation_id, said, external_id=external_id, redacted=redact(words).text)
    session.execute(
        update(CONVERSATION).where(CONVERSATION.c.id == conversation_id).values(last_seq=said.seq, updated_at=now)
    )
    return said


def hand_back(session: Session, conversation_id: UUID, staff_id: UUID, now: datetime) -> None:
    """The operator gives the conversation back to the bot, which starts afresh."""
    _held(session, conversation_id, staff_id)
    _own(
        session,
        conversation_id,
        now,
        owner=Owner.BOT,
        operator_id=None,
        handoff_reason=None,
        flow=None,
        state_sealed=None,
    )


def waiting(session: Session, city: str, limit: int = 100) -> tuple[Waiting, ...]:
    """The conversations that wait for a person, longest first."""
    rows = session.execute(
        select(
            CONVERSATION.c.id,
            CONVERSATION.c.channel,
            CONVERSATION.c.waiting_since,
            CONVERSATION.c.handoff_reason,
            CONVERSATION.c.last_seq,
        )
        .where(CONVERSATION.c.owner == Owner.QUEUE, CONVERSATION.c.city == city)
        .order_by(CONVERSATION.c.waiting_since)
        .limit(limit)
    )
    return tuple(Waiting(*row) for row in rows)


def held(session: Session, city: str, staff_id: UUID, limit: int = 50) -> tuple[Waiting, ...]:
    """The conversations this operator holds, the latest word first; `since` is the time of that word."""
    c = CONVERSATION.c
    rows = session.execute(
        select(c.id, c.channel, c.updated_at, c.handoff_reason, c.last_seq)
        .where(c.owner == Owner.OPERATOR, c.operator_id == staff_id, c.city == city)
        .order_by(c.updated_at.desc())
        .limit(limit)
    )
    return tuple(Waiting(*row) for row in rows)


def require_held(session: Session, conversation_id: UUID, staff_id: UUID) -> None:
    """Refuse who does not hold the conversation; its row stays locked until the transaction ends."""
    _held(session, conversation_id, staff_id)


def _lock(session: Session, conversation_id: UUID) -> RowMapping:
    statement = (
        select(*CONVERSATION.c)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.closed_at.is_(None))
        .with_for_update()
    )
    row = session.execute(statement).mappings().first()
    if row is None:
        raise NotFound("conversation_not_found")
    return row


def _held(session: Session, conversation_id: UUID, staff_id: UUID) -> RowMapping:
    row = _lock(session, conversation_id)
    if row["owner"] != Owner.OPERATOR or row["operator_id"] != staff_id:
        raise Conflict("conversation_not_yours")
    return row


def _own(session: Session, conversation_id: UUID, now: datetime, **values: Any) -> None:
    statement = update(CONVERSATION).where(CONVERSATION.c.id == conversation_id)
    session.execute(statement.values(version=CONVERSATION.c.version + 1, updated_at=now, **values))


def _answered_by_person(session: Session, conversation_id: UUID) -> None:
    """No message of the conversation waits for the bot any more."""
    session.execute(
        update(MESSAGE)
        .where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.due_at.is_not(None))
        .values(due_at=None)
    )
