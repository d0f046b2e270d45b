"""The conversation of a call (通话脚本): a greeting and one open question; the bot answers; 0 always reaches a person.

Every prompt gets at most two more chances, then keys, then a person. Each stage is one function; `go_on` chooses it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from integrations.channels.phone import people, progress, reading, rescue, survey, turns, voicemail
from integrations.channels.phone.line import CHANNEL, Heard, Next, Stage, Talk
from integrations.channels.phone.reading import AGAIN, MORE, NEXT, SMS
from integrations.channels.phone.steps import Ask, Say
from ticketing import conversations, ownership
from ticketing.models import Owner
from ticketing.public_notices import NoticeView

Stager = Callable[[Talk, Heard], Awaitable[Next]]
_MOST_NOTICES = 2
_STAR = "*"


async def go_on(talk: Talk, heard: Heard) -> Next:
    """The next steps of a call; danger comes before whatever was asked."""
    if talk.danger(heard.words):
        return await turns.answer(talk, heard.words)
    return await STAGES[Stage(talk.call.stage)](talk, heard)


async def start(talk: Talk, _heard: Heard) -> Next:
    """Greeting, danger first, what everybody calls about today, recording; then the open question or a person."""
    house = talk.house
    await house.database.writing(_afresh, talk.address, house.city.code, talk.now())
    said = talk.say("greeting", hotline=talk.word("hotline", city=house.city.name)) + talk.say("emergency_first")
    running = await house.bot.board.running(house.database, house.city.code, talk.now())
    said += tuple(line for notice in running[:_MOST_NOTICES] for line in _notice(talk, notice))
    if house.settings.phone_record:
        said += talk.say("recording")
    if house.settings.phone_menu == "no-menu":
        return (await people.asked(talk, "no_menu")).after(said)
    return Next((_open(talk, said + talk.say("open")),), Stage.TALK, talk.memory.but(keys={"1": "@progress"}))


def _afresh(session: Session, address: str, city: str, now: datetime) -> None:
    """A form left open by an earlier call does not take the first words of this one; what was said stays."""
    before = conversations.running(session, CHANNEL, address, city)
    if before is not None and before.owner == Owner.BOT:
        ownership.give(session, before.id, now, flow=None, state_sealed=None)


def _notice(talk: Talk, notice: NoticeView) -> tuple[Say, ...]:
    area = talk.say("notice_area", area=notice.area) if notice.area else ()
    return talk.say("notice", text=notice.text) + area


def _open(talk: Talk, prompt: tuple[Say, ...]) -> Ask:
    return Ask(prompt, talk.then, hints=reading.hints(talk))


async def talked(talk: Talk, heard: Heard) -> Next:
    """What the caller said or pressed at an open prompt."""
    memory, pressed = talk.memory, heard.pressed
    if pressed == _STAR and talk.house.settings.phone_record:
        prompt = talk.say("not_recorded") + talk.say("open")
        return Next((_open(talk, prompt),), Stage.TALK, memory.but(refused_recording=True))
    if heard.silent:
        return await turns.unheard(talk)
    if talk.wants_person(heard):
        return await people.asked(talk, "asked")
    meaning = memory.keys.get(pressed, pressed) if pressed else heard.words
    if meaning in _MEANINGS:
        return await _MEANINGS[meaning](talk)
    return await turns.answer(talk, meaning)


async def _again(talk: Talk) -> Next:
    return _told(talk, talk.memory.told)


async def _more(talk: Talk) -> Next:
    return _told(talk, min(talk.memory.told + 1, len(talk.memory.portions) - 1))


def _told(talk: Talk, portion: int) -> Next:
    memory = talk.memory.but(told=portion, misses=0)
    shown = reading.after_answer(talk, more=portion + 1 < len(memory.portions))
    prompt, memory = reading.told(talk, memory, shown)
    return Next((prompt,), Stage.TALK, memory)


async def _next(talk: Talk) -> Next:
    return Next((_open(talk, talk.say("next")),), Stage.TALK, talk.memory.but(keys={}, many=False, misses=0))


async def _appeal(talk: Talk) -> Next:
    return await turns.answer(talk, talk.word("tell_what"))


async def _progress(talk: Talk) -> Next:
    return progress.ask_number(talk)


async def _text(talk: Talk) -> Next:
    sent = await reading.send_text(talk)
    return _told(talk, talk.memory.told).after(talk.say("sent" if sent else "not_sent"))


async def _over(talk: Talk, _heard: Heard) -> Next:
    return survey.goodbye(talk)


_MEANINGS: Mapping[str, Callable[[Talk], Awaitable[Next]]] = MappingProxyType(
    {AGAIN: _again, MORE: _more, NEXT: _next, SMS: _text, "@appeal": _appeal, "@progress": _progress}
)
STAGES: Mapping[Stage, Stager] = MappingProxyType(
    {
        Stage.START: start,
        Stage.TALK: talked,
        Stage.NUMBER: progress.number,
        Stage.CODE: progress.code,
        Stage.RINGING: people.rung,
        Stage.QUEUE: people.left_queue,
        Stage.OFFER: people.chose,
        Stage.VOICEMAIL: voicemail.recorded,
        Stage.RESCUE: rescue.ended,
        Stage.SURVEY: survey.rated,
        Stage.OVER: _over,
    }
)
