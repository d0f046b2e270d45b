"""Attachments (附件): the bytes are stored once by their hash, every use of them is a row of its own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Medium(StrEnum):
    """What an attachment is to a person: 图片, 录音, 视频, 文件."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class Part(StrEnum):
    """What an attachment is to its ticket: the citizen's own, 补充材料, 办理证据, 现场督办, 督办结果, 剔除证据."""

    CITIZEN = "citizen"
    SUPPLEMENT = "supplement"
    EVIDENCE = "evidence"
    VISIT = "visit"
    PROOF = "proof"
    EXCLUSION = "exclusion"


class Blob(Base):
    """Bytes in the storage, found by their SHA-256; the storage itself holds them sealed.

    `metadata_sealed` is what a photo says of itself (time, place, camera). Nobody's bytes are swept when `claimed_at`
    is more than a day ago and no attachment uses them.
    """

    __tablename__ = "blob"
    __table_args__ = (Index("ix_blob_claimed_at", "claimed_at"),)

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    medium: Mapped[str]
    media_type: Mapped[str]
    extension: Mapped[str]
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    has_thumbnail: Mapped[bool]
    metadata_sealed: Mapped[bytes | None]
    claimed_at: Mapped[datetime]


class Attachment(Base):
    """One use of some bytes: by whom, in which conversation or ticket, and what for.

    `address_index` is the visitor who uploaded it and has not sent it yet; `key` makes an upload that is sent twice
    one and the same; `part_id` is the visit, instruction or request it proves. A confidential reporter's attachment
    reaches the department only once somebody of the hotline has looked at it and released it.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_attachment_ticket_id", "ticket_id"),
        Index("ix_attachment_conversation_id", "conversation_id"),
        Index("ix_attachment_message_id", "message_id"),
        Index("ix_attachment_sha256", "sha256"),
        Index("ix_attachment_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str | None]
    sha256: Mapped[bytes] = mapped_column(ForeignKey("blob.sha256"))
    name_sealed: Mapped[bytes]
    part: Mapped[str]
    part_id: Mapped[UUID | None]
    address_index: Mapped[bytes | None]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"))
    by_role: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    department: Mapped[str | None]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
