"""Rating in the call (通话内评价): three keys after what was answered on the spot; nobody is called back for it."""

from __future__ import annotations

from types import MappingProxyType

from integrations.channels.phone.line import Heard, Memory, Next, Stage, Talk
from integrations.channels.phone.steps import Ask, Hangup
from ticketing import calls

RATINGS = MappingProxyType({"1": 3, "2": 2, "3": 1})  # 满意, 基本满意, 不满意


def asked(talk: Talk) -> Next:
    """The one question; who hangs up instead has not rated."""
    prompt = Ask(talk.say("survey"), talk.then, speech=False)
    return Next((prompt,), Stage.SURVEY, talk.memory.but(keys={}, many=False, misses=0))


async def rated(talk: Talk, heard: Heard) -> Next:
    """Keep what was pressed; nothing pressed is no rating."""
    rating = RATINGS.get(heard.pressed)
    if rating is None:
        return goodbye(talk)
    await talk.house.database.writing(calls.rate, talk.call.id, rating)
    return Next((*talk.say("thanks"), Hangup()), Stage.OVER, Memory())


def goodbye(talk: Talk) -> Next:
    """The end of a call."""
    return Next((*talk.say("bye"), Hangup()), Stage.OVER, Memory())
