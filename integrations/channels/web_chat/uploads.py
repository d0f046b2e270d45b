"""Files of the web chat (上传附件): uploaded with the visitor's session, sent with a message, seen by that visitor."""

from __future__ import annotations

import asyncio
import re
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations import attachments
from integrations.bootstrap import HOUSE, House
from integrations.channels.web_chat.frames import attached
from integrations.channels.web_chat.visitors import session_of
from integrations.consoles import forms
from integrations.consoles.words import now
from integrations.limits import Buckets, visitor
from ticketing import attachment_views
from ticketing.attachment_views import AttachmentView
from ticketing.attachments import Content, Origin, add
from ticketing.errors import Forbidden, Invalid, TooManyAttempts
from ticketing.file_types import MAX_FILE
from ticketing.models import AttachmentPart, Role
from ticketing.workflow import Actor

CHANNEL = "web"
UPLOADS = web.AppKey("chat_uploads", Buckets)
UPLOADS_FROM = web.AppKey("chat_uploads_from", Buckets)
_ROOM = 64 * 1024  # what a form has around its file
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CITIZEN = Actor(Role.CITIZEN)


def new_buckets() -> Buckets:
    """How often one visitor may upload: a handful of photos at once, then one every few seconds."""
    return Buckets(burst=20, per_second=0.2)


def new_place_buckets() -> Buckets:
    """How often one network address may: a hall full of people, but not somebody who makes up sessions."""
    return Buckets(burst=200, per_second=1)


async def upload(request: web.Request) -> web.Response:
    """`POST /chat/attachments` with `file` and the `id` the browser gave it: kept for the message to come."""
    address = _address(request)
    if not (request.app[UPLOADS].allow(address) and request.app[UPLOADS_FROM].allow(visitor(request))):
        raise TooManyAttempts("uploads_too_fast")
    form = await forms.read(request, MAX_FILE + _ROOM)
    name, data = form.upload("file")
    key = form.text("id")
    if not _KEY.fullmatch(key):
        raise Invalid("bad_form", field="id")
    house = request.app[HOUSE]
    content = await attachments.receive(house, data, name, now())
    view = await house.database.writing(_add, content, address, key)
    return web.json_response(attached(view), status=201)


def _add(session: Session, content: Content, address: str, key: str) -> AttachmentView:
    origin = Origin(AttachmentPart.CITIZEN, _CITIZEN, f"{CHANNEL}:{address[:16]}:{key}", (CHANNEL, address))
    return add(session, content, origin, now())


async def small(request: web.Request) -> web.Response:
    """`GET /chat/attachments/{id}/thumbnail`."""
    house, view = request.app[HOUSE], await _mine(request)
    return attachments.inline(await asyncio.to_thread(attachments.thumbnail, house, view))


async def whole(request: web.Request) -> web.Response:
    """`GET /chat/attachments/{id}`: the visitor's own file back."""
    house, view = request.app[HOUSE], await _mine(request)
    return attachments.download(await asyncio.to_thread(attachments.original, house, view))


async def _mine(request: web.Request) -> AttachmentView:
    house: House = request.app[HOUSE]
    wanted = UUID(request.match_info["id"])
    return await house.database.reading(attachment_views.of_address, CHANNEL, _address(request), wanted)


def _address(request: web.Request) -> str:
    address = session_of(request)
    if address is None:
        raise Forbidden("upload_session")
    return address
