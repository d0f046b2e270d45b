"""Logging in and out (登录, 退出)."""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web

from integrations.consoles import access, forms
from integrations.consoles.pages import PAGES, render
from integrations.limits import Buckets, visitor
from ticketing.errors import Forbidden, HotlineError, TooManyAttempts

TRIES = web.AppKey("login_tries", Buckets)
_CSRF = "login_csrf"


def new_buckets() -> Buckets:
    """How often one address may try, over all accounts; each account has its own lock besides."""
    return Buckets(burst=30, per_second=0.2)


async def login_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/login`."""
    if await access.person_of(request) is not None:
        raise web.HTTPSeeOther("/console")
    return _page(request)


async def log_in(request: web.Request) -> web.StreamResponse:
    """`POST /console/login`: wrong names and wrong passwords look the same."""
    form = await forms.read(request)
    username = form.text("username").lower()
    if not hmac.compare_digest(form.text("csrf"), request.cookies.get(_CSRF) or secrets.token_hex(8)):
        return _page(request, Forbidden("csrf"), username)
    if not request.app[TRIES].allow(visitor(request)):
        return _page(request, TooManyAttempts("login_too_fast"), username)
    try:
        logged_in = await access.log_in(request, username, form.text("password"))
    except TooManyAttempts as error:
        return _page(request, error, username)
    if logged_in is None:
        return _page(request, Forbidden("login_failed"), username)
    response = web.Response(status=303, headers={"Location": "/console"})
    access.remember(request, response, logged_in)
    response.del_cookie(_CSRF, path="/console")
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """`POST /console/logout`."""
    await access.log_out(request)
    response = web.Response(status=303, headers={"Location": access.LOGIN})
    response.del_cookie(access.COOKIE, path="/console")
    return response


def _page(request: web.Request, error: HotlineError | None = None, username: str = "") -> web.Response:
    words = request.app[PAGES].words.error(error) if error else None
    csrf = request.cookies.get(_CSRF) or secrets.token_urlsafe(24)
    response = render(
        request, "login.html", status=403 if error else 200, error=words, username=username, login_csrf=csrf
    )
    secure = request.app[PAGES].url.startswith("https:")
    response.set_cookie(_CSRF, csrf, httponly=True, samesite="Strict", secure=secure, path="/console")
    return response
