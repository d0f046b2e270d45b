"""Assignments (分派): which departments have a part in a ticket, and since when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Part(StrEnum):
    """主办 or 协办."""

    LEAD = "lead"
    ASSISTING = "assisting"


class Assignment(Base):
    """One department's part in a ticket; it ends when the ticket is dispatched anew, and is kept."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_ticket", "ticket_id", "ended_at"),
        Index("ix_assignment_department", "department", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    department: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    part: Mapped[str]
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
