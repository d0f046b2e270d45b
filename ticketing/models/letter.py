"""A letter (来信) by e-mail or from the form: taken in once, kept until it is a ticket, remembered for its thread."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class LetterStatus(StrEnum):
    """已收到, 已立案, 已并入原工单, 不受理 (an automatic letter, a list), 退信, 重复, 邮箱起点."""

    STORED = "stored"
    TICKET = "ticket"
    SUPPLEMENT = "supplement"
    REFUSED = "refused"
    BOUNCE = "bounce"
    DOUBLE = "double"
    START = "start"


class Letter(Base):
    """One letter. `uid` is its place in the mailbox under `validity` (UIDVALIDITY), so none is fetched twice.

    `identity` makes the same letter fetched from two places one; `message_index` is its Message-ID, which later letters
    refer to. `raw_sealed` is the letter as it came, let go of when its ticket has everything. `answered_at` counts how
    often an address is answered.
    """

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("mailbox", "validity", "uid"),
        UniqueConstraint("identity"),
        Index("ix_letter_message_index", "message_index"),
        Index("ix_letter_address_index", "address_index"),
        Index("ix_letter_ticket_id", "ticket_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    mailbox: Mapped[str]
    validity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    identity: Mapped[bytes | None]
    message_index: Mapped[bytes | None]
    address_index: Mapped[bytes | None]
    raw_sealed: Mapped[bytes | None]
    whole: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str]
    reason: Mapped[str | None]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"))
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
