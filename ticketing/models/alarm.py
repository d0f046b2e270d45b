"""Alarms for the duty operator (值班告警): an emergency or a risk in a citizen's words."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class AlarmLevel(StrEnum):
    """EMERGENCY: somebody needs help at once; RISK: a matter that must be reported upwards in time (紧急信息报送)."""

    EMERGENCY = "emergency"
    RISK = "risk"


class AlarmRow(Base):
    """One alarm, by `key` once a message; every step of it keeps who and when.

    `escalate_at` is cleared when somebody acknowledged it or it went to the duty leader.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index("ix_alarm_open", "city", "acknowledged_at", "raised_at"),
        Index("ix_alarm_escalate_at", "escalate_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]
    level: Mapped[str]
    name: Mapped[str]
    number: Mapped[str | None]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    channel: Mapped[str]
    words_sealed: Mapped[bytes]
    raised_at: Mapped[datetime]
    escalate_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    report_due: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    reported_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
