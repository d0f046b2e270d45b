"""How well the advice on departments holds (分派质量): drift, confusions, and matters sent to and fro."""

from __future__ import annotations

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.consoles.access import page
from integrations.consoles.words import now
from ticketing.learning import report


async def learning_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/learning`."""
    house = request.app[HOUSE]
    found = await house.database.reading(report, house.city, house.bot.router.catalogue, now())
    return page(request, "learning.html", here="learning", report=found)
