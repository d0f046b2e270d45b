"""Seeing attachments (查看附件): views bounded as the ticket's page is, and the look that leaves a trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, update
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound
from ticketing.models import Attachment, AttachmentPart, Blob, Medium, Role, Status, Ticket
from ticketing.privacy import keyed_hash, unseal, unseal_json
from ticketing.queries import EVERYTHING, visible
from ticketing.workflow import FINAL, Actor

MAX_PURPOSE = 200
CITIZENS = frozenset({AttachmentPart.CITIZEN, AttachmentPart.SUPPLEMENT})
"""What the citizen gave; of a confidential matter it may say who they are."""
_RELEASERS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment as a screen shows it; `metadata` is the photo's time and place, for officers alone."""

    id: UUID
    sha256: str
    name: str
    medium: Medium
    media_type: str
    extension: str
    size: int
    has_thumbnail: bool
    part: AttachmentPart
    part_id: UUID | None
    by_role: str
    department: str | None
    created_at: datetime
    released: bool
    metadata: Mapping[str, Any]
    ticket_id: UUID | None
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Materials:
    """A ticket's attachments for one person; `withheld` are those a department sees only once they are released."""

    shown: tuple[AttachmentView, ...]
    withheld: int


@dataclass(frozen=True, slots=True)
class Opening:
    """An attachment that may be handed out now; `copy` says that only a redrawn picture may leave."""

    view: AttachmentView
    copy: bool


def of_ticket(session: Session, actor: Actor, ticket_id: UUID) -> Materials:
    """The attachments of a ticket as far as this person may see them; for others the ticket does not exist."""
    ticket = _visible(session, actor, ticket_id)
    views = views_of(session, SELECT.where(Attachment.ticket_id == ticket_id))
    shown = [_shown(one, ticket, actor) for one in views if _may_see(one, ticket, actor)]
    return Materials(tuple(shown), len(views) - len(shown))


def of_visitor(session: Session, ticket_id: UUID) -> tuple[AttachmentView, ...]:
    """What the citizen themselves gave to a ticket, for who has proved to know its code."""
    own = (Attachment.ticket_id == ticket_id) & Attachment.part.in_(CITIZENS)
    return views_of(session, SELECT.where(own))


def of_messages(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, tuple[AttachmentView, ...]]:
    """The attachments of some messages, for the window they are shown in."""
    found: dict[UUID, list[AttachmentView]] = defaultdict(list)
    for one in views_of(session, SELECT.where(Attachment.message_id.in_(message_ids))) if message_ids else ():
        if one.message_id is not None:
            found[one.message_id].append(one)
    return {message: tuple(several) for message, several in found.items()}


def of_address(session: Session, channel: str, address: str, attachment_id: UUID) -> AttachmentView:
    """One attachment of this very visitor."""
    mine = Attachment.address_index == keyed_hash(session, "address", f"{channel}\0{address}")
    return one_of(session, (Attachment.id == attachment_id) & mine)


def peek(session: Session, actor: Actor, attachment_id: UUID) -> AttachmentView:
    """An attachment whose thumbnail may be shown without a purpose; never a confidential reporter's."""
    view = one_of(session, Attachment.id == attachment_id)
    if view.ticket_id is None:
        if actor.role not in EVERYTHING:
            raise NotFound("attachment_not_found")
        return view
    ticket = _visible(session, actor, view.ticket_id)
    if not _may_see(view, ticket, actor):
        raise NotFound("attachment_not_found")
    if ticket.confidential and view.part in CITIZENS:
        raise Forbidden("purpose_needed")
    return view


def open_one(session: Session, actor: Actor, attachment_id: UUID, purpose: str, now: datetime) -> Opening:
    """Hand out an attachment to who may see it; the look and its purpose become an event of the ticket."""
    view = one_of(session, Attachment.id == attachment_id)
    if view.ticket_id is None:
        return Opening(peek(session, actor, attachment_id), copy=False)
    ticket = _visible(session, actor, view.ticket_id)
    if not _may_see(view, ticket, actor):
        raise NotFound("attachment_not_found")
    why = purpose.strip()[:MAX_PURPOSE]
    if ticket.confidential and not why:
        raise Invalid("field_missing", field="purpose")
    copy = ticket.confidential and actor.role not in EVERYTHING and view.medium is Medium.IMAGE
    data = {"attachment": str(view.id), "sha256": view.sha256, "purpose": why, "copy": copy}
    record.write(session, record.take(session, ticket.id), "open_attachment", actor, now, data=data, quiet=True)
    return Opening(_shown(view, ticket, actor), copy)


def release(session: Session, actor: Actor, attachment_id: UUID, ticket_id: UUID, now: datetime) -> None:
    """Let the department see a confidential reporter's attachment, after somebody has looked that it names nobody."""
    if actor.role not in _RELEASERS:
        raise Forbidden("role_may_not", role=actor.role.value, action="release_attachment")
    view = one_of(session, (Attachment.id == attachment_id) & (Attachment.ticket_id == ticket_id))
    ticket = record.take(session, ticket_id)
    free = (Attachment.id == view.id) & Attachment.released_at.is_(None)
    values = {"released_at": now, "released_by": actor.staff_id}
    if session.execute(update(Attachment).where(free).values(values).returning(Attachment.id)).first() is None:
        raise Conflict("nothing_to_change")
    data = {"attachment": str(view.id), "sha256": view.sha256}
    record.write(session, ticket, "release_attachment", actor, now, data=data, quiet=True)


def require_open(session: Session, actor: Actor, ticket_id: UUID) -> None:
    """Whether this person may add to the ticket: it is theirs to see, and for a department not over."""
    ticket = _visible(session, actor, ticket_id)
    if actor.role not in EVERYTHING and Status(ticket.status) in FINAL:
        raise Conflict("ticket_is_over")


SELECT: Select[Attachment, Blob] = (
    select(Attachment, Blob).join(Blob, Blob.sha256 == Attachment.sha256).order_by(Attachment.created_at, Attachment.id)
)


def views_of(session: Session, query: Select[Attachment, Blob]) -> tuple[AttachmentView, ...]:
    """The views of what a query on `SELECT` finds, oldest first."""
    fresh = query.execution_options(populate_existing=True)
    return tuple(_view(session, row) for row in session.execute(fresh))


def one_of(session: Session, which: ColumnElement[bool]) -> AttachmentView:
    """The one attachment that fits; for everybody else it does not exist."""
    found = views_of(session, SELECT.where(which))
    if not found:
        raise NotFound("attachment_not_found")
    return found[0]


def _view(session: Session, row: Row[Attachment, Blob]) -> AttachmentView:
    one, blob = row
    return AttachmentView(
        id=one.id,
        sha256=blob.sha256.hex(),
        name=unseal(session, one.name_sealed),
        medium=Medium(blob.medium),
        media_type=blob.media_type,
        extension=blob.extension,
        size=blob.size,
        has_thumbnail=blob.has_thumbnail,
        part=AttachmentPart(one.part),
        part_id=one.part_id,
        by_role=one.by_role,
        department=one.department,
        created_at=one.created_at,
        released=one.released_at is not None,
        metadata=unseal_json(session, blob.metadata_sealed) if blob.metadata_sealed else {},
        ticket_id=one.ticket_id,
        message_id=one.message_id,
    )


def _visible(session: Session, actor: Actor, ticket_id: UUID) -> Ticket:
    ticket = session.execute(select(Ticket).where(Ticket.id == ticket_id, visible(actor))).scalar_one_or_none()
    if ticket is None:
        raise NotFound("ticket_not_found")
    return ticket


def _may_see(one: AttachmentView, ticket: Ticket, actor: Actor) -> bool:
    """A confidential matter reaches a department only by its own hand or released."""
    if actor.role in EVERYTHING or not ticket.confidential:
        return True
    return one.released or (one.department is not None and one.department == actor.department)


def _shown(one: AttachmentView, ticket: Ticket, actor: Actor) -> AttachmentView:
    """For a department, a confidential reporter's file has no name of theirs and no place."""
    if actor.role in EVERYTHING or not ticket.confidential or one.part not in CITIZENS:
        return one
    return replace(one, name=f"{one.sha256[:8]}.{one.extension}", metadata={})
