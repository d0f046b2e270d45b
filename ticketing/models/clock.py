"""Clocks (时限): every due time ever set, each revision with its rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Clock(Base):
    """One revision of one clock of a ticket; nothing is updated in place.

    `name` is citizen, sign, finish, first_contact, review or callback; `explanation` lists counted and skipped days.
    """

    __tablename__ = "clock"
    __table_args__ = (UniqueConstraint("ticket_id", "name", "revision"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    name: Mapped[str]
    revision: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    rule: Mapped[str]
    basis: Mapped[str]
    provisional: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[str]
    explanation: Mapped[dict[str, Any]]
    set_at: Mapped[datetime]
