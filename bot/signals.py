"""What a turn teaches (反馈信号): a choice after asking back, a correction, an answer that did not help.

Each leaves the question in the citizen's own words, redacted, for the owner of the guide it was about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows.turn import Outcome, Turn
from bot.guides.tasks import note_signal
from bot.reply import Action
from ticketing.models import Author, Message


@dataclass(frozen=True, slots=True)
class Signal:
    """Why the question before this message is kept, and for which item and element."""

    reason: str
    item: str
    element: str | None


def learning(bot: Bot, turn: Turn, outcome: Outcome) -> Outcome:
    """The same outcome, keeping what it teaches in the transaction that stores the reply."""
    signal = _chosen(turn, outcome) or _corrected(bot, turn, outcome) or _unsolved(bot, turn)
    if signal is None:
        return outcome
    known = bot.knowledge.current.library.item(signal.item)
    owner = known.department if known else None

    def commit(session: Session, now: datetime) -> Outcome:
        question = _question_before(session, turn)
        note_signal(
            session,
            city=bot.city.code,
            item=signal.item,
            element=signal.element,
            reason=signal.reason,
            question=question or "",
            owner=owner,
            now=now,
        )
        return outcome

    return outcome.also(commit)


def _chosen(turn: Turn, outcome: Outcome) -> Signal | None:
    """The bot asked which item is meant, and now knows."""
    offered = {one.code for one in turn.state.offered}
    item = outcome.state.item
    if not offered or outcome.state.offered or item not in offered or outcome.reply.action is not Action.ANSWER:
        return None
    return Signal("chosen", item, _element(turn.state.asked or outcome.state.told))


def _corrected(bot: Bot, turn: Turn, outcome: Outcome) -> Signal | None:
    """“不是补办，是到期换”: the question before was about another item than the one it was answered with."""
    before, after = turn.state.item, outcome.state.item
    if not before or not after or before == after or outcome.reply.action is not Action.ANSWER:
        return None
    denied = turn.text.startswith(tuple(bot.cues.lists["negated"]))
    return Signal("corrected", after, _element(outcome.state.told)) if denied else None


def _unsolved(bot: Bot, turn: Turn) -> Signal | None:
    """“没解决” after an answer."""
    waits = turn.state.form or turn.state.progress or turn.state.offered
    if waits or not turn.state.item or not bot.cues.says("unsolved", turn.text):
        return None
    return Signal("unsolved", turn.state.item, _element(turn.state.told))


def _element(told: tuple[str, ...]) -> str | None:
    return told[0] if told else None


def _question_before(session: Session, turn: Turn) -> str | None:
    """What the citizen had asked before this message, without personal data."""
    query = select(Message.body_redacted).where(
        Message.conversation_id == turn.conversation_id,
        Message.author == Author.CITIZEN.value,
        Message.seq < turn.seq,
    )
    return session.scalar(query.order_by(Message.seq.desc()).limit(1))
