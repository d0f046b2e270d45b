"""The callback robot's talk (回访小助手): was anybody in touch, is it solved, how satisfied — by keys, in a minute.

Who is not satisfied is asked why, by a key or in their own words. 0 reaches a person here as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.channels.phone import people, script
from integrations.channels.phone.leaving import wait_no_more
from integrations.channels.phone.line import Heard, Memory, Next, Stage, Talk
from integrations.channels.phone.steps import Ask, Hangup, Say
from ticketing import calls, robot_calls
from ticketing.city import City
from ticketing.models import Left
from ticketing.robot_calls import ASKED_PERSON, MACHINE, SAID_NOTHING
from ticketing.surveys import MAX_REASON, SurveyAnswer, dissatisfied

Stager = Callable[[Talk, Heard], Awaitable[Next]]
_RETRIES = 2
_YES, _NO = 1, 2
_SCALE = "scale"


async def go_on(talk: Talk, heard: Heard) -> Next:
    """The next steps of the robot's call; once a person is asked for it is a call like any other."""
    stage = Stage(talk.call.stage)
    if stage in _STAGES and not talk.danger(heard.words):
        if heard.pressed == "0" or (stage is Stage.REASON and talk.wants_person(heard)):
            return await _person(talk)
        return await _STAGES[stage](talk, heard)
    return await script.go_on(talk, heard)


async def begin(talk: Talk, heard: Heard) -> Next:
    """Somebody picked up: a machine is told nothing of the matter."""
    if heard.machine:
        await _settle(talk, MACHINE)
        return Next((Hangup(),), Stage.OVER, Memory())
    assert talk.call.callback_id is not None, "the robot calls about a callback"
    wanted = await talk.house.database.reading(robot_calls.wanted, talk.call.callback_id)
    if wanted is None:
        return _bye(talk, "gone")
    said = talk.say("robot.greeting", title=wanted.title) + talk.say("robot.contacted")
    return _ask(talk, Stage.CONTACTED, said, Memory(answers={_SCALE: wanted.scale}))


async def contacted(talk: Talk, heard: Heard) -> Next:
    """是否联系."""
    return await _taken(talk, heard, "contacted", range(_YES, _NO + 1), Stage.RESOLVED, "resolved")


async def resolved(talk: Talk, heard: Heard) -> Next:
    """是否解决."""
    rating = f"rating{talk.memory.answers[_SCALE]}"
    return await _taken(talk, heard, "resolved", range(_YES, _NO + 1), Stage.RATING, rating)


async def rated(talk: Talk, heard: Heard) -> Next:
    """满意度; a low one asks why."""
    scale = talk.memory.answers[_SCALE]
    rating = int(heard.pressed) if heard.pressed.isdigit() else 0
    if 1 <= rating <= scale:
        memory = talk.memory.but(answers=talk.memory.answers | {"rating": rating}, misses=0)
        if not dissatisfied(scale, _answer(memory, None)):
            return await _finish(talk, memory, None)
        return _ask(talk, Stage.REASON, talk.say("robot.reason"), memory, speech=True)
    return await _missed(talk, Stage.RATING, f"rating{scale}")


async def reasoned(talk: Talk, heard: Heard) -> Next:
    """不满意的原因, by a key or in words; after two silences the dissatisfaction counts without one."""
    reason = talk.house.replies.group("phone.robot.reasons").get(heard.pressed) or heard.words.strip()[:MAX_REASON]
    if not reason and talk.memory.misses < _RETRIES:
        memory = talk.memory.but(misses=talk.memory.misses + 1)
        return _ask(talk, Stage.REASON, talk.say("robot.reason"), memory, speech=True)
    return await _finish(talk, talk.memory, reason or talk.word("robot.reason_unsaid"))


async def _taken(talk: Talk, heard: Heard, name: str, allowed: range, following: Stage, words: str) -> Next:
    """One key of one question, and the next question."""
    key = int(heard.pressed) if heard.pressed.isdigit() else 0
    if key not in allowed:
        return await _missed(talk, Stage(talk.call.stage), name)
    memory = talk.memory.but(answers=talk.memory.answers | {name: key}, misses=0)
    return _ask(talk, following, talk.say(f"robot.{words}"), memory)


async def _missed(talk: Talk, stage: Stage, words: str) -> Next:
    """Silence or a wrong key: twice again, then a person calls another time."""
    misses = talk.memory.misses + 1
    if misses > _RETRIES:
        await _settle(talk, SAID_NOTHING)
        return _bye(talk, "later")
    said = talk.say("robot.again") + talk.say(f"robot.{words}")
    return _ask(talk, stage, said, talk.memory.but(misses=misses))


async def _finish(talk: Talk, memory: Memory, reason: str | None) -> Next:
    """All three questions are answered: the survey's own rules say what follows."""
    house = talk.house
    result = await house.database.writing(
        robot_calls.answered, house.city, talk.call.id, _answer(memory, reason), talk.now()
    )
    house.wake()
    house.live.publish("tickets")
    return _bye(talk, result.value if result is not None else "gone")


def _answer(memory: Memory, reason: str | None) -> SurveyAnswer:
    told = memory.answers
    return SurveyAnswer(told["contacted"] == _YES, told["resolved"] == _YES, told["rating"], reason=reason)


async def _person(talk: Talk) -> Next:
    """0: the plan's next turn is a person's, and one is rung now."""
    await _settle(talk, ASKED_PERSON)
    return await people.asked(talk, "callback")


async def _settle(talk: Talk, outcome: str) -> None:
    house = talk.house
    await house.database.writing(robot_calls.settle, house.city, talk.call.id, outcome, talk.now())


def _ask(talk: Talk, stage: Stage, said: tuple[Say, ...], memory: Memory, *, speech: bool = False) -> Next:
    return Next((Ask(said, talk.then, speech=speech, patience=8),), stage, memory)


def _bye(talk: Talk, words: str) -> Next:
    return Next((*talk.say(f"robot.{words}"), Hangup()), Stage.OVER, Memory())


def reported(session: Session, city: City, call_id: UUID, sid: str, status: str, now: datetime) -> None:
    """A status of the provider's; a citizen who waited for a person waits no longer when the call is over."""
    robot_calls.reported(session, city, call_id, sid, status, now)
    call = calls.locked(session, call_id)
    if call.ended_at is not None:
        wait_no_more(session, call.conversation_id, Left.GAVE_UP, now)


_STAGES: Mapping[Stage, Stager] = MappingProxyType(
    {
        Stage.ROBOT: begin,
        Stage.CONTACTED: contacted,
        Stage.RESOLVED: resolved,
        Stage.RATING: rated,
        Stage.REASON: reasoned,
    }
)
