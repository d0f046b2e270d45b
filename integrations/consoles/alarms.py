"""Alarms (值班告警): the banner on every duty screen, and the list with who acknowledged, who reported, and when."""

from __future__ import annotations

import asyncio
from uuid import UUID

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.consoles.access import PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.words import now
from integrations.effects.alarm import TOPIC
from ticketing import alarms


async def alarms_page(request: web.Request) -> web.Response:
    """`GET /console/alarms`: all of them, the newest first."""
    house = request.app[HOUSE]
    rows = await house.database.reading(alarms.latest, house.city.code)
    return page(request, "alarms.html", here="alarms", rows=rows)


async def ringing(request: web.Request) -> web.Response:
    """`GET /console/alarms/ringing`: the banner, empty when nothing rings for this role."""
    house, person = request.app[HOUSE], request[PERSON]
    rows = await house.database.reading(alarms.ringing, house.city.code, person.role)
    return page(request, "_alarms.html", here="", rows=rows)


async def acknowledge(request: web.Request) -> web.StreamResponse:
    """`POST …/acknowledge`: this person has seen it and acts."""
    house = request.app[HOUSE]
    staff_id = request[PERSON].staff_id
    await house.database.writing(alarms.acknowledge, _alarm(request), house.city.code, staff_id, now())
    await _tell(request)
    raise web.HTTPSeeOther("/console/alarms?done=acknowledged")


async def reported(request: web.Request) -> web.StreamResponse:
    """`POST …/reported`: the risk was reported upwards."""
    house = request.app[HOUSE]
    staff_id = request[PERSON].staff_id
    await house.database.writing(alarms.reported, _alarm(request), house.city.code, staff_id, now())
    await _tell(request)
    raise web.HTTPSeeOther("/console/alarms?done=reported")


async def _tell(request: web.Request) -> None:
    house = request.app[HOUSE]
    house.live.publish(TOPIC)
    await asyncio.to_thread(house.wake)


def _alarm(request: web.Request) -> UUID:
    return uuid_of(request.match_info["id"])
