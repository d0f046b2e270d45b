"""Callbacks (回访) and the survey the citizen fills in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class CallbackStatus(StrEnum):
    """Where a callback stands; unreachable is never satisfaction."""

    DUE = "due"
    DONE = "done"
    UNREACHED = "unreached"
    WAIVED = "waived"


class Callback(Base):
    """One callback on one answer of a ticket; a rework gets a new round.

    `channel` is the plan's step that runs now, `step` its place in the city's plan, `next_at` when it goes on.
    """

    __tablename__ = "callback"
    __table_args__ = (
        UniqueConstraint("ticket_id", "round"),
        Index("ix_callback_due", "status", "due_at"),
        Index("ix_callback_next_at", "next_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    status: Mapped[str] = mapped_column(default=CallbackStatus.DUE)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    step: Mapped[int] = mapped_column(default=0)
    channel: Mapped[str | None]
    next_at: Mapped[datetime | None]


class CallbackAttempt(Base):
    """One try to reach the citizen, by whom and how it ended."""

    __tablename__ = "callback_attempt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    callback_id: Mapped[UUID] = mapped_column(ForeignKey("callback.id"), index=True)
    at: Mapped[datetime]
    channel: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str]
    note_sealed: Mapped[bytes | None]


class Survey(Base):
    """What the citizen said: 联系 / 解决 / 满意, for the department's work and for the hotline's service.

    `scale` is the top of the scale it was asked on. The link's token is kept as a keyed hash only; an answered survey
    is never answered again.
    """

    __tablename__ = "survey"
    __table_args__ = (Index("ix_survey_answered_at", "answered_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    callback_id: Mapped[UUID] = mapped_column(ForeignKey("callback.id"), unique=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    token_mac: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    scale: Mapped[int] = mapped_column(default=5)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    contacted: Mapped[bool | None]
    resolved: Mapped[bool | None]
    department_rating: Mapped[int | None]
    hotline_rating: Mapped[int | None]
    reason_sealed: Mapped[bytes | None]
