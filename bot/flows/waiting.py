"""What a citizen may choose while waiting for a person (排队中): leave word, be called back, or wait no longer.

Everything else they say in the queue is for the person who comes; the bot stays silent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows.details import phone_in
from bot.flows.turn import choices
from bot.reply import Action, Choice, Reply
from routing.language.normalise import normalise
from ticketing import messages, queueing, return_calls
from ticketing.conversations import LEASE, Inbound, Recorded
from ticketing.messages import MESSAGE
from ticketing.models import Author, Left, Owner
from ticketing.ownership import append, lock
from ticketing.queueing import ENTRY, Outlook

PHONE = "phone"
_ENDS = "。.!！~ "


def ways_out(bot: Bot) -> tuple[Choice, ...]:
    """留言 and 预约回拨, offered whenever waiting may be long."""
    return choices(
        (bot.say("handoff.label_message"), bot.say("handoff.says_message")),
        (bot.say("handoff.label_callback"), bot.say("handoff.says_callback")),
    )


def words(bot: Bot, outlook: Outlook) -> str:
    """Honest words about a place in the queue."""
    if not outlook.staffed:
        ahead = outlook.position - 1
        return bot.say("handoff.nobody_line", ahead=ahead) if ahead else bot.say("handoff.nobody")
    if outlook.position == 1:
        return bot.say("handoff.next")
    return bot.say("handoff.waiting", ahead=outlook.position - 1, minutes=outlook.minutes)


def choose(session: Session, bot: Bot, recorded: Recorded, inbound: Inbound, now: datetime) -> Recorded:
    """What a waiting citizen's message chooses, in the transaction that follows its storing.

    Leaving word makes the message the bot's again. The other choices carry their reply. What chooses nothing, and
    what comes after a person took the conversation, is as it was recorded.
    """
    way = _way(session, bot, recorded, inbound.text)
    if way is None or lock(session, recorded.conversation.id)["owner"] != Owner.QUEUE:
        return recorded
    if way == Left.MESSAGE:
        return _to_bot(session, recorded, now)
    if way == Left.GAVE_UP:
        queueing.leave(session, recorded.conversation.id, Left.GAVE_UP, now)
        return _answered(session, recorded, bot.say("handoff.gave_up"), now)
    return _call_back(session, bot, recorded, inbound, now)


def _way(session: Session, bot: Bot, recorded: Recorded, text: str) -> Left | None:
    said = normalise(text[:60]).text.strip(_ENDS)
    for way, exits in bot.city.desk.exits.items():
        if said in exits:
            return Left(way)
    stem = said.rstrip("0123456789 -:：,，")
    if stem != said and stem in bot.city.desk.exits[Left.CALLBACK] and phone_in(said):
        return Left.CALLBACK
    return Left.CALLBACK if _phone_asked(session, recorded.conversation.id) and phone_in(text[:60]) else None


def _phone_asked(session: Session, conversation_id: UUID) -> bool:
    asked = select(ENTRY.c.phone_asked_at).where(ENTRY.c.conversation_id == conversation_id, ENTRY.c.left_at.is_(None))
    return session.execute(asked).scalar() is not None


def _to_bot(session: Session, recorded: Recorded, now: datetime) -> Recorded:
    queueing.leave(session, recorded.conversation.id, Left.MESSAGE, now)
    session.execute(update(MESSAGE).where(MESSAGE.c.id == recorded.message_id).values(due_at=now + LEASE))
    return replace(recorded, conversation=messages.view(session, recorded.conversation.id))


def _call_back(session: Session, bot: Bot, recorded: Recorded, inbound: Inbound, now: datetime) -> Recorded:
    phone = inbound.address if inbound.channel == PHONE else phone_in(inbound.text[:60])
    if phone is None:
        asked = update(ENTRY).where(ENTRY.c.conversation_id == recorded.conversation.id, ENTRY.c.left_at.is_(None))
        session.execute(asked.values(phone_asked_at=now))
        return _answered(session, recorded, bot.say("handoff.which_phone"), now)
    conversation = recorded.conversation.id
    return_calls.ask(session, bot.city, phone, "asked", f"queue:{recorded.message_id}", now, conversation)
    queueing.leave(session, conversation, Left.CALLBACK, now)
    until = (now + bot.city.desk.return_call).astimezone(bot.city.zone)
    return _answered(session, recorded, bot.say("handoff.callback_noted", until=f"{until:%H:%M}"), now)


def _answered(session: Session, recorded: Recorded, text: str, now: datetime) -> Recorded:
    reply = Reply(Action.HUMAN, text, choices=()).to_json()
    conversation = recorded.conversation.id
    append(session, conversation, Author.BOT, text, now, reply=reply, in_reply_to=recorded.message_id)
    return replace(recorded, conversation=messages.view(session, conversation), reply=reply)
