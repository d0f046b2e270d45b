"""Messages and conversations as they are stored and shown; used by the bot's turns and by people alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ticketing.errors import Invalid, NotFound
from ticketing.models import Author, Conversation, Message, Owner
from ticketing.privacy import keyed_hash, seal, seal_json, unseal, unseal_json
from ticketing.statements import table_of

MAX_TEXT = 20_000
CONVERSATION = table_of(Conversation)
MESSAGE = table_of(Message)
_SHOWN = ("id", "channel", "city", "owner", "flow", "state_sealed", "version", "last_seq", "opened_at")
VIEWED = tuple(CONVERSATION.c[name] for name in _SHOWN)
Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation as a turn reads it; `state` is the flows' memory, unsealed."""

    id: UUID
    channel: str
    city: str
    owner: Owner
    flow: str | None
    state: dict[str, Any]
    version: int
    last_seq: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as a screen or a channel shows it."""

    id: UUID
    seq: int
    author: Author
    text: str
    reply: dict[str, Any] | None
    at: datetime
    staff_id: UUID | None = None
    external_id: str | None = None


def clean(text: str) -> str:
    """The text without what no database or cipher can hold (NUL, lone surrogates)."""
    if len(text) > MAX_TEXT:
        raise Invalid("text_too_long", field="text", limit=MAX_TEXT)
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def conversation_view(session: Session, row: Row) -> ConversationView:
    """The view of a stored row."""
    state = unseal_json(session, row["state_sealed"]) if row["state_sealed"] else {}
    return ConversationView(
        row["id"],
        row["channel"],
        row["city"],
        Owner(row["owner"]),
        row["flow"],
        state,
        row["version"],
        row["last_seq"],
        row["opened_at"],
    )


def view(session: Session, conversation_id: UUID) -> ConversationView:
    """One conversation."""
    row = session.execute(select(*VIEWED).where(CONVERSATION.c.id == conversation_id)).mappings().first()
    if row is None:
        raise NotFound("conversation_not_found")
    return conversation_view(session, row)


def running(session: Session, channel: str, address: str, city: str) -> ConversationView | None:
    """The running conversation of an address, for a visitor who comes back."""
    found = select(*VIEWED).where(
        CONVERSATION.c.city == city,
        CONVERSATION.c.channel == channel,
        CONVERSATION.c.address_index == keyed_hash(session, "address", f"{channel}\0{address}"),
        CONVERSATION.c.closed_at.is_(None),
    )
    row = session.execute(found).mappings().first()
    return conversation_view(session, row) if row else None


_SAY = insert(MESSAGE)


def say(
    session: Session,
    conversation_id: UUID,
    message: MessageView,
    *,
    in_reply_to: UUID | None = None,
    external_id: str | None = None,
    redacted: str = "",
) -> None:
    """Store one message that is no inbox job: the bot\'s or a person\'s words."""
    session.connection().execute(
        _SAY,
        {
            "id": message.id,
            "conversation_id": conversation_id,
            "seq": message.seq,
            "author": message.author,
            "staff_id": message.staff_id,
            "external_id": external_id,
            "in_reply_to": in_reply_to,
            "body_sealed": seal(session, message.text),
            "body_redacted": redacted,
            "reply_sealed": seal_json(session, message.reply) if message.reply is not None else None,
            "created_at": message.at,
            "attempts": 0,
        },
    )


def message_view(session: Session, row: Row) -> MessageView:
    """The view of a stored row, unsealed."""
    reply = unseal_json(session, row["reply_sealed"]) if row["reply_sealed"] else None
    body = unseal(session, row["body_sealed"])
    return MessageView(
        row["id"],
        row["seq"],
        Author(row["author"]),
        body,
        reply,
        row["created_at"],
        row["staff_id"],
        row["external_id"],
    )


def messages_after(session: Session, conversation_id: UUID, seq: int, limit: int = 200) -> tuple[MessageView, ...]:
    """The messages after a sequence number, oldest first."""
    rows = session.execute(
        select(*MESSAGE.c)
        .where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.seq > seq)
        .order_by(MESSAGE.c.seq)
        .limit(limit)
    ).mappings()
    return tuple(message_view(session, row) for row in rows)


def message_on(session: Session, conversation_id: UUID, seq: int, channel: str) -> UUID | None:
    """The message at this place of a conversation, where that runs on this channel."""
    found = (
        select(MESSAGE.c.id)
        .join_from(MESSAGE, CONVERSATION, MESSAGE.c.conversation_id == CONVERSATION.c.id)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.channel == channel, MESSAGE.c.seq == seq)
    )
    return session.execute(found).scalar()


def last_sequences(session: Session, message_ids: Sequence[UUID]) -> tuple[tuple[UUID, int], ...]:
    """The conversations of these messages, each with the number of its newest message."""
    theirs = select(MESSAGE.c.conversation_id).where(MESSAGE.c.id.in_(message_ids))
    rows = session.execute(select(CONVERSATION.c.id, CONVERSATION.c.last_seq).where(CONVERSATION.c.id.in_(theirs)))
    return tuple((row.id, row.last_seq) for row in rows)
