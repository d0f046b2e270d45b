"""Attachments (附件) over the API: give a ticket a file, list its files with their hashes, fetch one with a purpose."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from integrations import attachments
from integrations.api.access import BEARER
from integrations.api.fields import Given, Moment, Name, Number, Once, Short, Told
from integrations.api.surface import API
from integrations.api.tickets import TicketPath
from integrations.bootstrap import HOUSE
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import attachment_views, queries
from ticketing.api_tokens import Bearer, Scope
from ticketing.attachment_views import AttachmentView, Opening
from ticketing.attachments import Content, Origin, add
from ticketing.errors import Invalid, NotFound
from ticketing.models import AttachmentPart

_MOST_BYTES = 20 * 1024 * 1024
_MOST_LETTERS = (_MOST_BYTES + 2) // 3 * 4
_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
Base64 = Annotated[
    str,
    StringConstraints(min_length=4, max_length=_MOST_LETTERS, pattern=_BASE64),
    Field(json_schema_extra={"contentEncoding": "base64"}),
]


class AttachmentPath(Given):
    """One attachment of a ticket."""

    number: Number
    id: UUID


class PurposeQuery(Given):
    """What a file is fetched for; needed where the ticket is confidential, and kept in its history."""

    purpose: Short | None = None


class NewAttachment(Given):
    """A file of at most 20 MB; its type is read from its bytes, the name is only shown."""

    name: Name
    content: Base64


class AttachmentLine(Told):
    """One file of a ticket."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    part: str
    department: str | None
    created_at: Moment


class AttachmentList(Told):
    """The files the account may see; `withheld` may name a confidential reporter and wait for their release."""

    attachments: list[AttachmentLine]
    withheld: int


class FetchedAttachment(Told):
    """A file with its bytes; of a confidential reporter's photo a department gets a copy without place and time."""

    name: str
    media_type: str
    content: str


@API.operation("GET", "/tickets/{number}/attachments", Scope.TICKETS_READ)
async def list_attachments(request: web.Request, path: TicketPath) -> AttachmentList:
    """The files of a ticket with their hashes."""
    found = await request.app[HOUSE].database.reading(_listed, request[BEARER], path.number)
    return AttachmentList(
        attachments=[AttachmentLine.model_validate(one) for one in found.shown], withheld=found.withheld
    )


@API.operation(
    "POST", "/tickets/{number}/attachments", Scope.TICKETS_WRITE, status=201, errors=(409, 503), room=_MOST_LETTERS
)
async def add_attachment(request: web.Request, path: TicketPath, header: Once, body: NewAttachment) -> AttachmentLine:
    """Give a ticket a file.

    The same Idempotency-Key gives the first one again; with another file it is refused (409).
    """
    house, bearer = request.app[HOUSE], request[BEARER]
    ticket_id = await house.database.reading(_open_ticket, bearer, path.number)
    content = await attachments.receive(house, _bytes_of(body.content), body.name, now())
    key = f"api:{bearer.token_id}:{header.key}"
    made = await house.database.writing(_add, bearer, ticket_id, content, key)
    await after_change(request)
    return AttachmentLine.model_validate(made)


@API.operation("GET", "/tickets/{number}/attachments/{id}", Scope.TICKETS_READ, errors=(503,))
async def fetch_attachment(request: web.Request, path: AttachmentPath, query: PurposeQuery) -> FetchedAttachment:
    """One file with its bytes; the look becomes an event of the ticket."""
    house = request.app[HOUSE]
    opening = await house.database.writing(_open, request[BEARER], path, query.purpose or "")
    handout = attachments.copy if opening.copy else attachments.original
    file = await asyncio.to_thread(handout, house, opening.view)
    content = base64.b64encode(file.data).decode()
    return FetchedAttachment(name=file.name, media_type=file.media_type, content=content)


def _listed(session: Session, bearer: Bearer, number: str) -> attachment_views.Materials:
    return attachment_views.of_ticket(session, bearer.actor, queries.ticket_id(session, bearer.actor, number))


def _open_ticket(session: Session, bearer: Bearer, number: str) -> UUID:
    ticket_id = queries.ticket_id(session, bearer.actor, number)
    attachment_views.require_open(session, bearer.actor, ticket_id)
    return ticket_id


def _add(session: Session, bearer: Bearer, ticket_id: UUID, content: Content, key: str) -> AttachmentView:
    return add(session, content, Origin(AttachmentPart.EVIDENCE, bearer.actor, key, ticket_id=ticket_id), now())


def _open(session: Session, bearer: Bearer, path: AttachmentPath, purpose: str) -> Opening:
    ticket_id = queries.ticket_id(session, bearer.actor, path.number)
    opening = attachment_views.open_one(session, bearer.actor, path.id, purpose, now())
    if opening.view.ticket_id != ticket_id:
        raise NotFound("attachment_not_found")
    return opening


def _bytes_of(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Invalid("invalid", field="content") from error
