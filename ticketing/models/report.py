"""Stored reports (通报): what a report said when it was made; its files are drawn from this, so they never change."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Report(Base):
    """One report of one period; `key` keeps a scheduled one single, `department` bounds who may read it."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_city", "city", "kind", "made_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    department: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    content: Mapped[dict[str, Any]]
