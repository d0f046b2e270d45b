"""A callback by robot (机器人回访): in the hours of calls, at most one a second over all workers, never blindly twice.

The call is written down before the provider hears of it. When its answer got lost, the provider's own list says whether
the telephone rang; what became of a call comes back by the provider's status reports.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.phone.line import Stage
from integrations.channels.twilio.account import Account
from integrations.channels.twilio.rest import CallFailed, Placed, Rest
from ticketing import callback_plan, calls, jobs, lanes, robot_calls
from ticketing.calls import CallView
from ticketing.jobs import Job
from ticketing.robot_calls import Wanted

log = structlog.get_logger()
LANE, APART = "robot_call", timedelta(seconds=1)
_ANSWER_WITHIN = timedelta(minutes=30)
_LISTED_AFTER = timedelta(seconds=30)  # a call may be missing in the provider's list for a while


class Caller(Protocol):
    """What a telephone provider does for the robot."""

    def call(self, to: str, first: str, status: str) -> Placed:
        """Place a call; `CallFailed` when it was not, or nobody knows."""

    def find(self, to: str, since: datetime) -> Placed | None:
        """The call that was placed to a number since a moment."""


def caller_of(house: House) -> Caller | None:
    """The provider that makes calls; None where no line is connected."""
    account = Account.of(house.settings)
    return Rest(account) if account is not None and account.dials else None


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Call, wait for the lane, or hand on to the next channel where nothing can be called."""
    caller, callback_id = caller_of(house), UUID(job.payload["callback_id"])
    with house.database.read() as session:
        wanted = robot_calls.wanted(session, callback_id)
    if caller is None or (wanted is not None and not _callable(house, wanted)):
        log.info("robot_not_configured", callback=str(callback_id))
        with house.database.write() as session:
            callback_plan.hand_on(session, house.city, callback_id, callback_plan.NOT_CONFIGURED, now)
        house.live.publish("tickets")
    elif wanted is not None:
        _call(house, caller, job, wanted, now)


def _callable(house: House, wanted: Wanted) -> bool:
    """Whether there are words for the survey's scale, and the number can be dialled from anywhere."""
    return house.replies.has(f"phone.robot.rating{wanted.scale}") and dialled(wanted.phone) is not None


def dialled(phone: str) -> str | None:
    """A citizen's number in the form providers dial; None for a land line without its area code."""
    if phone.startswith("0"):
        return f"+86{phone.removeprefix('0')}"
    return f"+86{phone}" if len(phone) == len("13900000000") else None


def _call(house: House, caller: Caller, job: Job, wanted: Wanted, now: datetime) -> None:
    to = dialled(wanted.phone)
    assert to is not None, "checked before"
    with house.database.write() as session:
        call = _may_ring(session, house, job, wanted, to, now)
    if call is None or call.sid is not None:
        return
    if call.started_at < now and not _never_rang(house, caller, job, call, to, now):
        return
    try:
        path = f"call={call.id}"
        placed = caller.call(to, f"/robot/step?{path}&n=0", f"/status?{path}")
    except CallFailed as error:
        if not error.refused:
            raise  # nobody knows whether it rings: the next try asks the provider's list first
        log.warning("robot_call_refused", call=str(call.id), error=str(error))
        with house.database.write() as session:
            robot_calls.settle(session, house.city, call.id, robot_calls.FAILED, now)
        return
    with house.database.write() as session:
        calls.change_sid(session, call.id, placed.sid, now)


def _may_ring(session: Session, house: House, job: Job, wanted: Wanted, to: str, now: datetime) -> CallView | None:
    """The written-down call, once it may ring: in the hours of calls, in its turn; else the job waits."""
    first = calls.of_attempt(session, job.key)
    if first is not None and first.sid is not None:
        return first
    hours = house.city.callbacks.hours
    later = None if hours.holds(now) else hours.next(now)
    later = later or lanes.enter(session, LANE, APART, now)
    robot_calls.keep_waiting(session, wanted.callback_id, (later or now) + _ANSWER_WITHIN)
    if later is not None:
        jobs.postpone(session, job, later)
        return None
    return first or calls.attempt(
        session, job.key, house.city.code, to, wanted.callback_id, wanted.ticket_id, Stage.ROBOT, now
    )


def _never_rang(house: House, caller: Caller, job: Job, call: CallView, to: str, now: datetime) -> bool:
    """Whether an attempt whose answer got lost did not happen, as the provider's list says."""
    found = caller.find(to, call.started_at)
    if found is not None:
        with house.database.write() as session:
            robot_calls.reported(session, house.city, call.id, found.sid, found.status, now)
        return False
    if now - call.started_at < _LISTED_AFTER:
        with house.database.write() as session:
            jobs.postpone(session, job, call.started_at + _LISTED_AFTER)
        return False
    return True


def go_round(house: House, now: Callable[[], datetime]) -> int:
    """Carry the callback plans on; returns how many moved. Each in its own transaction."""
    with house.database.read() as session:
        found = callback_plan.waiting(session, house.city, now())
    moved = 0
    for callback_id in found:
        with house.database.write() as session:
            moved += callback_plan.go_on(session, house.city, callback_id, now()) is not None
    return moved
