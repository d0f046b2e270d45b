"""Public notices (公告): what holds somewhere for a while, and the tickets that are about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class PublicNotice(Base):
    """One notice; it expires by itself at `ends_at`. `regions` are region codes, none of them means the whole city."""

    __tablename__ = "public_notice"
    __table_args__ = (Index("ix_public_notice_running", "city", "ends_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    regions: Mapped[list[Any]]
    area: Mapped[str | None]
    source: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]


class NoticeTicket(Base):
    """One ticket about what a notice says: hundreds may share one."""

    __tablename__ = "notice_ticket"

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notice.id"), primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]
