"""Who may open which console page (权限): nobody, unless the route's entry in the table names their role.

The cookie holds a signed random token; everything else about the log-in is in the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.pages import render
from integrations.consoles.words import now
from ticketing import accounts
from ticketing.accounts import LoggedIn, Person
from ticketing.errors import Forbidden
from ticketing.models import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PERSON = web.RequestKey("person", Person)
FORM = web.RequestKey("form", forms.Form)
TOUCHED: web.AppKey[dict[str, float]] = web.AppKey("touched", dict)
LOGIN = "/console/login"
COOKIE = "staff_session"
_TOUCH_SECONDS = 60
_MOST_TOUCHED = 10_000

EVERYONE: frozenset[Role] | None = None  # no log-in at all: the log-in page itself
STAFF = accounts.PEOPLE
FRONT = frozenset({Role.OPERATOR, Role.DISPATCHER})
ON_DUTY = FRONT | {Role.SUPERVISOR, Role.ADMIN}  # who hears alarms: the duty operators and the duty leader


@dataclass(frozen=True)
class Route:
    """One entry of the table: what, where, the roles that may, and the size of the files it takes, if any."""

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role] | None
    files: int = 0


def guarded(route: Route) -> Handler:
    """The handler behind its guard: a known person, a permitted role, a form of their own page."""
    if route.roles is None:
        return route.handler
    roles = route.roles

    async def handle(request: web.Request) -> web.StreamResponse:
        person = await person_of(request)
        if person is None:
            return _to_login(request)
        request[PERSON] = person
        if person.role not in roles:
            raise Forbidden("page_not_yours")
        if request.method == "POST":
            request[FORM] = await forms.read(request, route.files)
            with request[FORM]:
                accounts.check_csrf(person, request[FORM].text("csrf"))
                return await route.handler(request)
        return await route.handler(request)

    return handle


def _to_login(request: web.Request) -> web.Response:
    """Send a browser to the log-in; a fragment's request makes the whole page go there."""
    if request.headers.get("HX-Request"):
        return web.Response(status=401, headers={"HX-Redirect": LOGIN})
    if "text/event-stream" in request.headers.get("Accept", ""):
        return web.Response(status=401)
    raise web.HTTPSeeOther(LOGIN)


async def person_of(request: web.Request) -> Person | None:
    """Who is signed in with this browser."""
    token = _token(request)
    if token is None:
        return None
    database = request.app[HOUSE].database
    person = await database.reading(_who, token)
    if person is not None and _is_time_to_touch(request.app, token):
        await database.writing(_touch, token)
    return person


async def log_in(request: web.Request, username: str, password: str) -> LoggedIn | None:
    """Check name and password; None when they do not fit."""
    return await asyncio.to_thread(accounts.log_in, request.app[HOUSE].database, username, password, now())


async def log_out(request: web.Request) -> None:
    """End this browser's session."""
    token = _token(request)
    if token is not None:
        await request.app[HOUSE].database.writing(accounts.log_out, token)


def remember(request: web.Request, response: web.StreamResponse, logged_in: LoggedIn) -> None:
    """Put the session into the browser's cookie."""
    house = request.app[HOUSE]
    response.set_cookie(
        COOKIE,
        _signer(request).dumps(logged_in.token),
        max_age=int(accounts.LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=house.settings.url.startswith("https:"),
        path="/console",
    )


def page(request: web.Request, template: str, *, here: str, status: int = 200, **values: Any) -> web.Response:
    """A console page for the person who is signed in."""
    person = request[PERSON]
    done = request.query.get("done", "")[:40]
    return render(request, template, status=status, person=person, csrf=person.csrf, here=here, done=done, **values)


def _token(request: web.Request) -> str | None:
    try:
        token = _signer(request).loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return token if isinstance(token, str) else None


def _signer(request: web.Request) -> URLSafeSerializer:
    return URLSafeSerializer(request.app[HOUSE].secret, salt="staff-session")


def _is_time_to_touch(app: web.Application, token: str) -> bool:
    touched, moment = app[TOUCHED], time.monotonic()
    if moment - touched.get(token, -_TOUCH_SECONDS) < _TOUCH_SECONDS:
        return False
    if len(touched) > _MOST_TOUCHED:
        touched.clear()
    touched[token] = moment
    return True


def _who(session: Session, token: str) -> Person | None:
    return accounts.who(session, token, now())


def _touch(session: Session, token: str) -> None:
    accounts.touch(session, token, now())
