"""What several console pages share: where each role starts, and telling the others about a change."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.consoles.access import PERSON
from ticketing.models import Role

HOME = MappingProxyType(
    {
        Role.OPERATOR: "/console/conversations",
        Role.CALLBACK: "/console/callbacks",
        Role.SUPERVISOR: "/console/overview",
        Role.ADMIN: "/console/overview",
    }
)


async def home(request: web.Request) -> web.StreamResponse:
    """`GET /console`: the page a role works on most."""
    raise web.HTTPSeeOther(HOME.get(request[PERSON].role, "/console/tickets"))


async def after_change(request: web.Request) -> None:
    """A ticket changed: the other screens look again, and the worker carries out what it caused."""
    house = request.app[HOUSE]
    house.live.publish("tickets")
    await asyncio.to_thread(house.wake)
