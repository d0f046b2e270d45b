"""Promises (承诺): “列入明年计划” needs a date, a ledger and a second callback on that date."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class PromiseStatus(StrEnum):
    """承诺中, 待二次回访 (its date came), 已兑现, 未兑现, 未能联系."""

    OPEN = "open"
    DUE = "due"
    KEPT = "kept"
    BROKEN = "broken"
    UNREACHED = "unreached"


class Promise(Base):
    """What a department promised in its answer, until when, and what the citizen said on that day."""

    __tablename__ = "promise"
    __table_args__ = (Index("ix_promise_status", "status", "due_at"), Index("ix_promise_ticket", "ticket_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    department: Mapped[str]
    status: Mapped[str] = mapped_column(default=PromiseStatus.OPEN)
    text_sealed: Mapped[bytes]
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note_sealed: Mapped[bytes | None]
