"""Photos and papers in the conversation (随手拍): they wait for the ticket, or go to the one just registered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows import appeal
from bot.flows.turn import Outcome, Turn, reply_of
from bot.reply import Action
from ticketing import attachments


def received(bot: Bot, turn: Turn) -> Outcome:
    """Files without a word: said to be kept, and the open question is asked again."""
    if turn.state.form:
        kept = reply_of(Action.TICKET, bot.say("attachments.got.in_form"), turn, kind=turn.state.form.kind)
        return appeal.resume(bot, turn, turn.state.form, Outcome(kept, turn.state))
    alone = Outcome(reply_of(Action.SMALLTALK, bot.say("attachments.got.alone"), turn), turn.state)

    def commit(session: Session, now: datetime) -> Outcome:
        number = attachments.follow(session, turn.message_id, now)
        if number is None:
            return alone
        text = bot.say("attachments.got.to_ticket", number=number)
        return Outcome(reply_of(Action.TICKET, text, turn, ticket_no=number), turn.state)

    return Outcome(alone.reply, turn.state, commit=commit)


def beside(turn: Turn, outcome: Outcome) -> Outcome:
    """Files that come with words about a ticket go to the one just registered; others wait for theirs."""
    if not turn.attached or turn.parse.intent != "ticket_add" or outcome.state.form:
        return outcome

    def commit(session: Session, now: datetime) -> Outcome:
        attachments.follow(session, turn.message_id, now)
        return outcome

    return outcome.also(commit)
