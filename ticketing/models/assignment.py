"""Assignments (分派): which departments have a part in a ticket, and since when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Part(StrEnum):
    """主办, 协办, or 转派: a sub-unit's share of its department's part."""

    LEAD = "lead"
    ASSISTING = "assisting"
    SUB = "sub"


class Assignment(Base):
    """One unit's part in a ticket, with a due time of its own; it ends when the ticket is dispatched anew, and is kept.

    Inside the unit: 联络员签收 (`signed_at`) → 科室 (`office`) → 承办人 (`holder_id`, who writes the draft) → 领导审签
    (`approved_at`) → reported or submitted (`done_at`).
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_ticket", "ticket_id", "ended_at"),
        Index("ix_assignment_department", "department", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    department: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"))
    part: Mapped[str]
    given_at: Mapped[datetime]
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    due_at: Mapped[datetime | None]
    rule: Mapped[str | None]
    basis: Mapped[str | None]
    note_sealed: Mapped[bytes | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    office: Mapped[str | None]
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    draft_sealed: Mapped[bytes | None]
    draft_basis: Mapped[str | None]
    outcome_code: Mapped[str | None]
    drafted_at: Mapped[datetime | None]
    drafted_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
