"""A person on the phone (转话务员): rung at once where one is free, else a place in the one queue of all channels.

The caller's conversation is an ordinary one that waits for a person, so its words stand on the operator's screen
before the telephone is picked up. Who does not want to wait is called back or leaves a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.channels.phone import survey, voicemail
from integrations.channels.phone.leaving import wait_no_more
from integrations.channels.phone.line import Heard, Memory, Next, Stage, Talk, room_targets
from integrations.channels.phone.steps import Ask, Document, Enqueue, Hangup, Leave, Ring, Say
from ticketing import calls, conversations, handoff, ownership, queueing, return_calls
from ticketing.city import City
from ticketing.conversations import Inbound
from ticketing.desk_rules import DeskRules
from ticketing.messages import CONVERSATION
from ticketing.models import Left, Owner, Staff
from ticketing.queueing import Outlook

ANSWERED = "answered"
_RETRIES = 2
_ROUNDS = 3
_EVERY = timedelta(seconds=15)  # how often a waiting caller is told, and may press a key


@dataclass(frozen=True, slots=True)
class Prospect:
    """Who has the conversation, or how it stands in line."""

    username: str | None
    outlook: Outlook | None


async def asked(talk: Talk, reason: str, before: tuple[Say, ...] = ()) -> Next:
    """The caller wants a person, or we do not understand: the conversation waits for one."""
    house, now = talk.house, talk.now()
    inbound = talk.inbound(house.replies.text("handoff.says_human"))
    conversation_id = await house.database.writing(_to_queue, talk.call.id, inbound, reason, now)
    house.live.publish(f"conversation:{conversation_id}")
    return (await connect(talk, conversation_id)).after(before)


def _to_queue(session: Session, call_id: UUID, inbound: Inbound, reason: str, now: datetime) -> UUID:
    conversation_id = conversations.record(session, inbound, now).conversation.id
    calls.belongs(session, call_id, conversation_id)
    handoff.hand_off(session, conversation_id, reason, now)
    return conversation_id


async def connect(talk: Talk, conversation_id: UUID, memory: Memory | None = None) -> Next:
    """Ring who took it; the operators if it is the next in line; wait if somebody is there; else say that nobody is."""
    house, memory = talk.house, memory or talk.memory
    await house.database.writing(calls.queued, talk.call.id, talk.now())
    house.live.publish("queue")
    who = await house.database.reading(_prospect, conversation_id, house.city.desk, talk.now())
    targets = room_targets(house.settings.phone_operators, who.username)
    first = who.outlook is None or who.outlook.position == 1
    if targets and (who.username is not None or (first and memory.rings < _ROUNDS)):
        return _ring(talk, targets, memory)
    hopeful = bool(targets) or (who.outlook is not None and who.outlook.staffed)
    if hopeful and memory.rings < _ROUNDS:
        return _wait(talk, memory, talk.say("connecting"))
    return offer(talk, memory)


def _prospect(session: Session, conversation_id: UUID, rules: DeskRules, now: datetime) -> Prospect:
    held = (CONVERSATION.c.id == conversation_id) & (CONVERSATION.c.owner == Owner.OPERATOR)
    query = select(Staff.username).join(CONVERSATION, CONVERSATION.c.operator_id == Staff.id).where(held)
    username: str | None = session.execute(query).scalar()
    return Prospect(username, None if username else queueing.outlook(session, conversation_id, rules, now))


def _ring(talk: Talk, targets: tuple[str, ...], memory: Memory) -> Next:
    ring = Ring(targets, talk.then, talk.path("leg"), record=talk.record)
    said = talk.say("connecting") if memory.rings == 0 else talk.say("hold_on")
    return Next((*said, ring), Stage.RINGING, memory.but(rings=memory.rings + 1, wants=""))


def _wait(talk: Talk, memory: Memory, said: tuple[Say, ...] = ()) -> Next:
    queue = Enqueue(f"call-{talk.call.id}", talk.path("wait"), talk.then)
    return Next((*said, queue), Stage.QUEUE, memory.but(wants=""))


async def rung(talk: Talk, heard: Heard) -> Next:
    """How the ringing ended: they talked, or nobody picked up and the caller keeps their place."""
    if heard.result == ANSWERED:
        await talk.house.database.writing(picked_up, talk.call.id, talk.now())
        return survey.asked(talk)
    return _wait(talk, talk.memory)


def picked_up(session: Session, call_id: UUID, now: datetime) -> None:
    """A person picked up: the next in line moves up, whether or not that person's screen knows it yet."""
    if not calls.met_person(session, call_id, now):
        return
    conversation_id = calls.locked(session, call_id).conversation_id
    if conversation_id is not None:
        ownership.lock(session, conversation_id)
        queueing.end_wait(session, conversation_id, Left.TAKEN, now)


async def waiting(talk: Talk, heard: Heard) -> Document:
    """What a waiting caller hears every few seconds: their place, the wait, the other ways; or that it goes on."""
    house, call = talk.house, talk.call
    if call.conversation_id is None:
        return (Leave(),)
    if heard.pressed == "1" and talk.phone:
        await book(talk)
        return (*talk.say("booked"), Hangup())
    if heard.pressed == "2":
        await house.database.writing(calls.remember, call.id, talk.memory.but(wants="message").model_dump())
        return (Leave(),)
    who = await house.database.reading(_prospect, call.conversation_id, house.city.desk, talk.now())
    if who.username is not None or who.outlook is None or _goes_on(talk, who.outlook):
        return (Leave(),)
    said = talk.say("book" if talk.phone else "message_only")
    again = Ask(_place(talk, who.outlook) + said, talk.path("wait"), speech=False, patience=int(_EVERY.total_seconds()))
    return (again,)


def _goes_on(talk: Talk, outlook: Outlook) -> bool:
    """Whether it is the next one's turn to be rung again, or waiting has no sense any more."""
    return _too_long(talk) or (outlook.position == 1 and bool(room_targets(talk.house.settings.phone_operators)))


def _too_long(talk: Talk) -> bool:
    since = talk.call.queued_at
    return since is not None and talk.now() - since >= timedelta(seconds=talk.house.settings.phone_wait)


def _place(talk: Talk, outlook: Outlook) -> tuple[Say, ...]:
    if outlook.wait is None:
        return talk.say("waiting_unknown", position=outlook.position)
    return talk.say("waiting", position=outlook.position, minutes=outlook.minutes)


async def left_queue(talk: Talk, heard: Heard) -> Next:
    """The wait is over: somebody took the call, or it goes on another way."""
    memory, conversation_id = talk.memory, talk.call.conversation_id
    if heard.result == ANSWERED:
        return survey.asked(talk)
    if memory.wants == "message":
        return voicemail.begin(talk)
    if _too_long(talk) or conversation_id is None:
        return offer(talk, memory)
    return await connect(talk, conversation_id, memory)


def offer(talk: Talk, memory: Memory) -> Next:
    """Nobody is free: be called back, leave a message, or go on waiting."""
    words = talk.say("nobody") + talk.say("offer" if talk.phone else "offer_message")
    return Next((Ask(words, talk.then, speech=False),), Stage.OFFER, memory.but(misses=0, keys={}))


async def chose(talk: Talk, heard: Heard) -> Next:
    """What the caller wants instead; silence leaves a message in the end."""
    if heard.pressed == "1" and talk.phone:
        await book(talk)
        return Next((*talk.say("booked"), Hangup()), Stage.OVER, Memory())
    if heard.pressed in {"3", "0"}:
        await talk.house.database.writing(calls.queued, talk.call.id, talk.now(), again=True)
        return _wait(talk, talk.memory.but(rings=0))
    misses = talk.memory.misses + 1
    if heard.pressed == "2" or misses > _RETRIES:
        return voicemail.begin(talk)
    words = talk.say("offer" if talk.phone else "offer_message")
    return Next((Ask(words, talk.then, speech=False),), Stage.OFFER, talk.memory.but(misses=misses))


async def book(talk: Talk) -> None:
    """预约回拨: a call to be returned, and no place in line any more."""
    assert talk.phone is not None, "offered only to whom we can call"
    await talk.house.database.writing(_book, talk.house.city, talk.call.id, talk.phone, talk.now())
    talk.house.live.publish("queue")


def _book(session: Session, city: City, call_id: UUID, phone: str, now: datetime) -> None:
    call = calls.locked(session, call_id)
    return_calls.ask(session, city, phone, "asked", f"phone:{call_id}", now, call.conversation_id)
    wait_no_more(session, call.conversation_id, Left.CALLBACK, now)
