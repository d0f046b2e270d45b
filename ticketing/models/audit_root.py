"""The daily root (日根) over all events: what was cut off a chain's end shows here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class AuditRoot(Base):
    """One hash over all events written up to `through_id` since the root before it, that root included."""

    __tablename__ = "audit_root"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    day: Mapped[str] = mapped_column(unique=True)
    through_id: Mapped[UUID]
    events: Mapped[int]
    root: Mapped[bytes]
    previous_root: Mapped[bytes]
    made_at: Mapped[datetime]
