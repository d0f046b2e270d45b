"""What tickets of the same incident have in common (同一事件), findable without being readable."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base


class IncidentKey(Base):
    """A keyed hash of a place word of one ticket: equal words meet, nobody can read where somebody lives."""

    __tablename__ = "incident_key"
    __table_args__ = (Index("ix_incident_key_found", "city", "key_mac", "registered_at"),)

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    key_mac: Mapped[bytes] = mapped_column(primary_key=True)
    city: Mapped[str]
    registered_at: Mapped[datetime]
