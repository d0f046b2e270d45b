"""What a waiting visitor sees of the queue (排队位次), and that a person is writing; nothing of it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from integrations.bootstrap import House
from integrations.consoles.words import now
from ticketing import queueing

Send = Callable[[dict[str, Any]], Awaitable[None]]
_WRITES = 4.0


def typing_topic(conversation: UUID) -> str:
    """Where the desk hears that the citizen is writing."""
    return f"citizen-typing:{conversation}"


async def follow(house: House, conversation: UUID, is_waiting: Callable[[], bool], send: Send) -> None:
    """Tell the visitor their place whenever it changes, and when the operator writes, until the socket closes."""
    written, queue, own = f"operator-typing:{conversation}", "queue", f"conversation:{conversation}"
    told: dict[str, Any] | None = None
    hush: asyncio.Task[None] | None = None
    with house.live.subscribe(queue, own, written) as subscription, suppress(ConnectionResetError):
        told = await _tell(house, conversation, is_waiting, send, told)
        async for topic, _seq in subscription:
            if topic == written:
                if hush is not None:
                    hush.cancel()
                await send({"type": "typing", "on": True})
                hush = asyncio.create_task(_hush(send))
            else:
                told = await _tell(house, conversation, is_waiting, send, told)


async def _tell(
    house: House, conversation: UUID, is_waiting: Callable[[], bool], send: Send, told: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Send the place if it is news; the database is asked only for who waits."""
    if not is_waiting():
        return None
    outlook = await house.database.reading(queueing.outlook, conversation, house.city.desk, now())
    if outlook is None:
        return told
    wait = None if outlook.wait is None else int(outlook.wait.total_seconds())
    frame = {"type": "queue", "position": outlook.position, "wait": wait}
    if frame != told:
        await send(frame)
    return frame


async def _hush(send: Send) -> None:
    await asyncio.sleep(_WRITES)
    with suppress(ConnectionResetError):
        await send({"type": "typing", "on": False})
