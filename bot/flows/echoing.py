"""Before the citizen confirms: how many others have told of the same incident (已有几位市民反映)."""

from __future__ import annotations

import logging

from bot.bot import Bot
from bot.flows.turn import Outcome, Turn
from bot.state import AppealForm, Step
from ticketing.echoes import echoes

_log = logging.getLogger(__name__)


async def told(bot: Bot, turn: Turn, outcome: Outcome) -> Outcome:
    """The outcome with the number of others before its read-back; said once a form, when it is first read back."""
    form = outcome.state.form
    if form is None or form.step is not Step.CONFIRM or _read_back_before(turn):
        return outcome
    count = await _count(bot, turn, form)
    return outcome.saying(before=bot.say("appeal.echoed", count=count)) if count else outcome


def _read_back_before(turn: Turn) -> bool:
    return turn.state.form is not None and turn.state.form.step is Step.CONFIRM


async def _count(bot: Bot, turn: Turn, form: AppealForm) -> int:
    """How many open tickets tell of it; the appeal is taken all the same when the search fails."""
    try:
        found = await bot.database.reading(echoes, bot.duplicates, bot.city, form.content, form.place, turn.at)
    except Exception:
        _log.exception("looking for the same incident failed on message %s", turn.message_id)
        return 0
    return len(found)
