"""Attachments (附件): photos, recordings, videos and papers as evidence — whose they are, what for, who may see them.

The bytes lie sealed in a storage that the layer above knows; here are the rows and the rules. Every hash stands in the
ticket's audit chain, so a changed file is found; an original is opened with a purpose, and the look is in the chain.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.attachment_views import SELECT, AttachmentView, one_of, views_of
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.file_types import FileType, file_type
from ticketing.models import Attachment, AttachmentPart, Blob, Medium, Role, Ticket, new_id
from ticketing.pictures import picture
from ticketing.privacy import keyed_hash, seal, seal_json
from ticketing.reminders import remind
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import FINAL, Actor

MAX_FILES = 9
MAX_OF_TICKET = 100
MAX_BYTES_OF_TICKET = 300 * 1024 * 1024
MAX_UNSENT = 20
ORPHANED = timedelta(days=1)
FRESH = timedelta(minutes=30)
SAME_TALK = timedelta(hours=12)
_MAX_NAME = 60
_CITIZEN = Actor(Role.CITIZEN)
_BLOB, _ATTACHMENT = table_of(Blob), table_of(Attachment)
_STORE = insert_or_skip(_BLOB, "sha256", returning=[_BLOB.c.sha256])
_ADD = insert_or_skip(_ATTACHMENT, "key", returning=[_ATTACHMENT.c.id])


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was looked at: what it is, its hash, its name as it may be shown, and its thumbnail."""

    sha256: bytes
    kind: FileType
    size: int
    name: str
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attachment comes from and what it belongs to; `address` is a channel and its address, not yet sent."""

    part: AttachmentPart
    actor: Actor
    key: str | None = None
    address: tuple[str, str] | None = None
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    ticket_id: UUID | None = None
    part_id: UUID | None = None


def examine(data: bytes, name: str) -> Content:
    """Look at a file's bytes: its type, hash, thumbnail and what a photo says of itself; or why it is refused."""
    kind = file_type(data)
    digest, shown = hashlib.sha256(data).digest(), clean_name(name, kind.extension)
    seen = picture(data, kind) if kind.medium is Medium.IMAGE else None
    if seen is None:
        return Content(digest, kind, len(data), shown)
    return Content(digest, kind, len(data), shown, seen.width, seen.height, seen.thumbnail, seen.metadata)


def clean_name(name: str, extension: str) -> str:
    """A name to show: no path, no invisible characters, and the extension of what the file really is."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and unicodedata.category(c) != "Cf" and c not in '<>:"|?*')
    stem = kept.rsplit(".", 1)[0].strip(". ")[:_MAX_NAME]
    return f"{stem or 'file'}.{extension}"


def claim(session: Session, content: Content, now: datetime) -> None:
    """Make or renew the row of some bytes, before they are stored: the sweep leaves them alone for a day."""
    again = update(_BLOB).where(_BLOB.c.sha256 == content.sha256).values(claimed_at=now).returning(_BLOB.c.sha256)
    if session.execute(again).first() is not None:
        return
    row = {
        "sha256": content.sha256,
        "medium": content.kind.medium,
        "media_type": content.kind.media_type,
        "extension": content.kind.extension,
        "size": content.size,
        "width": content.width,
        "height": content.height,
        "has_thumbnail": content.thumbnail is not None,
        "metadata_sealed": seal_json(session, dict(content.metadata)) if content.metadata else None,
        "claimed_at": now,
    }
    if session.execute(_STORE[dialect_of(session)], row).first() is None:
        session.execute(again)


def add(session: Session, content: Content, origin: Origin, now: datetime) -> AttachmentView:
    """Record one use of stored bytes; the same key gives the first row again. On a ticket it becomes an event."""
    address = keyed_hash(session, "address", "\0".join(origin.address)) if origin.address else None
    if origin.key is not None and (first := _by_key(session, origin.key)) is not None:
        return _same(first, content)
    if address is not None:
        _check_unsent(session, address)
    if origin.ticket_id is not None:
        _check_room(session, origin.ticket_id, content.size)
    row = {
        "id": new_id(),
        "key": origin.key,
        "sha256": content.sha256,
        "name_sealed": seal(session, content.name),
        "part": origin.part,
        "part_id": origin.part_id,
        "address_index": address,
        "conversation_id": origin.conversation_id,
        "message_id": origin.message_id,
        "ticket_id": origin.ticket_id,
        "by_role": origin.actor.role,
        "staff_id": origin.actor.staff_id,
        "department": origin.actor.department,
        "created_at": now,
    }
    if session.execute(_ADD[dialect_of(session)], row).first() is None and origin.key is not None:
        return _same(_by_key(session, origin.key), content)
    made = one_of(session, Attachment.id == row["id"])
    if origin.ticket_id is not None:
        _note(session, origin.ticket_id, (made,), origin.actor, now)
    return made


def bind(
    session: Session, ids: Sequence[UUID], channel: str, address: str, conversation_id: UUID, message_id: UUID
) -> None:
    """The visitor sends what they uploaded: it belongs to their message from now on."""
    if len(ids) > MAX_FILES:
        raise Invalid("too_many_files", limit=MAX_FILES)
    mine = Attachment.address_index == keyed_hash(session, "address", f"{channel}\0{address}")
    unsent = Attachment.id.in_(ids) & mine & Attachment.message_id.is_(None)
    values = {"conversation_id": conversation_id, "message_id": message_id}
    bound = session.execute(update(Attachment).where(unsent).values(values).returning(Attachment.id)).all()
    if len(bound) != len(set(ids)):
        raise NotFound("attachment_not_found")


def adopt(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> int:
    """A new ticket takes what was sent in its conversation and belongs to no ticket yet; returns how many."""
    if ticket.conversation_id is None:
        return 0
    free = Attachment.ticket_id.is_(None) & (Attachment.conversation_id == ticket.conversation_id)
    return _take(session, ticket, free & (Attachment.created_at > now - SAME_TALK), AttachmentPart.CITIZEN, actor, now)


def follow(session: Session, message_id: UUID, now: datetime) -> str | None:
    """What was sent right after a ticket was registered in the conversation, or just before, is that ticket's.

    Returns its number; None when there is no such ticket and the attachments wait for one.
    """
    own = (Attachment.message_id == message_id) & Attachment.ticket_id.is_(None)
    sent = session.execute(select(Attachment.conversation_id, Attachment.created_at).where(own).limit(1)).first()
    if sent is None or sent.conversation_id is None:
        return None
    near = (
        select(Ticket)
        .where(
            Ticket.conversation_id == sent.conversation_id,
            Ticket.registered_at > sent.created_at - FRESH,
            Ticket.status.not_in(FINAL),
        )
        .order_by(Ticket.registered_at.desc())
        .limit(1)
    )
    found = session.scalars(near).first()
    if found is None:
        return None
    ticket = record.take(session, found.id)
    _take(session, ticket, own, AttachmentPart.SUPPLEMENT, _CITIZEN, now)
    return ticket.number


def _take(
    session: Session, ticket: Ticket, which: ColumnElement[bool], part: AttachmentPart, actor: Actor, now: datetime
) -> int:
    taken = session.execute(
        update(Attachment).where(which).values(ticket_id=ticket.id, part=part).returning(Attachment.id)
    ).all()
    if taken:
        views = views_of(session, SELECT.where(Attachment.id.in_([row.id for row in taken])))
        _note(session, ticket.id, views, actor, now)
    return len(taken)


def _note(session: Session, ticket_id: UUID, views: Sequence[AttachmentView], actor: Actor, now: datetime) -> None:
    """The hashes into the audit chain; the department is told when a matter it has got new material."""
    ticket = record.take(session, ticket_id)
    files = [
        {"attachment": str(one.id), "sha256": one.sha256, "type": one.media_type, "size": one.size} for one in views
    ]
    data = {"part": views[0].part.value, "files": files}
    seq = record.write(session, ticket, "attach", actor, now, data=data, quiet=True)
    if views[0].part is AttachmentPart.SUPPLEMENT:
        to, department = ("department" if ticket.lead_department else "hotline"), ticket.lead_department
        remind(session, ticket_id, "attach", f"attach:{seq}", now, to=to, department=department)


def forget(session: Session, ticket_id: UUID) -> int:
    """Let go of a ticket's attachments when its retention ends; the sweep removes bytes that nobody uses any more."""
    gone = delete(Attachment).where(Attachment.ticket_id == ticket_id).returning(Attachment.id)
    return len(session.execute(gone).all())


def let_go(session: Session, now: datetime) -> int:
    """Forget what was uploaded a day ago and never sent; returns how many."""
    lost = Attachment.conversation_id.is_(None) & Attachment.ticket_id.is_(None)
    gone = delete(Attachment).where(lost & (Attachment.created_at <= now - ORPHANED)).returning(Attachment.id)
    return len(session.execute(gone).all())


def unused(session: Session, now: datetime, limit: int = 50) -> tuple[bytes, ...]:
    """Bytes that nobody uses and nobody has claimed for a day."""
    return tuple(session.scalars(select(Blob.sha256).where(_unused(now)).order_by(Blob.claimed_at).limit(limit)))


def discard(session: Session, sha256: bytes, now: datetime) -> bool:
    """Drop the row of unused bytes; whoever removes the bytes does it in this transaction, before a new claim."""
    gone = delete(Blob).where((Blob.sha256 == sha256) & _unused(now)).returning(Blob.sha256)
    return session.execute(gone).first() is not None


def _unused(now: datetime) -> ColumnElement[bool]:
    return (Blob.claimed_at <= now - ORPHANED) & ~exists().where(Attachment.sha256 == Blob.sha256)


def _by_key(session: Session, key: str) -> AttachmentView | None:
    found = views_of(session, SELECT.where(Attachment.key == key))
    return found[0] if found else None


def _same(first: AttachmentView | None, content: Content) -> AttachmentView:
    if first is None or first.sha256 != content.sha256.hex():
        raise Conflict("key_used")
    return first


def _check_unsent(session: Session, address: bytes) -> None:
    unsent = (Attachment.address_index == address) & Attachment.message_id.is_(None)
    if session.execute(select(func.count()).select_from(Attachment).where(unsent)).scalar_one() >= MAX_UNSENT:
        raise Conflict("too_many_unsent", limit=MAX_UNSENT)


def _check_room(session: Session, ticket_id: UUID, size: int) -> None:
    mine = select(func.count(), func.coalesce(func.sum(Blob.size), 0)).join_from(Attachment, Blob)
    count, total = session.execute(mine.where(Attachment.ticket_id == ticket_id)).one()
    if count >= MAX_OF_TICKET or total + size > MAX_BYTES_OF_TICKET:
        raise Conflict("ticket_is_full", limit=MAX_OF_TICKET)
