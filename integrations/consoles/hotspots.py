"""What is hot (热点): incidents many citizens tell of, and departments or regions that surge."""

from __future__ import annotations

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.consoles.access import page
from integrations.consoles.words import now
from ticketing.hotspots import Hotspots, hotspots


async def hotspots_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/hotspots`."""
    house = request.app[HOUSE]
    found = await house.database.reading(hotspots, house.bot.duplicates, house.city, now())
    names = {code: place.place.name for code in _codes(found) if (place := house.bot.regions.get(code))}
    return page(request, "hotspots.html", here="hotspots", hot=found, regions=names)


def _codes(found: Hotspots) -> set[str]:
    clusters = {cluster.region for cluster in found.clusters if cluster.region}
    return clusters | {surge.code for surge in found.surges if surge.dimension == "region"}
