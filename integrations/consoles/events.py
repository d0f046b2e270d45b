"""Live lists (实时刷新): server-sent events that say which list has something newer; the page fetches it itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from weakref import WeakSet

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FRONT, ON_DUTY, PERSON
from integrations.consoles.forms import uuid_of
from integrations.live import Subscription
from ticketing.models import Role

STREAMS: web.AppKey[WeakSet[Subscription]] = web.AppKey("event_streams", WeakSet)
_BEAT = 15.0
_LIFETIME = 600.0


async def events(request: web.Request) -> web.StreamResponse:
    """`GET /console/events[?conversation=…]`: ends after ten minutes, so that a closed account goes silent."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    with request.app[HOUSE].live.subscribe(*_topics(request)) as subscription:
        request.app[STREAMS].add(subscription)
        beat = asyncio.create_task(_beat(response))
        with suppress(ConnectionResetError, TimeoutError):
            async with asyncio.timeout(_LIFETIME):
                async for topic, seq in subscription:
                    name = topic.split(":", 1)[0]
                    await response.write(f"event: {name}\ndata: {seq}\n\n".encode())
        beat.cancel()
    return response


async def close_streams(app: web.Application) -> None:
    """End every stream when the process stops; browsers come back by themselves."""
    for subscription in tuple(app[STREAMS]):
        subscription.close()


def _topics(request: web.Request) -> list[str]:
    role: Role = request[PERSON].role
    topics = ["tickets", f"inbox:{request[PERSON].staff_id}", *(["alarms"] if role in ON_DUTY else [])]
    if role in ON_DUTY:
        topics += ["queue", *(["notices"] if role in FRONT else [])]
        if "conversation" in request.query:
            conversation = _id(request.query["conversation"])
            topics += [f"{name}:{conversation}" for name in ("conversation", "notes", "citizen-typing")]
    return topics


def _id(text: str) -> str:
    try:
        return str(uuid_of(text))
    except ValueError as error:
        raise web.HTTPNotFound from error


async def _beat(response: web.StreamResponse) -> None:
    """A comment now and then, so that proxies keep the stream and a dead browser is noticed."""
    with suppress(ConnectionResetError):
        while True:
            await response.write(b": beat\n\n")
            await asyncio.sleep(_BEAT)
