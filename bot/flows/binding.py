"""Binding a phone to a WeChat user or web visitor (绑定手机): number, code by text; then their tickets are known."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows.details import phone_in
from bot.flows.turn import Outcome, Turn, reply_of
from bot.reply import Action
from bot.state import BindingForm
from ticketing import citizens, one_time_codes
from ticketing.errors import TooManyAttempts
from ticketing.one_time_codes import For
from ticketing.privacy import mask_phone
from ticketing.texts import mobile

CHANNELS = frozenset({"wechat", "web"})
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)", re.ASCII)
_MISSES = 3


def asked(bot: Bot, turn: Turn) -> Outcome | None:
    """The outcome of a message that asks to bind or to unbind; None for any other."""
    if bot.cues.says("unbind_phone", turn.text):
        return _unbind(bot, turn)
    if not bot.cues.says("bind_phone", turn.text):
        return None
    if not bot.texts:
        return _said(bot, turn, "binding.not_offered", None)
    phone = phone_in(turn.text)
    return _send(bot, turn, phone) if phone else _said(bot, turn, "binding.ask_phone", BindingForm())


def gives_something(text: str) -> bool:
    """Whether a message holds a phone number or a code."""
    return bool(phone_in(text) or _CODE.search(text))


def go_on(bot: Bot, turn: Turn, form: BindingForm) -> Outcome:
    """Take the number or the code out of the message."""
    if bot.cues.says("cancel", turn.text):
        return _said(bot, turn, "binding.cancelled", None)
    phone = phone_in(turn.text)
    if phone:
        return _send(bot, turn, phone)
    code = _CODE.search(turn.text)
    if code and form.phone:
        return _prove(bot, turn, form, form.phone, code.group())
    if form.misses + 1 >= _MISSES:
        return _said(bot, turn, "binding.gave_up", None)
    missing = "binding.code_again" if form.phone else "binding.phone_again"
    return _said(bot, turn, missing, form.model_copy(update={"misses": form.misses + 1}))


def _send(bot: Bot, turn: Turn, phone: str) -> Outcome:
    """Send the code in the transaction of the reply; the same words whether the house knows the number or not."""
    if mobile(phone) is None:
        return _said(bot, turn, "binding.not_mobile", BindingForm())
    sent = _said(bot, turn, "binding.code_sent", BindingForm(phone=phone), phone=mask_phone(phone))

    def commit(session: Session, now: datetime) -> Outcome:
        try:
            one_time_codes.send(session, phone, For.BINDING, now)
        except TooManyAttempts:
            return _said(bot, turn, "binding.too_often", BindingForm(phone=phone))
        return sent

    return Outcome(sent.reply, sent.state, commit=commit)


def _prove(bot: Bot, turn: Turn, form: BindingForm, phone: str, code: str) -> Outcome:
    again = form.model_copy(update={"misses": form.misses + 1})
    tired = again.misses >= one_time_codes.TRIES
    wrong = _said(bot, turn, "binding.gave_up" if tired else "binding.code_wrong", None if tired else again)

    def commit(session: Session, now: datetime) -> Outcome:
        if not one_time_codes.proves(session, phone, For.BINDING, code, now):
            return wrong
        citizens.bind(session, turn.conversation_id, phone, now)
        return _said(bot, turn, "binding.bound", None, phone=mask_phone(phone))

    return Outcome(wrong.reply, wrong.state, commit=commit)


def _unbind(bot: Bot, turn: Turn) -> Outcome:
    none = _said(bot, turn, "binding.not_bound", None)

    def commit(session: Session, _now: datetime) -> Outcome:
        loose = citizens.unbind(session, turn.conversation_id)
        return _said(bot, turn, "binding.unbound", None) if loose else none

    return Outcome(none.reply, none.state, commit=commit)


def _said(bot: Bot, turn: Turn, words: str, form: BindingForm | None, **blanks: str) -> Outcome:
    own = words.replace("binding.", f"binding.{turn.channel}.", 1)
    reply = reply_of(Action.STATUS, bot.say(own if bot.replies.has(own) else words, **blanks), turn)
    return Outcome(reply, turn.state.but(binding=form, progress=None, form=None, offered=(), asked=()))
