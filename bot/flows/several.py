"""Several matters in one message (一句话几件事): questions are answered in order, appeals confirmed first.

Every part was decided for itself. Only when each of them is a matter of its own are they put together; else the
message is read as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.bot import Bot
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.guides.elements import asks
from bot.nlu import Parse
from bot.reply import Action, Choice
from bot.state import Later

_SURE = 0.6
_LONGEST = 900
_QUOTED = 40
_TOLD = frozenset({Action.ANSWER, Action.NOT_ACCEPTED})


def together(bot: Bot, parts: Sequence[tuple[Turn, Outcome]]) -> Outcome | None:
    """One reply to all parts; None when one of them is no matter of its own."""
    if len(parts) < 2 or not all(_stands_alone(bot, part, outcome) for part, outcome in parts):
        return None
    items = [outcome.reply.item for _, outcome in parts if outcome.reply.item]
    if len(set(items)) < len(items):
        return None
    (_, outcome), *others = parts
    if outcome.reply.action is Action.CLARIFY:
        return None
    if outcome.reply.action is Action.TICKET:
        return _ticket_first(bot, outcome, others)
    told, left = outcome, list(others)
    while left and left[0][1].reply.action in _TOLD and _short(told, left[0][1]):
        told = _joined(bot, told, left.pop(0)[1])
    return offering(bot, told, tuple(_later(*one) for one in left)) if left else told


def offering(bot: Bot, outcome: Outcome, later: tuple[Later, ...]) -> Outcome:
    """The outcome, asking whether to go on with the next of the citizen's matters."""
    reply = "several.confirm_appeal" if later[0].appeal else "several.confirm_question"
    asking = bot.say(reply, matter=quoted(later[0].text))
    return outcome.with_state(later=later).saying(after=asking).with_reply(choices=_yes_no(bot))


def dropped(bot: Bot, turn: Turn) -> Outcome:
    """The citizen does not want the next matter taken up; what is left after it is asked about."""
    left = turn.state.later[1:]
    reply = reply_of(Action.SMALLTALK, bot.say("several.dropped"), turn)
    outcome = Outcome(reply, turn.state.but(later=left))
    return offering(bot, outcome, left) if left else outcome


def recalled(turn: Turn) -> Turn:
    """The turn as if the citizen had just said the next of the matters put off."""
    later, *rest = turn.state.later
    parse = Parse(later.intent, later.confidence, ((later.intent, later.confidence),), (), "stand_in")
    return turn.saying(later.text, parse).remembering(later=tuple(rest))


def quoted(text: str) -> str:
    """The beginning of a matter, as it is quoted back."""
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "……"


def _stands_alone(bot: Bot, part: Turn, outcome: Outcome) -> bool:
    """Whether the part is a matter of its own: a question that names its item, an appeal, or what goes elsewhere."""
    match outcome.reply.action:
        case Action.ANSWER if outcome.reply.item:
            return outcome.reply.confidence >= _SURE and asks(part.text, bot.knowledge.current.linker.lexicon)
        case Action.ANSWER | Action.NOT_ACCEPTED:
            return True
        case Action.CLARIFY:
            return bool(outcome.reply.offered) and asks(part.text, bot.knowledge.current.linker.lexicon)
        case Action.TICKET:
            return outcome.state.form is not None
    return False


def _ticket_first(bot: Bot, outcome: Outcome, others: Sequence[tuple[Turn, Outcome]]) -> Outcome:
    """An appeal opened its form: what can be told is told before it, what cannot waits until it is done."""
    told = [other for _, other in others if other.reply.action in _TOLD]
    waiting = tuple(_later(*one) for one in others if one[1].reply.action not in _TOLD)
    first = outcome.with_state(later=waiting)
    if waiting:
        first = first.saying(before=bot.say("several.waits", matter=quoted(waiting[0].text)))
    for other in reversed(told):
        sources = first.reply.sources + other.reply.sources
        first = first.saying(before=other.reply.text + "\n").with_reply(sources=sources).also(other.commit)
    return first


def _joined(bot: Bot, first: Outcome, second: Outcome) -> Outcome:
    """Two answers, one under the other; the second item is the one the conversation goes on with."""
    more = "\n" + bot.say("several.also", text=second.reply.text)
    sources = first.reply.sources + second.reply.sources
    both = first.saying(after=more).with_reply(sources=sources, choices=second.reply.choices).also(second.commit)
    return both.with_state(**dict(second.state))


def _short(told: Outcome, more: Outcome) -> bool:
    return len(told.reply.text) + len(more.reply.text) <= _LONGEST


def _later(part: Turn, outcome: Outcome) -> Later:
    intent, confidence = part.parse.intent or "", part.parse.confidence
    appeal = outcome.reply.action is Action.TICKET
    return Later(text=part.text, intent=intent, confidence=confidence, appeal=appeal)


def _yes_no(bot: Bot) -> tuple[Choice, ...]:
    return choices(
        (bot.say("several.label_yes"), bot.say("several.says_yes")),
        (bot.say("several.label_no"), bot.say("several.says_no")),
    )
