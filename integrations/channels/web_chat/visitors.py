"""Who a request of the chat comes from (来访者): a page of ours with its cookie, an allowed site's widget, a program.

The cookie counts on our own pages only. A widget on another site carries its session itself, so that no site can act
with a session it does not hold.
"""

from __future__ import annotations

import re
import secrets

from aiohttp import hdrs, web

from integrations.bootstrap import HOUSE
from integrations.channels.web_chat.frames import SESSION
from integrations.middleware import is_ours, require_same_origin

COOKIE = "chat_session"
_BEARER = re.compile(rf"Bearer ({SESSION.pattern})")
_CHAT = "/chat/"


def new_session() -> str:
    """A fresh session: 32 random bytes, known to nobody else."""
    return secrets.token_urlsafe(32)


def cookie_session(request: web.Request) -> str | None:
    """The visitor's session from the cookie, if it is one of ours by its form."""
    token = request.cookies.get(COOKIE, "")
    return token if SESSION.fullmatch(token) else None


def site_of(request: web.Request) -> str | None:
    """The allowed site whose widget asks; None for our own pages and programs; refuses every other site."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin in request.app[HOUSE].settings.widget_sites and not is_ours(request, origin):
        return origin
    require_same_origin(request)
    return None


def session_of(request: web.Request) -> str | None:
    """The visitor's session: the one the request carries itself, else on our own pages the cookie's."""
    given = _BEARER.fullmatch(request.headers.get(hdrs.AUTHORIZATION, ""))
    site = site_of(request)
    if given:
        return given.group(1)
    return cookie_session(request) if site is None else None


async def preflight(request: web.Request) -> web.Response:
    """`OPTIONS` of a path of the chat: what an allowed site's widget may send."""
    site_of(request)
    return web.Response(status=204)


async def share(request: web.Request, response: web.StreamResponse) -> None:
    """Let the widget of an allowed site read what the chat's paths answer; cookies never take part (a signal)."""
    if not request.path.startswith(_CHAT):
        return
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    origin = request.headers.get(hdrs.ORIGIN)
    if origin not in request.app[HOUSE].settings.widget_sites:
        return
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    if request.method == hdrs.METH_OPTIONS:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "authorization"
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "600"
