"""A telephone call (通话), what it was told at each step, and the lanes whose rate all workers share."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class PhoneCall(Base):
    """One call, in or out; `sid` is the provider's id, unknown while an outbound call is only asked for.

    `attempt_key` makes an outbound call single: the row is written before the provider hears of it. `stage` and `step`
    say where the call stands, `memory_sealed` what the script remembers; `seen_at` is the provider's last word.
    `person_at` is when a person picked up, `recording_sealed` the address of what was recorded.
    """

    __tablename__ = "phone_call"
    __table_args__ = (
        Index("ix_phone_call_conversation_id", "conversation_id"),
        Index("ix_phone_call_callback_id", "callback_id"),
        Index("ix_phone_call_queued_at", "queued_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sid: Mapped[str | None] = mapped_column(unique=True)
    city: Mapped[str]
    outbound: Mapped[bool] = mapped_column(default=False)
    address_sealed: Mapped[bytes]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    callback_id: Mapped[UUID | None] = mapped_column(ForeignKey("callback.id"))
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"))
    attempt_key: Mapped[str | None] = mapped_column(unique=True)
    stage: Mapped[str]
    step: Mapped[int] = mapped_column(default=0)
    memory_sealed: Mapped[bytes | None]
    status: Mapped[str]
    outcome: Mapped[str | None]
    started_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    person_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rating: Mapped[int | None]
    recording_sealed: Mapped[bytes | None]


class PhoneDocument(Base):
    """What a call was told at one step: the same request gets the same document. `proof` is what asked for it.

    Without a body somebody is composing it; who claimed it too long ago has died.
    """

    __tablename__ = "phone_document"

    call_id: Mapped[UUID] = mapped_column(ForeignKey("phone_call.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    proof: Mapped[bytes]
    claimed_at: Mapped[datetime]
    body_sealed: Mapped[bytes | None]


class Lane(Base):
    """A lane of effects with a rate over all workers: nothing more goes before `free_at`."""

    __tablename__ = "lane"

    name: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
