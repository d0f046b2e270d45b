"""What people taught the router (改判): the department a ticket belonged to, where that is settled."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Cause(StrEnum):
    """Why a lesson is one: a dispatcher chose (改判 or 认可), or a return was upheld (退单)."""

    DISPATCH = "dispatch"
    RETURN = "return"


class Lesson(Base):
    """One ticket's settled department beside what the model had recommended; the text is redacted."""

    __tablename__ = "lesson"
    __table_args__ = (Index("ix_lesson_learned", "city", "learned_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), unique=True)
    city: Mapped[str]
    cause: Mapped[str]
    text: Mapped[str]
    kind: Mapped[str]
    urgency: Mapped[str]
    recommended: Mapped[str]
    department: Mapped[str]
    confidence: Mapped[float] = mapped_column(Float)
    model_version: Mapped[str]
    learned_at: Mapped[datetime]
