"""Politeness (寒暄) and what is none of the hotline's business; both lead back to what it can do."""

from __future__ import annotations

from bot.bot import Bot
from bot.flows.handoff import ways_on
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.reply import Action

INTENTS = frozenset({"greet", "thanks", "goodbye", "bot_identity", "affirm", "deny", "cancel", "chat"})


def talk(bot: Bot, turn: Turn, about: str | None = None) -> Outcome:
    """A short friendly sentence; `about` names it where the intent does not."""
    text = bot.replies.text(f"smalltalk.{about or turn.parse.intent}", variant=turn.seq)
    return Outcome(reply_of(Action.SMALLTALK, text, turn), turn.state)


def out_of_scope(bot: Bot, turn: Turn, about: str = "out_of_scope") -> Outcome:
    """Say what the hotline is for; `about` names what is known of who else helps."""
    reply = reply_of(Action.OUT_OF_SCOPE, bot.say(f"smalltalk.{about}"), turn, choices=ways_on(bot))
    return Outcome(reply, turn.state)


def not_accepted(bot: Bot, turn: Turn, outlet: str) -> Outcome:
    """不予受理的去向: where to go instead. It is advice: only a person refuses, so a person is offered."""
    text = bot.say(f"outlets.{outlet}") + "\n" + bot.say("outlets.after")
    person = choices((bot.say("handoff.label_human"), bot.say("handoff.says_human")))
    return Outcome(reply_of(Action.NOT_ACCEPTED, text, turn, choices=person), turn.state)
