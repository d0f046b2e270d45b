"""Reaching an address (触达) through a provider: what it still allows, its access token, the requests it sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class ChannelContact(Base):
    """One address of a channel. A provider may allow only so many messages after the citizen's last sign of life.

    `sent` counts since `heard_at`; `closed_at` and `closed_reason` say since when and why the provider refuses.
    `citizen_id` is the citizen who proved by a code that this address is theirs (绑定); `notices` the templates of
    WeChat's subscription notices (订阅通知) they accepted.
    """

    __tablename__ = "channel_contact"
    __table_args__ = (
        UniqueConstraint("channel", "address_index"),
        Index("ix_channel_contact_citizen_id", "citizen_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    address_index: Mapped[bytes]
    heard_at: Mapped[datetime | None]
    sent: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None]
    left_at: Mapped[datetime | None]
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizen.id"))
    bound_at: Mapped[datetime | None]
    notices: Mapped[list[Any] | None]


class ProviderToken(Base):
    """An access token that all processes share; who holds the lease is the one who asks for the next."""

    __tablename__ = "provider_token"

    name: Mapped[str] = mapped_column(primary_key=True)
    token_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]


class SeenRequest(Base):
    """A signed request of a provider: its proof may come again with the same content, never with another."""

    __tablename__ = "seen_request"
    __table_args__ = (Index("ix_seen_request_at", "at"),)

    proof: Mapped[bytes] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    at: Mapped[datetime]
