"""How a message to a citizen travels (触达): one row a message, with the way chosen, why, and what was tried before."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class DeliveryStatus(StrEnum):
    """已安排, 已发出, 已送达, 没有可用的方式."""

    PLANNED = "planned"
    SENT = "sent"
    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"


class Delivery(Base):
    """One message to one citizen. `channel` and `reason` are the way taken now; `tried` are the ways that failed.

    `body_sealed` holds the words and the blanks, so that another way can carry the same message.
    """

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("key"), Index("ix_delivery_ticket_id", "ticket_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    purpose: Mapped[str]
    urgent: Mapped[bool]
    status: Mapped[str] = mapped_column(default=DeliveryStatus.PLANNED)
    channel: Mapped[str | None]
    reason: Mapped[str]
    tried: Mapped[list[Any]]
    run_at: Mapped[datetime | None]
    body_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SmsStatus(StrEnum):
    """One vocabulary for every provider: 待发, 已提交, 已送达, 未送达, 被拒绝, 未发送 (no provider)."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


class SmsMessage(Base):
    """One text message (短信); the provider's receipts find it by its id, in whatever order they come."""

    __tablename__ = "sms_message"
    __table_args__ = (UniqueConstraint("key"), Index("ix_sms_message_delivery_id", "delivery_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    city: Mapped[str]
    template: Mapped[str]
    delivery_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery.id"))
    provider: Mapped[str]
    external_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=SmsStatus.QUEUED)
    code: Mapped[str | None]
    segments: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SmsBudget(Base):
    """How many segments a city has used on one of its days."""

    __tablename__ = "sms_budget"

    city: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    segments: Mapped[int]
