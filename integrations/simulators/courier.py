"""Takes requests to the house (投递), with the faults of the line; every sending is in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from integrations.simulators.account import Account
from integrations.simulators.faults import Luck
from integrations.simulators.journal import Journal

_MOST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 when nothing did."""

    status: int
    body: str = ""

    @property
    def good(self) -> bool:
        """Whether the house took it."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request: the address as the house knows it, and the body with its headers."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    pane: str
    who: str


@dataclass
class Courier:
    """One connection to the house, and what is under way."""

    http: aiohttp.ClientSession
    account: Account
    luck: Luck
    journal: Journal
    pause: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something beside the request that asked for it."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def settle(self) -> None:
        """Wait until nothing is under way, for tests."""
        while self.tasks:
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def deliver(self, make: Callable[[], Parcel], tries: int, after: float, timeout: float) -> Answer:
        """Send until an answer comes back, at most `tries` times, `after` seconds apart; `make` signs each anew."""
        answer = Answer(0)
        for attempt in range(tries):
            if attempt:
                await self.pause(after)
            answers = [self._once(make(), attempt, timeout) for _ in range(self.luck.copies())]
            heard = [one for one in await asyncio.gather(*answers) if one.status]
            if heard:
                return heard[-1]
        return answer

    async def _once(self, parcel: Parcel, attempt: int, timeout: float) -> Answer:
        luck = self.luck.attempt()
        if luck.wait:
            await self.pause(luck.wait)
        if not luck.arrives:
            self.journal.note(parcel.pane, parcel.who, "lost", parcel.url, attempt=attempt)
            return Answer(0)
        answer = await self.send(parcel, timeout)
        known = {"attempt": attempt, "status": answer.status, "answered": luck.answered}
        self.journal.note(parcel.pane, parcel.who, "request", parcel.url, **known)
        return answer if luck.answered else Answer(0)

    async def send(self, parcel: Parcel, timeout: float) -> Answer:
        """One request, without any fault."""
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self.http.post(
                self.account.where(parcel.url), data=parcel.body, headers=parcel.headers, timeout=limit,
                allow_redirects=False,
            ) as response:  # fmt: skip
                return Answer(response.status, (await response.read())[:_MOST].decode(errors="replace"))
        except (aiohttp.ClientError, TimeoutError) as error:
            self.journal.note(parcel.pane, parcel.who, "unreachable", type(error).__name__)
            return Answer(0)
