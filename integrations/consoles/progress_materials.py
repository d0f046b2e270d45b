"""Materials a citizen adds on the progress page (补充材料), with the pass that the page was given with its answer."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from itsdangerous import BadData
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.attachments import UPLOAD, taken_in
from integrations.consoles.pages import PAGES
from integrations.consoles.progress import QUERIES, opened, shown, signer
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from integrations.limits import visitor
from integrations.middleware import status_of
from ticketing.attachments import Content, Origin, add
from ticketing.errors import Conflict, Forbidden, HotlineError, Invalid, TooManyAttempts
from ticketing.models import AttachmentPart, Role, Status, Ticket
from ticketing.progress import Progress, of_ticket
from ticketing.workflow import FINAL, Actor

_PASS_SECONDS = 1800
_CITIZEN = Actor(Role.CITIZEN)


async def upload(request: web.Request) -> web.Response:
    """`POST /t/materials?pass=…`: the files become the ticket's; nothing is read of a body without a pass."""
    house, words = request.app[HOUSE], request.app[PAGES].words
    try:
        if not request.app[QUERIES].allow(visitor(request)):
            raise TooManyAttempts("uploads_too_fast")
        ticket_id = _ticket_of(house.secret, request.query.get("pass", "")[:400])
    except HotlineError as error:
        return shown(request, status=status_of(error), error=words.error(error))
    try:
        with await forms.read(request, UPLOAD) as form:
            files = await taken_in(request, form)
        if not files:
            raise Invalid("file_missing", field="uploads")
        await house.database.writing(_add, ticket_id, files)
    except HotlineError as error:
        found = await house.database.reading(_found, ticket_id)
        return await opened(request, found, status=status_of(error), error=words.error(error))
    await after_change(request)
    told = words.replies.text("attachments.thanks", count=len(files))
    return await opened(request, await house.database.reading(_found, ticket_id), told=told)


def _ticket_of(secret: bytes, given: str) -> UUID:
    try:
        return UUID(signer(secret).loads(given, max_age=_PASS_SECONDS))
    except BadData as error:
        raise Forbidden("upload_expired") from error


def _found(session: Session, ticket_id: UUID) -> Progress:
    return of_ticket(session, session.get_one(Ticket, ticket_id))


def _add(session: Session, ticket_id: UUID, files: tuple[Content, ...]) -> None:
    if Status(session.get_one(Ticket, ticket_id).status) in FINAL:
        raise Conflict("ticket_is_over")
    for content in files:
        add(session, content, Origin(AttachmentPart.SUPPLEMENT, _CITIZEN, ticket_id=ticket_id), now())
