"""Where the citizen is (属地): heard once, remembered, asked at most once and only where the answer depends on it."""

from __future__ import annotations

from dataclasses import replace

from bot.bot import Bot
from bot.flows.turn import Outcome, Turn, choices
from bot.guides.library import Library, ancestors
from bot.reply import Choice
from routing.jurisdiction import Place

_LONGEST_ANSWER = 16


def heard(bot: Bot, turn: Turn) -> Turn:
    """The turn with the region its words name remembered; a place outside the city changes nothing."""
    place = bot.regions.find(turn.text)
    if place is None or place.code == turn.state.region or not _inside(bot, place):
        return turn
    return replace(turn, state=turn.state.but(region=place.code))


def place(bot: Bot, turn: Turn) -> Place | None:
    """The region the conversation is about; None while it is unknown."""
    known = bot.regions.get(turn.state.region) if turn.state.region else None
    return known.place if known else None


def only_names_it(bot: Bot, turn: Turn) -> bool:
    """Whether the message says nothing but where the citizen is (“我在东胜区”)."""
    text = turn.text
    mentions = bot.regions.mentions(text) if len(text) <= _LONGEST_ANSWER else ()
    if not mentions:
        return False
    for mention in mentions:
        text = text.replace(mention.words, "")
    hidden = bot.knowledge.current.linker.lexicon.hidden(text)
    return all(empty or not character.isalnum() for character, empty in zip(text, hidden, strict=True))


def depends(library: Library, code: str, city: str) -> bool:
    """Whether an item has guides of its own for parts of the city: then it matters where the citizen is."""
    above = ancestors(city)
    return any(region not in above for region in library.regions(code))


def asking(bot: Bot, outcome: Outcome) -> Outcome:
    """The outcome with the question where the citizen is, asked once in a conversation."""
    if outcome.state.region or outcome.state.asked_region:
        return outcome
    asked = outcome.with_state(asked_region=True).saying(after=bot.say("region.ask"))
    return asked.with_reply(choices=(*choices_of(bot), *outcome.reply.choices[-1:]))


def choices_of(bot: Bot) -> tuple[Choice, ...]:
    """The parts of the city as quick replies."""
    return choices(*((one.name, one.name) for one in bot.regions.children(bot.city.region) if len(one.code) == 6))


def name(bot: Bot, code: str) -> str:
    """What a region is called."""
    known = bot.regions.get(code)
    return known.place.name if known else code


def _inside(bot: Bot, place: Place) -> bool:
    return place.code != bot.city.region and bot.regions.contains(bot.city.region, place.code)
