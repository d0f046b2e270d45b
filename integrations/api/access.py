"""Who may call (接口权限): a bearer token of the right scope, at a bearable pace; failures become problems."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.api.openapi import Problem, Unfit
from integrations.bootstrap import HOUSE
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.limits import Buckets, visitor
from integrations.middleware import REQUEST_ID, failure
from ticketing import api_tokens
from ticketing.api_tokens import Bearer, Scope
from ticketing.errors import Forbidden, HotlineError, TooManyAttempts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BEARER = web.RequestKey("bearer", Bearer)
PACE = web.AppKey("api_pace", Buckets)
STRANGERS = web.AppKey("api_strangers", Buckets)
_TOKEN = re.compile(r"Bearer +([A-Za-z0-9_-]{8,120})", re.IGNORECASE | re.ASCII)


class TokenNeeded(HotlineError):
    """There is no token, or it is no longer one."""

    code = "token_needed"


def new_pace() -> Buckets:
    """How fast one token may call: bursts of a synchronisation, then a steady stream."""
    return Buckets(burst=300, per_second=30)


def new_strangers() -> Buckets:
    """How often one address may come with a wrong token."""
    return Buckets(burst=60, per_second=1)


async def require(request: web.Request, scope: Scope) -> None:
    """Let in who brings a running token of this scope, and remember them on the request."""
    given = _TOKEN.fullmatch(request.headers.get("Authorization", "").strip())
    await admit(request, given[1] if given else None, scope)


async def admit(request: web.Request, token: str | None, scope: Scope) -> None:
    """Let in the bearer of a token, and remember them on the request."""
    bearer = await _bearer(request, token)
    if not request.app[PACE].allow(str(bearer.token_id)):
        raise TooManyAttempts("api_too_fast")
    if scope not in bearer.scopes:
        raise Forbidden("token_scope")
    request[BEARER] = bearer


async def _bearer(request: web.Request, token: str | None) -> Bearer:
    found = await request.app[HOUSE].database.reading(_who, token) if token else None
    if found is not None:
        return found
    if not request.app[STRANGERS].allow(visitor(request)):
        raise TooManyAttempts("api_too_fast")
    raise TokenNeeded


def _who(session: Session, token: str) -> Bearer | None:
    return api_tokens.bearer(session, token, now())


def answering(handler: Handler) -> Handler:
    """The handler with the failures only an API has."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Unfit as error:
            return _unfit(request, error)
        except TokenNeeded as error:
            refused = failure(request, 401, error)
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused

    return handle


def _unfit(request: web.Request, error: Unfit) -> web.Response:
    """The problem of a request that does not fit its description, field by field."""
    words = request.app[PAGES].words.error(HotlineError(error.code))
    problem = Problem(
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        code=error.code,
        detail=words,
        request_id=request.get(REQUEST_ID, ""),
        errors=error.errors,
    )
    return web.Response(text=problem.model_dump_json(), status=error.status, content_type="application/problem+json")
