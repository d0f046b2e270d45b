"""Supervision (督查): alarms, urges, 督办 and visits on the spot; none of them changes a ticket's status."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class DueWarning(Base):
    """预警或超期: one level of one revision of one clock was reached; there is never a second row for it."""

    __tablename__ = "due_warning"
    __table_args__ = (
        UniqueConstraint("ticket_id", "clock", "revision", "level"),
        Index("ix_due_warning_department", "department", "fired_at"),
        Index("ix_due_warning_fired_at", "fired_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    clock: Mapped[str]
    revision: Mapped[int]
    level: Mapped[str]
    department: Mapped[str | None]
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime]


class Urge(Base):
    """催办: somebody asked that the matter go faster."""

    __tablename__ = "urge"
    __table_args__ = (Index("ix_urge_ticket", "ticket_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    at: Mapped[datetime]
    by_role: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    department: Mapped[str | None]
    note_sealed: Mapped[bytes | None]


class SupervisionStatus(StrEnum):
    """督办中, 已报结果 (proof is in, to be looked at), 已办结."""

    OPEN = "open"
    PROVED = "proved"
    ENDED = "ended"


class Supervision(Base):
    """督办: an instruction to a department on a ticket, with an owner, a due time and a proof."""

    __tablename__ = "supervision"
    __table_args__ = (Index("ix_supervision_open", "status", "due_at"), Index("ix_supervision_ticket", "ticket_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    level: Mapped[str]
    status: Mapped[str] = mapped_column(default=SupervisionStatus.OPEN)
    department: Mapped[str]
    owner: Mapped[str]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    instruction_sealed: Mapped[bytes]
    proof_sealed: Mapped[bytes | None]
    proof_files: Mapped[list[Any]]
    proved_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    proved_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    end_note_sealed: Mapped[bytes | None]


class SiteVisit(Base):
    """现场督办: who went where and when, what was found; `files` name the photos."""

    __tablename__ = "site_visit"
    __table_args__ = (Index("ix_site_visit_ticket", "ticket_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    supervision_id: Mapped[UUID | None] = mapped_column(ForeignKey("supervision.id"))
    visited_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    people: Mapped[str]
    place_sealed: Mapped[bytes]
    result_sealed: Mapped[bytes]
    files: Mapped[list[Any]]


class Duty(Base):
    """值班领导: who leads the hotline's shift, and when; a changed entry is a new row that names the old one."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_time", "city", "starts_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    leader: Mapped[str]
    title: Mapped[str | None]
    phone_sealed: Mapped[bytes | None]
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    set_at: Mapped[datetime]
    cancelled_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    cancelled_at: Mapped[datetime | None]
