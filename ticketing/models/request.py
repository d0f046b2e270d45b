"""Requests (申请): what a department or a citizen asks the hotline for, and what the hotline decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class RequestKind(StrEnum):
    """退单, 延期, 法定程序, 认定复杂疑难, 协办, 挂起, 撤单."""

    RETURN = "return"
    EXTENSION = "extension"
    STATUTORY = "statutory"
    COMPLEX = "complex"
    ASSISTANCE = "assistance"
    SUSPENSION = "suspension"
    WITHDRAWAL = "withdrawal"


class RequestStatus(StrEnum):
    """待审批, 已同意 (the citizen is still to be told), 已生效, 未同意, 已结束 (a pause that is over), 已失效."""

    PENDING = "pending"
    APPROVED = "approved"
    EFFECTIVE = "effective"
    DENIED = "denied"
    ENDED = "ended"
    LAPSED = "lapsed"


class Request(Base):
    """One request on one ticket; `due_at` is the hotline's own limit for deciding it.

    `details` holds what the kind needs besides: the old and new due times, the department asked for help.
    """

    __tablename__ = "request"
    __table_args__ = (Index("ix_request_ticket", "ticket_id", "kind"), Index("ix_request_open", "status", "due_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default=RequestStatus.PENDING)
    department: Mapped[str | None]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    asked_role: Mapped[str]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reason_code: Mapped[str]
    basis: Mapped[str | None]
    note_sealed: Mapped[bytes]
    to_department: Mapped[str | None]
    until: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    decision_sealed: Mapped[bytes | None]
    told_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]]


class Ruling(Base):
    """会商与裁定: after two returns the departments are heard together, then one of them is named.

    `heard_sealed` holds each department's opinion; `proposal_sealed` the change of the catalogue that follows from it.
    """

    __tablename__ = "ruling"
    __table_args__ = (Index("ix_ruling_ticket", "ticket_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime]
    heard: Mapped[list[Any]]
    heard_sealed: Mapped[bytes]
    department: Mapped[str | None]
    basis: Mapped[str | None]
    note_sealed: Mapped[bytes | None]
    proposal_sealed: Mapped[bytes | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
