"""A citizen's own tickets (我的工单) by phone and a code sent to it: for those who kept no number and no query code."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.pages import PAGES, render
from integrations.consoles.words import now
from integrations.limits import Buckets, visitor
from integrations.middleware import status_of
from ticketing import citizens, one_time_codes
from ticketing.errors import HotlineError, Invalid, TooManyAttempts
from ticketing.one_time_codes import For
from ticketing.progress import Progress, of_citizen
from ticketing.texts import mobile

CODES = web.AppKey("code_requests", Buckets)


def new_buckets() -> Buckets:
    """How often one address may ask for codes or try them, over all phones."""
    return Buckets(burst=10, per_second=0.05)


def add(app: web.Application) -> None:
    """Add the pages; without a provider of texts they answer 404."""
    app[CODES] = new_buckets()
    app.add_routes([web.get("/t/mine", ask_phone), web.post("/t/mine/code", send_code), web.post("/t/mine", show_mine)])


async def ask_phone(request: web.Request) -> web.Response:
    """`GET /t/mine`."""
    _offered(request)
    return _page(request)


async def send_code(request: web.Request) -> web.Response:
    """`POST /t/mine/code`: the same answer for every phone, known or not, asked once or too often."""
    _offered(request)
    try:
        phone = await _phone(request)
    except HotlineError as error:
        return _refused(request, error)
    await request.app[HOUSE].database.writing(_send, phone)
    request.app[HOUSE].wake()
    return _page(request, phone=phone)


async def show_mine(request: web.Request) -> web.Response:
    """`POST /t/mine`: the tickets, once the code is right."""
    _offered(request)
    phone = ""
    try:
        phone = await _phone(request)
        code = (await forms.read(request)).plain("code", 12)
        mine = await request.app[HOUSE].database.writing(_mine, phone, code)
        if mine is None:
            raise Invalid("code_wrong", field="code")
    except HotlineError as error:
        return _refused(request, error, phone=phone)
    return _page(request, mine=mine)


def _send(session: Session, phone: str) -> None:
    if citizens.known(session, phone) is None:
        return
    try:
        one_time_codes.send(session, phone, For.PROGRESS, now())
    except TooManyAttempts:
        return  # saying so would tell that the phone is known


def _mine(session: Session, phone: str, code: str) -> tuple[Progress, ...] | None:
    if not one_time_codes.proves(session, phone, For.PROGRESS, code, now()):
        return None
    citizen = citizens.known(session, phone)
    return of_citizen(session, citizen) if citizen else ()


async def _phone(request: web.Request) -> str:
    if not request.app[CODES].allow(visitor(request)):
        raise TooManyAttempts("progress_too_fast")
    phone = mobile(citizens.read_phone((await forms.read(request)).plain("phone", 40)))
    if phone is None:
        raise Invalid("phone_not_mobile", field="phone")
    return phone


def _offered(request: web.Request) -> None:
    if not request.app[HOUSE].settings.texts:
        raise web.HTTPNotFound


def _refused(request: web.Request, error: HotlineError, phone: str = "") -> web.Response:
    words = request.app[PAGES].words.error(error)
    return _page(request, status=status_of(error), error=words, phone=phone)


def _page(request: web.Request, *, status: int = 200, **values: Any) -> web.Response:
    blank: dict[str, Any] = {"phone": "", "mine": None, "error": None}
    return render(request, "my_tickets.html", status=status, **blank | values)
