"""All stand-ins together (模拟器): one account, one journal, one line to the house."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from integrations.simulators.account import Account
from integrations.simulators.carrier import Carrier
from integrations.simulators.courier import Courier
from integrations.simulators.faults import Faults, Luck
from integrations.simulators.hearing import Pace
from integrations.simulators.journal import Journal
from integrations.simulators.sms import Gateway
from integrations.simulators.sms_api import SmsApi
from integrations.simulators.twilio_api import TwilioApi
from integrations.simulators.wechat import WeChat
from integrations.simulators.wechat_api import WeChatApi


@dataclass(frozen=True)
class Simulator:
    """The providers of one house."""

    journal: Journal
    courier: Courier
    carrier: Carrier
    wechat: WeChat
    gateway: Gateway

    def add(self, app: web.Application) -> None:
        """Add the APIs the house calls."""
        TwilioApi(self.carrier, self.gateway).add(app)
        WeChatApi(self.wechat).add(app)
        SmsApi(self.gateway).add(app)


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Plan:
    """How the simulator behaves: its faults and their seed, how long a call's prompts last, WeChat's patience."""

    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    wechat_wait: float = 5.0
    now: Callable[[], datetime] = _utc


@asynccontextmanager
async def simulating(account: Account, plan: Plan, base: str = "") -> AsyncIterator[Simulator]:
    """A simulator with a connection of its own; `base` is its own address, for recordings."""
    journal = Journal(plan.now)
    async with aiohttp.ClientSession() as http:
        courier = Courier(http, account, Luck(plan.faults, plan.seed), journal)
        yield Simulator(
            journal,
            courier,
            Carrier(account, courier, journal, plan.now, base, plan.pace),
            WeChat(account, courier, journal, plan.now, plan.wechat_wait),
            Gateway(account, courier, journal, plan.now),
        )
        await courier.close()
