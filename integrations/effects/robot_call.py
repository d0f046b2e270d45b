"""A callback by robot (机器人回访): the port a telephone provider fills, and what stands there until one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from integrations.bootstrap import House
from ticketing import callback_plan
from ticketing.jobs import Job

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RobotCall:
    """One call to make; `key` is the same when the same call is asked for twice."""

    callback_id: UUID
    ticket_id: UUID
    key: str


class Caller(Protocol):
    """Makes the call and asks the three questions; its answers come back later, by the provider's own events.

    `configured` says whether there is a line at all.
    """

    @property
    def configured(self) -> bool:
        """Whether a provider is connected."""

    def call(self, house: House, call: RobotCall) -> None:
        """Start the call, once for its key."""


class NoCaller:
    """No telephone line is connected: it says so, and the plan goes on with the next channel."""

    configured = False

    def call(self, house: House, call: RobotCall) -> None:
        """Nothing can be called."""
        log.info("robot_not_configured", callback=str(call.callback_id))


caller: Caller = NoCaller()


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Call, or hand on to the next channel where nothing can be called."""
    call = RobotCall(UUID(job.payload["callback_id"]), UUID(job.payload["ticket_id"]), job.key)
    if caller.configured:
        caller.call(house, call)
        return
    caller.call(house, call)
    with house.database.write() as session:
        callback_plan.hand_on(session, house.city, call.callback_id, callback_plan.NOT_CONFIGURED, now)
    house.live.publish("tickets")


def go_round(house: House, now: Callable[[], datetime]) -> int:
    """Carry the callback plans on; returns how many moved. Each in its own transaction."""
    with house.database.read() as session:
        found = callback_plan.waiting(session, house.city, now())
    moved = 0
    for callback_id in found:
        with house.database.write() as session:
            moved += callback_plan.go_on(session, house.city, callback_id, now()) is not None
    return moved
