"""The progress query (进度查询) for everybody who has the number and its query code, or the phone number."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.pages import PAGES, render
from integrations.consoles.words import now
from integrations.limits import Buckets, visitor
from integrations.middleware import status_of
from ticketing import queries
from ticketing.attachment_views import of_visitor
from ticketing.errors import HotlineError, Invalid, NotFound, TooManyAttempts
from ticketing.queries import Progress
from ticketing.workflow import FINAL

QUERIES = web.AppKey("progress_queries", Buckets)
_CODE_DIGITS = 6


def new_buckets() -> Buckets:
    """How often one address may ask, over all tickets; each ticket has its own lock besides."""
    return Buckets(burst=20, per_second=0.2)


async def progress_page(request: web.Request) -> web.Response:
    """`GET /t[?number=…]`."""
    return shown(request, number=request.query.get("number", "")[:40])


async def find(request: web.Request) -> web.Response:
    """`POST /t`: the ticket's steps in plain words, or what to do when nothing was found."""
    number = ""
    try:
        form = await forms.read(request)
        number = form.plain("number", 40)
        found = await _find(request, number, form.plain("secret", 40))
    except HotlineError as error:
        words = request.app[PAGES].words.error(error)
        return shown(request, status=status_of(error), number=number, error=words)
    return await opened(request, found)


async def opened(request: web.Request, found: Progress, *, status: int = 200, **told: str) -> web.Response:
    """The ticket's page for who has proved to know it; for half an hour it takes materials (补充材料)."""
    house = request.app[HOUSE]
    files = await house.database.reading(of_visitor, found.ticket_id)
    pass_ = None if found.status in FINAL else signer(house.secret).dumps(str(found.ticket_id))
    return shown(request, status=status, number=found.number, found=found, files=files, upload=pass_, **told)


def signer(secret: bytes) -> URLSafeTimedSerializer:
    """Signs which ticket a page may add to."""
    return URLSafeTimedSerializer(secret, salt="citizen-materials")


def shown(request: web.Request, *, status: int = 200, number: str = "", **values: Any) -> web.Response:
    """The page with what there is to show."""
    blank: dict[str, Any] = {"found": None, "error": None, "told": None, "files": (), "upload": None}
    return render(request, "progress.html", status=status, number=number, **blank | values)


async def _find(request: web.Request, number: str, secret: str) -> Progress:
    if not number or not secret:
        raise Invalid("progress_missing", field="number")
    if not request.app[QUERIES].allow(visitor(request)):
        raise TooManyAttempts("progress_too_fast")
    found = await request.app[HOUSE].database.writing(_progress, number, secret)
    if found is None:
        raise NotFound("progress_not_found")
    return found


def _progress(session: Session, number: str, secret: str) -> Progress | None:
    if len(secret) == _CODE_DIGITS:
        return queries.progress(session, number, code=secret, now=now())
    return queries.progress(session, number, phone=secret, now=now())
