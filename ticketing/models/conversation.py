"""A conversation (会话) with one citizen on one channel, and its messages in order."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Owner(StrEnum):
    """Who speaks for the hotline: the bot, nobody yet (waiting for a person), or an operator."""

    BOT = "bot"
    QUEUE = "queue"
    OPERATOR = "operator"


class Author(StrEnum):
    """Who wrote a message."""

    CITIZEN = "citizen"
    BOT = "bot"
    OPERATOR = "operator"
    SYSTEM = "system"


class Conversation(Base):
    """One running conversation an address; `state_sealed` holds what the flows remember (item, region, draft …).

    `version` rises with every turn: a turn computed on an older version is thrown away and done again.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "uq_conversation_running",
            "city",
            "channel",
            "address_index",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_conversation_waiting", "owner", "waiting_since"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    address_index: Mapped[bytes]
    address_sealed: Mapped[bytes]
    city: Mapped[str]
    owner: Mapped[str] = mapped_column(default=Owner.BOT)
    operator_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    waiting_since: Mapped[datetime | None]
    handoff_reason: Mapped[str | None]
    flow: Mapped[str | None]
    state_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(default=0)
    last_seq: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Message(Base):
    """One message. A citizen's message is also an inbox job: it is due until its reply is stored.

    `external_id` is the channel's own message id (a doubled delivery finds the first row); `in_reply_to` is unique,
    so a message gets exactly one reply. Bodies are sealed; the redacted copy is for search and training.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "external_id"),
        UniqueConstraint("in_reply_to"),
        Index("ix_message_due", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int]
    author: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    external_id: Mapped[str | None]
    in_reply_to: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    body_sealed: Mapped[bytes]
    body_redacted: Mapped[str]
    data_sealed: Mapped[bytes | None]
    reply_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    dead_reason: Mapped[str | None]
