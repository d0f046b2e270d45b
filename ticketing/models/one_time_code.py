"""Codes sent to a phone (短信验证码): kept as a keyed hash, few tries, a short life."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class OneTimeCode(Base):
    """One code for one phone number and one purpose; used once."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index("ix_one_time_code_phone_index", "phone_index", "purpose", "sent_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str]
    phone_index: Mapped[bytes]
    code_mac: Mapped[bytes]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
