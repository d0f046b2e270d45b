"""Following one's own ticket (查进度): number and query code, or number and the phone left with it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows.details import phone_in
from bot.flows.handoff import person
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.reply import Action, Choice
from bot.state import ProgressForm
from ticketing import citizens
from ticketing.errors import TooManyAttempts
from ticketing.progress import Progress, Step, of_citizen, of_conversation, progress
from ticketing.workflow import FINAL

INTENTS = frozenset({"ticket_progress", "ticket_urge", "ticket_add", "ticket_withdraw"})
_NUMBER = re.compile(r"(?<!\d)(\d{6})[- ]?(\d{6})[- ]?(\d)(?!\d)")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_MISSES = 2


def start(bot: Bot, turn: Turn) -> Outcome:
    """Open the query with what the message gives; without a number, the tickets of this very conversation."""
    asked = go_on(bot, turn, ProgressForm(), opening=True)
    if gives_something(turn.text):
        return asked

    def commit(session: Session, _now: datetime) -> Outcome:
        own = of_conversation(session, turn.conversation_id, limit=1) or _bound(session, turn)
        return _showing(bot, turn, own[0]) if own else asked

    return replace(asked, commit=commit)


def _bound(session: Session, turn: Turn) -> tuple[Progress, ...]:
    """The newest ticket of the citizen whose phone is bound to this address."""
    citizen = citizens.bound(session, turn.conversation_id)
    return of_citizen(session, citizen[0], limit=1) if citizen else ()


def go_on(bot: Bot, turn: Turn, form: ProgressForm, *, opening: bool = False) -> Outcome:
    """Take number and proof out of the message; show the ticket when both are known."""
    if not opening and bot.cues.says("cancel", turn.text):
        reply = reply_of(Action.STATUS, bot.say("progress.cancelled"), turn)
        return Outcome(reply, turn.state.but(progress=None))
    number, rest = number_in(turn.text)
    number = number or form.number
    code = _CODE.search(rest)
    phone = phone_in(rest)
    if number and (code or phone):
        return _look_up(bot, turn, number, code.group() if code else None, phone)
    if not opening and number == form.number and form.misses + 1 >= _MISSES:
        return person(bot, replace(turn, state=turn.state.but(progress=None)), reason="progress_failed")
    heard = opening or number != form.number
    asked = ProgressForm(number=number, misses=0 if heard else form.misses + 1)
    question = ("progress.ask_code" if number else "progress.ask_number") if heard else "progress.again"
    return _asking(bot, turn, asked, bot.say(question))


def gives_something(text: str) -> bool:
    """Whether a message holds a ticket number, a query code or a phone number."""
    number, rest = number_in(text)
    return bool(number or _CODE.search(rest) or phone_in(rest))


def number_in(text: str) -> tuple[str | None, str]:
    """The ticket number of a text in its written form, and the text without it."""
    match = _NUMBER.search(text)
    if not match:
        return None, text
    return "-".join(match.groups()), text[: match.start()] + " " + text[match.end() :]


def _look_up(bot: Bot, turn: Turn, number: str, code: str | None, phone: str | None) -> Outcome:
    """Look in the transaction of the reply: a wrong code is counted there."""

    def commit(session: Session, now: datetime) -> Outcome:
        try:
            found = progress(session, number, code=code, phone=None if code else phone, now=now)
        except TooManyAttempts as error:
            return _refused(bot, turn, number, bot.say("progress.locked", until=bot.moment(error.details["until"])))
        return _showing(bot, turn, found) if found else _refused(bot, turn, number, bot.say("progress.not_found"))

    return Outcome(reply_of(Action.STATUS, "", turn), turn.state, commit=commit)


def _showing(bot: Bot, turn: Turn, found: Progress) -> Outcome:
    reply = reply_of(Action.STATUS, _shown(bot, found), turn, ticket_no=found.number, choices=_quick(bot)[:1])
    return Outcome(reply, turn.state.but(progress=None))


def _refused(bot: Bot, turn: Turn, number: str, text: str) -> Outcome:
    return _asking(bot, turn, ProgressForm(number=number), text)


def _asking(bot: Bot, turn: Turn, form: ProgressForm, text: str) -> Outcome:
    reply = reply_of(Action.STATUS, text, turn, choices=_quick(bot))
    return Outcome(reply, turn.state.but(progress=form, form=None, offered=(), asked=()))


def _shown(bot: Bot, found: Progress) -> str:
    """The ticket in plain words: where it stands, what happened, what comes."""
    steps = "\n".join(_step(bot, step) for step in found.steps)
    shown = bot.say(
        "progress.shown",
        number=found.number,
        kind=found.kind,
        title=found.title,
        status=bot.say(f"labels.status.{found.status.value}"),
        steps=steps,
    )
    answer = bot.say("progress.answer", answer=found.answer) if found.answer else ""
    return "\n".join(part for part in (shown, answer, _what_comes(bot, found)) if part)


def _step(bot: Bot, step: Step) -> str:
    what = bot.say(f"labels.action.{step.code}")
    if step.department:
        what = bot.say("progress.by", what=what, department=bot.say(f"labels.department.{step.department}"))
    return bot.say("progress.step", at=bot.moment(step.at), what=what)


def _what_comes(bot: Bot, found: Progress) -> str:
    if found.status in FINAL:
        return bot.say("progress.finished")
    promise = bot.say("progress.promise", at=bot.moment(found.promised_at))
    return promise + "\n" + bot.say("progress.more")


def _quick(bot: Bot) -> tuple[Choice, ...]:
    return choices(
        (bot.say("handoff.label_human"), bot.say("handoff.says_human")),
        (bot.say("appeal.label_cancel"), bot.say("appeal.label_cancel")),
    )
