"""Public notices (公告) before anything else: told while they hold, to those whose matter and place they fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.bot import Bot
from bot.flows import region
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.nlu import Parse
from bot.reply import Action, Source
from bot.state import Later
from ticketing.public_notices import NoticeView


def told(bot: Bot, turn: Turn, *, appeal: bool) -> Outcome | None:
    """The notices that answer this message, each once in a conversation; None when none does.

    Where the notice holds only for a part of the city and the citizen's place is unknown, the place is asked, and the
    message is read again when it is known. `appeal` says that the message would be registered otherwise.
    """
    new = [notice for notice in turn.notices if str(notice.id) not in turn.state.notices]
    about = [notice for notice in new if bot.board.about(notice, turn.text)]
    holding = [notice for notice in about if _holds(bot, notice, turn.state.region)]
    if holding:
        return _answer(bot, turn, holding, appeal=appeal)
    if about and turn.state.region is None and not turn.state.asked_region:
        return _where(bot, turn, about, appeal=appeal)
    return None


def fitting(bot: Bot, turn: Turn, content: str, place: str | None) -> NoticeView | None:
    """The notice an appeal is about: of its kind, and in its area or told to this citizen before."""
    about = [notice for notice in turn.notices if bot.board.about(notice, content)]
    return next((one for one in about if str(one.id) in turn.state.notices or _holds(bot, one, place)), None)


def as_before(turn: Turn) -> Turn:
    """The turn as if the message that waited for the citizen's place had just come."""
    waiting = turn.state.waiting
    assert waiting is not None, "a message waits"
    parse = Parse(waiting.intent, waiting.confidence, ((waiting.intent, waiting.confidence),), (), "stand_in")
    return turn.saying(waiting.text, parse).remembering(waiting=None)


def _holds(bot: Bot, notice: NoticeView, place: str | None) -> bool:
    """Whether the notice holds at a place; one for the whole city holds everywhere."""
    if not notice.regions:
        return True
    return place is not None and any(bot.regions.contains(one, place) for one in notice.regions)


def _answer(bot: Bot, turn: Turn, notices: Sequence[NoticeView], *, appeal: bool) -> Outcome:
    lines = [words(bot, notice) for notice in notices]
    seen = (*turn.state.notices, *(str(notice.id) for notice in notices))
    later = (_kept(turn, appeal=True),) if appeal else ()
    if appeal:
        lines.append(bot.say("public_notice.register"))
    sources = tuple(_source(bot, notice) for notice in notices)
    fields: dict[str, Any] = {"item": None, "element": None, "confidence": 1.0, "sources": sources}
    if appeal:
        fields["choices"] = choices((bot.say("handoff.label_ticket"), bot.say("several.says_yes")))
    state = turn.state.but(notices=seen, later=later, misses=0)
    return Outcome(reply_of(Action.ANSWER, "\n".join(lines), turn, **fields), state)


def _where(bot: Bot, turn: Turn, notices: Sequence[NoticeView], *, appeal: bool) -> Outcome:
    lines = [*(words(bot, notice) for notice in notices), bot.say("public_notice.whose")]
    sources = tuple(_source(bot, notice) for notice in notices)
    fields: dict[str, Any] = {"item": None, "element": None, "confidence": 1.0, "sources": sources}
    fields["choices"] = region.choices_of(bot)
    state = turn.state.but(asked_region=True, waiting=_kept(turn, appeal=appeal))
    return Outcome(reply_of(Action.ANSWER, "\n".join(lines), turn, **fields), state)


def _kept(turn: Turn, *, appeal: bool) -> Later:
    return Later(text=turn.text, intent=turn.parse.intent or "", confidence=turn.parse.confidence, appeal=appeal)


def words(bot: Bot, notice: NoticeView) -> str:
    """A notice as it is told: what, where, from whom, from when to when."""
    area = bot.say("public_notice.area", area=where(bot, notice))
    starts, ends = (_moment(bot, at) for at in (notice.starts_at, notice.ends_at))
    return bot.say("public_notice.told", text=notice.text, area=area, source=notice.source, starts=starts, ends=ends)


def where(bot: Bot, notice: NoticeView) -> str:
    """The area of a notice in words."""
    names = [region.name(bot, code) for code in notice.regions] or [bot.say("public_notice.whole_city")]
    return bot.say("public_notice.joint").join([*names, *([notice.area] if notice.area else [])])


def _moment(bot: Bot, at: datetime) -> str:
    local = at.astimezone(bot.city.zone)
    return bot.say(
        "public_notice.moment", month=local.month, day=local.day, hour=local.hour, minute=f"{local.minute:02d}"
    )


def _source(bot: Bot, notice: NoticeView) -> Source:
    day = notice.starts_at.astimezone(bot.city.zone).date().isoformat()
    place = notice.regions[0] if notice.regions else bot.city.region
    return Source("", "overview", place, notice.source, day, bot.say("public_notice.title"))
