"""Waiting for a person (人工排队): who waits, whom it was offered to, who is at a desk, what colleagues say.

Nothing of this is a message: what is written here never reaches the citizen.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Presence(StrEnum):
    """What an operator says of themselves: 在线, 忙碌, 离开."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"


class Left(StrEnum):
    """How a wait ended: 接入, 登记留言, 预约回拨, 不等了."""

    TAKEN = "taken"
    MESSAGE = "message"
    CALLBACK = "callback"
    GAVE_UP = "gave_up"


class OfferOutcome(StrEnum):
    """What became of an offer: 接受, 谢绝, 超时, 收回."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class NoteKind(StrEnum):
    """WHISPER: a supervisor to the operator (悄悄话). TRANSFER: one operator to the next (转接说明)."""

    WHISPER = "whisper"
    TRANSFER = "transfer"


class QueueEntry(Base):
    """One wait of one conversation; `entered_at` is its place and is kept when it comes back to the queue.

    `rank` 0 goes before 1. `skill` and `language` say who may take it; `wanted_id` is the person to ask first
    (首问责任人 or the one it was handed to). `told_*` is what the citizen was told last.
    """

    __tablename__ = "queue_entry"
    __table_args__ = (
        Index(
            "uq_queue_entry_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_queue_entry_line", "city", "left_at", "rank", "entered_at"),
        Index("ix_queue_entry_conversation_id", "conversation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    city: Mapped[str]
    channel: Mapped[str]
    reason: Mapped[str]
    skill: Mapped[str | None]
    language: Mapped[str | None]
    rank: Mapped[int]
    wanted_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    entered_at: Mapped[datetime]
    told_position: Mapped[int | None]
    told_at: Mapped[datetime | None]
    choice_at: Mapped[datetime | None]
    phone_asked_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]


class QueueOffer(Base):
    """One offer of a waiting conversation to one operator; at most one open offer a conversation and a person."""

    __tablename__ = "queue_offer"
    __table_args__ = (
        Index(
            "uq_queue_offer_entry",
            "entry_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_queue_offer_staff",
            "staff_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_queue_offer_expires_at", "ended_at", "expires_at"),
        Index("ix_queue_offer_history", "entry_id", "offered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("queue_entry.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Desk(Base):
    """An operator's desk (坐席): presence as they set it, when a screen was last open, skills, chats at once."""

    __tablename__ = "desk"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    city: Mapped[str]
    presence: Mapped[str]
    seen_at: Mapped[datetime]
    skills: Mapped[list[Any]]
    capacity: Mapped[int]


class DeskNote(Base):
    """What colleagues tell each other about a conversation; never a message, never shown to the citizen."""

    __tablename__ = "desk_note"
    __table_args__ = (Index("ix_desk_note_conversation_id", "conversation_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    kind: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    body_sealed: Mapped[bytes]
    at: Mapped[datetime]


class ReturnCall(Base):
    """A citizen to be called (回拨任务) who did not want to wait, or whose call nobody took; `key` keeps it single."""

    __tablename__ = "return_call"
    __table_args__ = (Index("ix_return_call_open", "city", "done_at", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    phone_sealed: Mapped[bytes]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str | None]
