"""Webhooks (事件推送): where other systems are told of events, and the log of what they were told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class HookStatus(StrEnum):
    """Of one delivery: 待推送, 已送达, 重试中, 已放弃, 已停用."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    DEAD = "dead"
    STOPPED = "stopped"


class Webhook(Base):
    """One address of another system; after a rotation the former secret signs beside the new one for a while."""

    __tablename__ = "webhook"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    topics: Mapped[list[Any]]
    secret_sealed: Mapped[bytes]
    former_secret_sealed: Mapped[bytes | None]
    former_until: Mapped[datetime | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one address; its id is the receiver's `webhook-id`, its body is what is signed, byte for byte."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_log", "webhook_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id"))
    key: Mapped[str] = mapped_column(unique=True)
    topic: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    http_status: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
