"""Where to go (找大厅、代办点): the places of the citizen's own region; what is not registered is said to be so."""

from __future__ import annotations

from bot.bot import Bot
from bot.directory import AGENT, HALL, Office
from bot.flows import region
from bot.flows.handoff import ways_on
from bot.flows.turn import Outcome, Turn, reply_of
from bot.reply import Action, Source

_STREET_CODE = 9


def places(bot: Bot, turn: Turn, kind: str) -> Outcome:
    """An answer about no item: the places, nearest level first, and who knows what is not registered."""
    here = region.place(bot, turn)
    agents = bot.directory.near(AGENT, bot.regions, here) if here else ()
    halls = bot.directory.near(HALL, bot.regions, here)
    lines = [_say(bot, "agents"), *_nearby(bot, turn, agents)] if kind == AGENT else []
    lines += [_say(bot, "halls"), *(_line(bot, office) for office in halls)]
    if kind == AGENT and here:
        lines.append(_say(bot, "nearest"))
    if not all(office.address for office in (*agents, *halls)):
        lines.append(_say(bot, "no_address"))
    source = _source(bot, halls)
    lines.append(_say(bot, "source", source=source.cites, reviewed=source.reviewed))
    fields = {"item": None, "element": None, "confidence": 1.0, "sources": (source,), "choices": ways_on(bot)}
    outcome = Outcome(reply_of(Action.ANSWER, "\n".join(lines), turn, **fields), turn.state.but(misses=0))
    return region.asking(bot, outcome)


def _nearby(bot: Bot, turn: Turn, agents: tuple[Office, ...]) -> list[str]:
    """What is at the citizen's door: registered 代办点, the street's centre, the neighbourhood's station."""
    here = region.place(bot, turn)
    if here is None:
        return []
    street = [_say(bot, "street", name=here.name)] if len(here.code) == _STREET_CODE else []
    general = [_say(bot, "line", name=name, details="") for name in (*street, _say(bot, "neighbourhood"))]
    return [_say(bot, "yours"), *(_line(bot, office) for office in agents), *general]


def _line(bot: Bot, office: Office) -> str:
    known = {"address": office.address, "phone": office.phone, "hours": office.hours}
    details = _say(bot, "joint").join(_say(bot, key, **{key: value}) for key, value in known.items() if value)
    return _say(bot, "line", name=office.name, details=_say(bot, "details", details=details) if details else "")


def _source(bot: Bot, halls: tuple[Office, ...]) -> Source:
    reviewed = min((office.reviewed for office in halls), default="")
    return Source("", "location", bot.city.region, _say(bot, "law"), reviewed, _say(bot, "title"))


def _say(bot: Bot, reply: str, **blanks: object) -> str:
    return bot.say(f"directory.{reply}", **blanks)
