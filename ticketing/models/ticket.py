"""The ticket (工单): one matter of one citizen, from registration to its close."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Status(StrEnum):
    """The states of a ticket; `ticketing.workflow` says which action leads where."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    ANSWERED = "answered"
    CALLBACK = "callback"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Kind(StrEnum):
    """诉求类型."""

    ENQUIRY = "咨询"
    HELP = "求助"
    COMPLAINT = "投诉"
    REPORT = "举报"
    SUGGESTION = "建议"
    PRAISE = "表扬"


class Urgency(StrEnum):
    """紧急程度."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Ticket(Base):
    """One work order. `status` is written by `ticketing.transitions.apply` alone.

    The due times here are the latest revision of each `Clock`, kept for lists; the clock rows explain them.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("external_platform", "external_number"),
        Index("ix_ticket_status", "status", "finish_due"),
        Index("ix_ticket_department", "lead_department", "status", "finish_due"),
        Index("ix_ticket_citizen", "citizen_id", "registered_at"),
        Index("ix_ticket_registered_at", "registered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(unique=True)
    intake_key: Mapped[str | None] = mapped_column(unique=True)
    query_code_mac: Mapped[bytes]
    query_failures: Mapped[int] = mapped_column(default=0)
    query_locked_until: Mapped[datetime | None]
    external_platform: Mapped[str | None]
    external_number: Mapped[str | None]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"))

    city: Mapped[str]
    channel: Mapped[str]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    registered_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    first_contact_owner: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    registered_at: Mapped[datetime]

    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizen.id"))
    anonymous: Mapped[bool] = mapped_column(default=False)
    confidential: Mapped[bool] = mapped_column(default=False)
    wants_reply: Mapped[bool] = mapped_column(default=True)

    kind: Mapped[str]
    title: Mapped[str]
    content_sealed: Mapped[bytes]
    content_redacted: Mapped[str]
    place_sealed: Mapped[bytes | None]
    region: Mapped[str | None]
    happened: Mapped[str | None]
    urgency: Mapped[str] = mapped_column(default=Urgency.NORMAL)
    evidence: Mapped[dict[str, Any]]

    status: Mapped[str] = mapped_column(default=Status.REGISTERED)
    version: Mapped[int] = mapped_column(default=0)
    lead_department: Mapped[str | None]
    first_department: Mapped[str | None]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    handler_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    rework_count: Mapped[int] = mapped_column(default=0)
    return_count: Mapped[int] = mapped_column(default=0)
    ruled_department: Mapped[str | None]
    accused_department: Mapped[str | None]

    profile: Mapped[str]
    promised_at: Mapped[datetime]
    sign_due: Mapped[datetime | None]
    finish_due: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    first_contact_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    reason_code: Mapped[str | None]
    outcome_code: Mapped[str | None]
    answer_sealed: Mapped[bytes | None]
    answer_basis: Mapped[str | None]
