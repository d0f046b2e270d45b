"""Staff notices (站内消息): what one person of the house should look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class StaffNotice(Base):
    """One notice to one person; `key` keeps it single, however often its cause is carried out."""

    __tablename__ = "staff_notice"
    __table_args__ = (UniqueConstraint("staff_id", "key"), Index("ix_staff_notice_unread", "staff_id", "read_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    key: Mapped[str]
    kind: Mapped[str]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
