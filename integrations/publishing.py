"""Putting changed guides in use (发布): every process looks whether a version was written, and swaps its knowledge.

A push says “now”; a push that is lost costs two seconds, because the database is looked at anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.guides import shelf
from bot.guides.library import Library, known_items
from integrations.bootstrap import House, build_linker

log = structlog.get_logger()
TOPIC = "guides"
EVERY = 2.0

Pulse = tuple[int, object]


@contextlib.asynccontextmanager
async def following(house: House) -> AsyncIterator[None]:
    """Keep this process's knowledge at the newest versions until the block ends."""
    task = asyncio.create_task(_follow(house), name="guides")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(house: House) -> None:
    seen: Pulse | None = None
    nudge = asyncio.Event()
    listener = asyncio.create_task(_listen(house, nudge))
    try:
        while True:
            try:
                seen = await refresh(house, seen)
            except SQLAlchemyError as error:
                log.warning("guides_not_looked_at", error=str(error))
            except Exception:
                # What was in use stays in use; the next change is looked at again.
                log.exception("guides_not_published")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(nudge.wait(), EVERY)
            nudge.clear()
    finally:
        listener.cancel()


async def _listen(house: House, nudge: asyncio.Event) -> None:
    with house.live.subscribe(TOPIC) as pushes:
        async for _ in pushes:
            nudge.set()


async def refresh(house: House, seen: Pulse | None) -> Pulse:
    """Publish the guides if they changed since `seen`; what is looked at before is never newer than what is loaded."""
    pulse = await house.database.reading(shelf.pulse, house.city.code)
    if pulse == seen:
        return pulse
    stamp = await house.database.reading(Library.stamp_in, house.city.code)
    if stamp != house.bot.knowledge.current.library.stamp:
        await asyncio.to_thread(_publish, house)
    return pulse


def _publish(house: House) -> None:
    started = time.perf_counter()
    known = known_items(house.settings.nlu_data)
    with house.database.read() as session:
        library = Library.load(session, house.city.code, region=house.city.region, known=known)
    house.bot.knowledge.publish(library, build_linker(house.settings, library))
    log.info("guides_published", items=len(library), seconds=round(time.perf_counter() - started, 2))
