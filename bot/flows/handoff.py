"""A person, at any turn (转人工); emergencies handed over; messages that are not to be understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows import waiting
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.reply import Action, Choice
from bot.triage import Finding
from ticketing import queueing


def person(bot: Bot, turn: Turn, reason: str = "asked") -> Outcome:
    """Queue the conversation for an operator and say honestly where the citizen stands."""
    need = bot.city.desk.need(_department(bot, turn), turn.text)
    outcome = Outcome(reply_of(Action.HUMAN, bot.say("handoff.next"), turn), turn.state, hand_off=reason, need=need)

    def place_in_line(session: Session, now: datetime) -> Outcome:
        urgent = queueing.is_heated(session, turn.conversation_id, now)
        outlook = queueing.outlook_for(session, bot.city.code, need, urgent, bot.city.desk, now)
        ways = () if outlook.staffed else waiting.ways_out(bot)
        return outcome.with_reply(text=waiting.words(bot, outlook), choices=ways)

    return replace(outcome, commit=place_in_line)


def _department(bot: Bot, turn: Turn) -> str | None:
    """The department of the item the conversation is about."""
    guide = bot.knowledge.current.library.guide(turn.state.item) if turn.state.item else None
    return guide.department_code if guide else None


def emergency(bot: Bot, turn: Turn, finding: Finding) -> Outcome:
    """The right number at once; an open form waits."""
    assert finding.number is not None, "an emergency has a number"
    after = "triage.emergency_form_kept" if turn.state.form else "triage.emergency_after"
    text = bot.say(f"triage.emergency.{finding.name}", number=finding.number) + "\n" + bot.say(after)
    call = choices((bot.say("triage.call", number=finding.number), f"tel:{finding.number}"))
    return Outcome(
        reply_of(Action.EMERGENCY, text, turn, intent="emergency", emergency=finding.number, choices=call), turn.state
    )


def refused(bot: Bot, turn: Turn) -> Outcome:
    """A message too long to read."""
    return Outcome(reply_of(Action.ABSTAIN, bot.say("triage.refused"), turn, choices=ways_on(bot)), turn.state)


def empty(bot: Bot, turn: Turn) -> Outcome:
    """A message without any text."""
    return Outcome(reply_of(Action.ABSTAIN, bot.say("triage.empty"), turn, choices=ways_on(bot)), turn.state)


def injection(bot: Bot, turn: Turn) -> Outcome:
    """Somebody tries to command the bot."""
    reply = reply_of(Action.OUT_OF_SCOPE, bot.say("triage.injection"), turn, choices=ways_on(bot))
    return Outcome(reply, turn.state)


def anger(bot: Bot, turn: Turn) -> Outcome:
    """Calm words and the offer of a person."""
    return Outcome(
        reply_of(Action.HUMAN, bot.say("handoff.anger"), turn, choices=ways_on(bot), intent="anger"), turn.state
    )


def failed(bot: Bot, turn: Turn) -> Outcome:
    """Something of ours broke: what was said is kept, a person is offered, the memory is as before."""
    return Outcome(reply_of(Action.ABSTAIN, bot.say("handoff.failed"), turn, choices=ways_on(bot)), turn.state)


def ways_on(bot: Bot) -> tuple[Choice, ...]:
    """The two ways that are always open: a person, a ticket."""
    return choices(
        (bot.say("handoff.label_human"), bot.say("handoff.says_human")),
        (bot.say("handoff.label_ticket"), bot.say("handoff.says_ticket")),
    )
