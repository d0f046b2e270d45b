"""Emergencies are handed over warm (紧急转接): caller, rescue service and operator in one room; nobody is sent away.

The bot has raised the duty alarm already. Where no room can be made, the rescue service is rung directly.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from bot.dialogue import TurnResult
from bot.triage import Finding
from integrations.channels.phone import people, reading
from integrations.channels.phone.line import CHANNEL, Heard, Next, Stage, Talk, room_targets
from integrations.channels.phone.steps import Ask, Join, Ring, Step
from ticketing import calls, queueing
from ticketing.alarms import Alarm, raise_alarm
from ticketing.models import AlarmLevel

log = structlog.get_logger()
_MOST_OPERATORS = 3
_RING_SECONDS = 40


async def alarm(talk: Talk, danger: Finding, words: str, turn: TurnResult) -> None:
    """值班告警 for words that a person's conversation was told; the message's id keeps it single."""
    house = talk.house
    raised = Alarm(
        key=str(turn.message_id),
        city=house.city.code,
        level=AlarmLevel.EMERGENCY,
        name=danger.name,
        number=danger.number,
        conversation_id=turn.conversation_id,
        channel=CHANNEL,
        words=words,
    )
    await house.database.writing(raise_alarm, raised, house.bot.risks.times, talk.now())
    house.wake()


async def begin(talk: Talk, number: str | None, conversation_id: UUID) -> Next:
    """Bring the rescue service and an operator to the caller."""
    house = talk.house
    assert number is not None, "an emergency has a number"
    await house.database.writing(_to_operators, conversation_id, talk.call.id, talk.now())
    house.live.publish("queue")
    target = house.settings.phone_trunk.replace("{number}", number)
    room = f"rescue-{talk.call.id}"
    memory = talk.memory.but(number=number, keys={}, many=False)
    if talk.line.dials and await talk.line.invite(room, target, "rescue"):
        operators = room_targets(house.settings.phone_operators)[:_MOST_OPERATORS]
        ringing = (talk.line.invite(room, one, f"operator-{n}") for n, one in enumerate(operators))
        joined = await asyncio.gather(*ringing)
        said = talk.say("rescue" if any(joined) else "rescue_alone", number=number)
        step: Step = Join(room, talk.then, talk.record)
        return Next((*said, step), Stage.RESCUE, memory)
    log.warning("rescue_without_operator", call=str(talk.call.id))
    said = talk.say("rescue_alone", number=number)
    step = Ring((target,), talk.then, talk.path("leg"), seconds=_RING_SECONDS, record=talk.record)
    return Next((*said, step), Stage.RESCUE, memory)


def _to_operators(session: Session, conversation_id: UUID, call_id: UUID, now: datetime) -> None:
    """The conversation stands before everybody else on the operators' screens."""
    calls.belongs(session, call_id, conversation_id)
    queueing.enter(session, conversation_id, "emergency", None, now, urgent=True)


async def ended(talk: Talk, heard: Heard) -> Next:
    """After the rescue service: anything else goes to a person; who did not get through is put through to one."""
    number, conversation_id = talk.memory.number, talk.call.conversation_id
    if heard.result != people.ANSWERED and conversation_id is not None:
        following = await people.connect(talk, conversation_id)
        return following.after(talk.say("rescue_failed", number=number))
    prompt = Ask(talk.say("rescue_after"), talk.then, hints=reading.hints(talk))
    return Next((prompt,), Stage.TALK, talk.memory)
