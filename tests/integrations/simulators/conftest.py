"""A house and its simulated providers, each on a port of its own, as `./hotline simulate --up` runs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestServer, unused_port
from sqlalchemy import select

from integrations import effects
from integrations.bootstrap import House
from integrations.settings import Settings
from integrations.simulators.account import Account
from integrations.simulators.call import Call
from integrations.simulators.hearing import Pace
from integrations.simulators.page import make_app as make_page
from integrations.simulators.simulator import Plan, Simulator, simulating
from integrations.web import make_app

PUBLIC = "https://hotline.example"
CALLER = "+8614200000001"


@dataclass
class Town:
    """The two sides."""

    house: House
    simulator: Simulator
    base: str

    async def drained(self, later: float = 0) -> None:
        """Carry out what is due, as the worker's thread does."""
        at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + later, UTC)
        await asyncio.to_thread(effects.drain, self.house, lambda: at)
        await self.simulator.courier.settle()

    def rows(self, model):
        """All rows of a table."""
        with self.house.database.read() as session:
            found = session.scalars(select(model)).all()
            session.expunge_all()
        return found

    def texts(self, pane: str, kind: str) -> list[str]:
        """What a pane of the page shows."""
        return [entry.text for entry in self.simulator.journal.entries if (entry.pane, entry.kind) == (pane, kind)]

    async def listening(self, call: Call) -> str:
        """Until the call waits for the caller; what was said since the last time."""
        journal = self.simulator.journal
        async with asyncio.timeout(20):
            while True:
                mine = [entry for entry in journal.entries if entry.who == call.sid]
                seen = [at for at, entry in enumerate(mine) if entry.kind == "listening"]
                if len(seen) > getattr(call, "heard", 0):
                    call.heard = len(seen)
                    return "".join(entry.text for entry in mine if entry.kind == "say")
                if call.ended is not None:
                    return "".join(entry.text for entry in mine if entry.kind == "say")
                await asyncio.sleep(0.01)


Founder = Callable[..., Awaitable[Town]]


@asynccontextmanager
async def town_of(house: House, assets, plan: Plan, account: dict | None = None, **settings) -> AsyncIterator[Town]:
    """Found a town."""
    ours, theirs = unused_port(), unused_port()
    base = f"http://127.0.0.1:{theirs}"
    known = Account(PUBLIC, f"http://127.0.0.1:{ours}", **(account or {}))
    given = Settings.load(known.environment(base), public_url=PUBLIC).model_dump(exclude_unset=True)
    there = replace(house, settings=house.settings.model_copy(update=given | settings))
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulating(known, plan, base))
        await stack.enter_async_context(TestServer(make_page(simulator, {"idle": "未通话"}), port=theirs))
        await stack.enter_async_context(TestServer(make_app(there, assets), port=ours))
        yield Town(there, simulator, base)


@pytest.fixture
async def town(house: House, assets) -> AsyncIterator[Founder]:
    """Makes towns."""
    async with AsyncExitStack() as stack:

        async def found(plan: Plan | None = None, account: dict | None = None, **settings) -> Town:
            plan = plan or Plan(pace=Pace(1e6, 0.3, 0.01))
            return await stack.enter_async_context(town_of(house, assets, plan, account, **settings))

        yield found
