"""API tokens (接口令牌) for the administrator: list, make, revoke; a token is on one page once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import api_tokens, staffing
from ticketing.api_tokens import Scope, TokenView
from ticketing.errors import HotlineError
from ticketing.staffing import StaffView

log = structlog.get_logger()
_DAYS = (30, 90, 180, 365, 730)


async def tokens_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/tokens`."""
    return await _list(request)


async def _list(
    request: web.Request,
    *,
    error: HotlineError | None = None,
    token: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> web.Response:
    rows, people = await request.app[HOUSE].database.reading(_read)
    told = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "tokens.html", here="tokens", status=status_of(error) if error else 200, rows=rows, people=people,
        scopes=list(Scope), days=_DAYS, error=told, token=token, given=given or {},
    )  # fmt: skip


def _read(session: Session) -> tuple[tuple[TokenView, ...], list[StaffView]]:
    return api_tokens.listed(session), [one for one in staffing.people(session) if one.active]


async def issue(request: web.Request) -> web.StreamResponse:
    """`POST /console/tokens`: a new token, on the answer's page and nowhere else."""
    form, person = request[FORM], request[PERSON]
    given = {"username": form.text("username"), "name": form.text("name"), "scopes": form.several("scopes")}
    days = min(form.number("days") or 0, 100_000)
    try:
        token = await request.app[HOUSE].database.writing(_issue, given, timedelta(days=days), now())
    except HotlineError as error:
        return await _list(request, error=error, given=given)
    log.info("token_issued", account=given["username"], scopes=given["scopes"], by=str(person.staff_id))
    return await _list(request, token=token)


def _issue(session: Session, given: Mapping[str, Any], lasts: timedelta, at: datetime) -> str:
    return api_tokens.issue_once(session, lasts=lasts, now=at, **given)


async def revoke(request: web.Request) -> web.StreamResponse:
    """`POST /console/tokens/{id}/revoke`: it is worth nothing from now on."""
    token_id = uuid_of(request.match_info["id"])
    await request.app[HOUSE].database.writing(api_tokens.end, token_id, now())
    log.info("token_revoked", token=str(token_id), by=str(request[PERSON].staff_id))
    raise web.HTTPSeeOther("/console/tokens?done=token_revoked")
