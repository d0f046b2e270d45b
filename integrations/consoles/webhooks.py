"""Where other systems are told of events (事件推送): addresses, their secrets shown once, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import webhooks
from ticketing.errors import HotlineError
from ticketing.webhooks import DeliveryView, HookView, Topic

log = structlog.get_logger()
PAGE = "/console/webhooks"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret on its way to the administrator's eyes, once."""

    name: str
    value: str
    rotated: bool


async def webhooks_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/webhooks`."""
    return await _list(request)


async def _list(
    request: web.Request,
    *,
    error: HotlineError | None = None,
    secret: Secret | None = None,
    given: Mapping[str, Any] | None = None,
) -> web.Response:
    house = request.app[HOUSE]
    rows = await house.database.reading(webhooks.hooks, house.city.code)
    told = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "webhooks.html", here="webhooks", status=status_of(error) if error else 200, rows=rows,
        topics=list(Topic), error=told, secret=secret, given=given or {}, plain=house.settings.webhook_private,
    )  # fmt: skip


async def register(request: web.Request) -> web.StreamResponse:
    """`POST /console/webhooks`: a new address; its secret is on the answer's page and nowhere else."""
    house, form, person = request.app[HOUSE], request[FORM], request[PERSON]
    given = {"name": form.text("name"), "url": form.text("url", 2000), "topics": form.several("topics")}
    try:
        hook_id, value = await house.database.writing(_register, house, given, person.staff_id, now())
    except HotlineError as error:
        return await _list(request, error=error, given=given)
    log.info("webhook_registered", webhook=str(hook_id), by=str(person.staff_id))
    return await _list(request, secret=Secret(given["name"], value, rotated=False))


def _register(session: Session, house: House, given: Mapping[str, Any], by: UUID, at: datetime) -> tuple[UUID, str]:
    plain = house.settings.webhook_private
    return webhooks.register(session, city=house.city.code, by=by, now=at, plain=plain, **given)


async def hook_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/webhooks/{id}`: the log of one address."""
    return await _log(request)


async def _log(request: web.Request, secret: Secret | None = None) -> web.Response:
    house = request.app[HOUSE]
    hook, rows = await house.database.reading(_read, house.city.code, _hook_id(request))
    return page(request, "webhook.html", here="webhooks", hook=hook, rows=rows, secret=secret)


def _read(session: Session, city: str, hook_id: UUID) -> tuple[HookView, tuple[DeliveryView, ...]]:
    return webhooks.hook(session, city, hook_id), webhooks.deliveries(session, hook_id)


async def rotate(request: web.Request) -> web.StreamResponse:
    """`POST /console/webhooks/{id}/rotate`: a new secret; the one before holds for another day."""
    house, hook_id = request.app[HOUSE], _hook_id(request)
    value = await house.database.writing(webhooks.rotate, house.city.code, hook_id, now())
    log.info("webhook_rotated", webhook=str(hook_id), by=str(request[PERSON].staff_id))
    return await _log(request, Secret("", value, rotated=True))


async def ping(request: web.Request) -> web.StreamResponse:
    """`POST /console/webhooks/{id}/ping`: send an event without facts."""
    house, hook_id = request.app[HOUSE], _hook_id(request)
    await house.database.writing(webhooks.ping, house.city.code, hook_id, now())
    house.wake()
    raise web.HTTPSeeOther(f"{PAGE}/{hook_id}?done=pinged")


async def stop(request: web.Request) -> web.StreamResponse:
    """`POST /console/webhooks/{id}/stop`."""
    house, hook_id = request.app[HOUSE], _hook_id(request)
    await house.database.writing(webhooks.stop, house.city.code, hook_id, now())
    log.info("webhook_stopped", webhook=str(hook_id), by=str(request[PERSON].staff_id))
    raise web.HTTPSeeOther(f"{PAGE}?done=hook_stopped")


async def replay(request: web.Request) -> web.StreamResponse:
    """`POST /console/webhooks/{id}/replay`: send one delivery again, under the same id."""
    house, hook_id = request.app[HOUSE], _hook_id(request)
    delivery_id = _delivery_id(request[FORM])
    await house.database.writing(webhooks.replay, house.city.code, hook_id, delivery_id, now())
    house.wake()
    raise web.HTTPSeeOther(f"{PAGE}/{hook_id}?done=replayed")


def _hook_id(request: web.Request) -> UUID:
    return uuid_of(request.match_info["id"])


def _delivery_id(form: Form) -> UUID:
    try:
        return uuid_of(form.text("delivery", 40))
    except ValueError as error:
        raise web.HTTPBadRequest from error
