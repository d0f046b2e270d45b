"""The citizens of a load run: `python -m benchmarks.driver` reads a job as JSON and prints what it saw as JSON.

A process of its own, so that its work is nobody's: the same loop, the same clock and the same HTTP library for every
side. A turn starts when the words are sent and ends when the answer has arrived.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field
from uuid import uuid4

import aiohttp

_PATIENCE = 30.0

Say = Callable[[str], Awaitable[bool]]
Open = Callable[[aiohttp.ClientSession, str], AbstractAsyncContextManager[Say]]


@dataclass
class Seen:
    """What the driver measured; `cut_short` counts turns not said because a turn before them had no answer."""

    seconds: float = 0.0
    cpu: float = 0.0
    said: int = 0
    cut_short: int = 0
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@asynccontextmanager
async def web_chat(http: aiohttp.ClientSession, url: str) -> AsyncIterator[Say]:
    """A conversation over the house's own web-chat protocol."""
    async with http.ws_connect(f"{url}/ws/chat", max_msg_size=1 << 20) as socket:
        await socket.send_json({"type": "hello", "after": 0})
        await _frame(socket, lambda frame: frame["type"] == "welcome")

        async def say(text: str) -> bool:
            await socket.send_json({"type": "say", "id": str(uuid4()), "text": text})
            await _frame(socket, lambda frame: frame["type"] == "message" and frame["author"] == "bot")
            return True

        yield say


@asynccontextmanager
async def rest(http: aiohttp.ClientSession, url: str) -> AsyncIterator[Say]:
    """A conversation over Rasa's REST channel; Rasa answers an inner error with 200 and an empty list."""
    sender = uuid4().hex

    async def say(text: str) -> bool:
        job = {"sender": sender, "message": text}
        async with http.post(f"{url}/webhooks/rest/webhook", json=job) as response:
            return response.status == 200 and bool(await response.json())

    yield say


async def _frame(socket: aiohttp.ClientWebSocketResponse, wanted: Callable[[dict], bool]) -> None:
    while True:
        frame = await socket.receive_json()
        if frame["type"] == "error":
            raise ValueError(f"error frame: {frame.get('code')}")
        if wanted(frame):
            return


async def drive(open_conversation: Open, url: str, conversations: list[list[str]], concurrency: int) -> Seen:
    """Hold the conversations, so many at a time, each turn after the answer to the one before."""
    seen, waiting = Seen(), iter(conversations)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as http:
        started, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(_citizen(open_conversation, http, url, waiting, seen))
        seen.seconds, seen.cpu = time.perf_counter() - started, time.process_time() - cpu
    return seen


async def _citizen(open_conversation: Open, http: aiohttp.ClientSession, url: str, waiting, seen: Seen) -> None:
    for texts in waiting:
        said = 0
        try:
            async with asyncio.timeout(_PATIENCE), open_conversation(http, url) as say:
                for text in texts:
                    said += 1
                    await _turn(say, text, seen)
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as error:
            seen.failures.append(f"{type(error).__name__}: {error} after “{texts[max(said, 1) - 1]}”")
        seen.said += said
        seen.cut_short += len(texts) - said


async def _turn(say: Say, text: str, seen: Seen) -> None:
    started = time.perf_counter()
    if not await say(text):
        raise ValueError("no answer")
    seen.latencies.append(time.perf_counter() - started)


SIDES: dict[str, Open] = {"house": web_chat, "peer": rest}


def run_job() -> None:
    """Read {side, url, conversations, concurrency} from standard input, drive, and print what was seen."""
    job = json.load(sys.stdin)
    gc.disable()
    seen = asyncio.run(drive(SIDES[job["side"]], job["url"], job["conversations"], job["concurrency"]))
    json.dump(asdict(seen), sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    run_job()
