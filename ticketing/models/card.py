"""Cards (红黄牌) and exclusions (考核剔除): what counts against a department, and what does not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Colour(StrEnum):
    """黄牌, 红牌."""

    YELLOW = "yellow"
    RED = "red"


class CardStatus(StrEnum):
    """拟发, 已发, 不予发牌, 申诉中, 申诉未采纳, 已撤销."""

    PROPOSED = "proposed"
    ISSUED = "issued"
    DISMISSED = "dismissed"
    APPEALED = "appealed"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"


class Card(Base):
    """A card for a department: a rule proposes it with its evidence, a person issues it."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("ticket_id", "rule", "occasion"),
        Index("ix_card_status", "status", "department"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    department: Mapped[str]
    colour: Mapped[str]
    status: Mapped[str] = mapped_column(default=CardStatus.PROPOSED)
    rule: Mapped[str]
    occasion: Mapped[int]
    evidence: Mapped[dict[str, Any]]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    note_sealed: Mapped[bytes | None]
    appeal_sealed: Mapped[bytes | None]
    appealed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    appealed_at: Mapped[datetime | None]
    ruled_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ruled_at: Mapped[datetime | None]
    ruling_sealed: Mapped[bytes | None]


class ExclusionStatus(StrEnum):
    """待审定, 已剔除, 不予剔除, 申诉中, 申诉未采纳."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    APPEALED = "appealed"
    UPHELD = "upheld"


class Exclusion(Base):
    """考核剔除: a ticket that shall not count against its department, with the reason and the evidence."""

    __tablename__ = "exclusion"
    __table_args__ = (Index("ix_exclusion_ticket", "ticket_id"), Index("ix_exclusion_status", "status", "department"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    department: Mapped[str]
    status: Mapped[str] = mapped_column(default=ExclusionStatus.PENDING)
    reason_code: Mapped[str]
    evidence_sealed: Mapped[bytes]
    files: Mapped[list[Any]]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    decision_sealed: Mapped[bytes | None]
    appeal_sealed: Mapped[bytes | None]
    appealed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    appealed_at: Mapped[datetime | None]
    ruled_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ruled_at: Mapped[datetime | None]
    ruling_sealed: Mapped[bytes | None]
