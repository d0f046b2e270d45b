"""A citizen's text (上行短信): a stop word is obeyed, everything else is an ordinary conversation answered by text."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from bot import dialogue
from bot.flows import waiting
from bot.replies import Replies
from integrations.bootstrap import HOUSE, House
from integrations.channels.sms import outgoing, stops
from integrations.channels.sms.port import CHANNEL
from integrations.channels.sms.stops import Wish
from integrations.channels.wechat.words import answerable
from integrations.consoles.words import now
from ticketing import conversations, jobs
from ticketing.conversations import Inbound, Recorded
from ticketing.models import Author, Owner
from ticketing.texts import mobile

log = structlog.get_logger()
TURNS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("sms_turns", set)
_LAST_TURNS = 5.0


@dataclass(frozen=True, slots=True)
class Texted:
    """One text as its carrier gave it; `answered` when the carrier itself has confirmed a stop word."""

    phone: str
    text: str
    external_id: str
    answered: bool = False


async def take(app: web.Application, texted: Texted) -> None:
    """Store a text before anything else, then let the bot answer it."""
    house = app[HOUSE]
    phone = mobile(texted.phone)
    if phone is None:
        log.info("sms_from_no_mobile")
        return
    recorded = await house.database.writing(_keep, house, phone, texted, now())
    house.wake()
    if recorded is None:
        return
    house.live.publish(f"conversation:{recorded.conversation.id}", recorded.seq)
    if not recorded.duplicate and recorded.conversation.owner == Owner.BOT:
        task = asyncio.create_task(_answer(house, recorded.message_id))
        app[TURNS].add(task)
        task.add_done_callback(app[TURNS].discard)


async def finish_turns(app: web.Application) -> None:
    """Let the turns that run come to their end."""
    if app[TURNS]:
        await asyncio.wait(app[TURNS], timeout=_LAST_TURNS)


async def _answer(house: House, message_id: UUID) -> None:
    try:
        await dialogue.finish(house.bot, message_id, now)
    except Exception:
        log.exception("turn_failed", message=str(message_id))  # stored and due: the sweeper answers it
    house.wake()


def _keep(session: Session, house: House, phone: str, texted: Texted, at: datetime) -> Recorded | None:
    """Obey a stop word; store everything else, and that an answer is owed."""
    wish = stops.wish_of(texted.text, house.replies)
    if wish is not None:
        stops.note(session, phone, wish, at)
        _confirm(session, phone, wish, texted, house.replies, at)
        return None
    stops.heard(session, phone, at)
    said = _chosen(session, phone, texted.text, house.city.code) or house.replies.text("sms.empty")
    inbound = Inbound(CHANNEL, phone, said, texted.external_id, house.city.code)
    recorded = conversations.record(session, inbound, at)
    if recorded.duplicate:
        return recorded
    if recorded.conversation.owner == Owner.QUEUE:  # leaving word, a call back, no longer waiting
        chosen = waiting.choose(session, house.bot, recorded, inbound, at)
        if chosen is not recorded:
            outgoing.owe(session, recorded.message_id, at)
        return chosen
    if recorded.conversation.owner == Owner.BOT:
        outgoing.owe(session, recorded.message_id, at)
    return recorded


def _confirm(session: Session, phone: str, wish: Wish, texted: Texted, replies: Replies, at: datetime) -> None:
    """Say once that the wish is kept, unless the carrier has said so itself."""
    if texted.answered:
        return
    words = replies.text("sms.stopped" if wish is Wish.STOP else "sms.resumed")
    payload: dict[str, Any] = {"template": "reply", "confirms": True}
    secret = {"phone": phone, "blanks": {"text": words}}
    jobs.enqueue(session, outgoing.SMS, f"sms:wish:{texted.external_id}", payload, at, secret=secret)


def _chosen(session: Session, phone: str, text: str, city: str) -> str:
    """A bare number after numbered choices says what that choice says."""
    digit = text.strip()
    if len(digit) != 1 or digit not in "123456789":
        return text
    view = conversations.running(session, CHANNEL, phone, city)
    last = conversations.messages_after(session, view.id, view.last_seq - 1) if view else ()
    choices = answerable(last[0].reply) if last and last[0].author == Author.BOT else []
    return choices[int(digit) - 1]["says"] if int(digit) <= len(choices) else text
