"""The citizen (诉求人): who asked, sealed at rest."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Citizen(Base):
    """A person known by a phone number; `phone_index` is a keyed blind index, so equal numbers meet unseen.

    `prefers` is the channel the citizen wants to be told on, `hours` when calls are welcome (`9-12`); none: any.
    """

    __tablename__ = "citizen"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    phone_index: Mapped[bytes] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes]
    name_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    prefers: Mapped[str | None]
    hours: Mapped[str | None]
