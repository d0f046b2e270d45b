"""Effects that leave the house (发件箱): one row a recipient, kept until done or dead."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class OutboxRow(Base):
    """One effect to carry out: `kind` names its handler, `key` makes a second request the same one.

    A worker leases the row when it starts the work; a lease that ran out means the worker died.
    Personal data goes to `payload_sealed`, never to `payload`. What was given up (`dead_at`) stays visible until a
    person tries it again or puts it aside with a reason (`discarded_at`).
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "run_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    payload_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    run_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    error: Mapped[str | None]
    discarded_at: Mapped[datetime | None]
    discarded_by: Mapped[UUID | None]
    discard_reason: Mapped[str | None]
