"""What the hotline itself writes into a conversation (办理通知): nobody asked just now, and nobody need answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.messages import CONVERSATION, MESSAGE, MessageView, say
from ticketing.models import Author, new_id


def announce(session: Session, conversation_id: UUID, text: str, key: str, now: datetime) -> int | None:
    """Append a message once per `key`; returns its sequence number, None when it was there or the talk is closed."""
    row = session.execute(
        select(CONVERSATION.c.last_seq)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.closed_at.is_(None))
        .with_for_update()
    ).first()
    if row is None or _said(session, conversation_id, key):
        return None
    message = MessageView(new_id(), row.last_seq + 1, Author.SYSTEM, text, None, now)
    say(session, conversation_id, message, external_id=key)
    session.execute(
        update(CONVERSATION).where(CONVERSATION.c.id == conversation_id).values(last_seq=message.seq, updated_at=now)
    )
    return message.seq


def _said(session: Session, conversation_id: UUID, key: str) -> bool:
    same = (MESSAGE.c.conversation_id == conversation_id) & (MESSAGE.c.external_id == key)
    return session.execute(select(MESSAGE.c.id).where(same)).first() is not None
