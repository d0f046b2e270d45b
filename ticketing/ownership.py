"""Whose turn it is to speak in a conversation (会话归属): the row's lock, the change of hands, words of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.orm import Session

from routing.language.redaction import redact
from ticketing.errors import Conflict, NotFound
from ticketing.messages import CONVERSATION, MESSAGE, MessageView, clean, say
from ticketing.models import Author, Owner, new_id


def lock(session: Session, conversation_id: UUID) -> RowMapping:
    """The running conversation's row, locked until the transaction ends."""
    statement = (
        select(*CONVERSATION.c)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.closed_at.is_(None))
        .with_for_update()
    )
    row = session.execute(statement).mappings().first()
    if row is None:
        raise NotFound("conversation_not_found")
    return row


def lock_held(session: Session, conversation_id: UUID, staff_id: UUID) -> RowMapping:
    """The row, locked, of a conversation this person holds."""
    row = lock(session, conversation_id)
    if row["owner"] != Owner.OPERATOR or row["operator_id"] != staff_id:
        raise Conflict("conversation_not_yours")
    return row


def give(session: Session, conversation_id: UUID, now: datetime, **values: Any) -> None:
    """Write a change of hands; a turn computed before it is thrown away."""
    statement = update(CONVERSATION).where(CONVERSATION.c.id == conversation_id)
    session.execute(statement.values(version=CONVERSATION.c.version + 1, updated_at=now, **values))


def answered_by_person(session: Session, conversation_id: UUID) -> None:
    """No message of the conversation waits for the bot any more."""
    session.execute(
        update(MESSAGE)
        .where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.due_at.is_not(None))
        .values(due_at=None)
    )


def append(
    session: Session,
    conversation_id: UUID,
    author: Author,
    text: str,
    now: datetime,
    *,
    staff_id: UUID | None = None,
    external_id: str | None = None,
    reply: dict[str, Any] | None = None,
    in_reply_to: UUID | None = None,
) -> MessageView:
    """Store words at the end of a conversation; drawing the number locks the row."""
    drawn = update(CONVERSATION).where(CONVERSATION.c.id == conversation_id)
    drawn = drawn.values(last_seq=CONVERSATION.c.last_seq + 1, updated_at=now)
    seq = session.execute(drawn.returning(CONVERSATION.c.last_seq)).scalar_one()
    words = clean(text)
    said = MessageView(new_id(), seq, author, words, reply, now, staff_id, external_id)
    say(
        session,
        conversation_id,
        said,
        in_reply_to=in_reply_to,
        external_id=external_id,
        redacted=redact(words).text if author is Author.OPERATOR else "",
    )
    return said
