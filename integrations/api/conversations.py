"""Conversations (会话) over the API: another front end speaks for its citizens, each session its own conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session as Database

from bot import dialogue
from integrations.api.access import BEARER
from integrations.api.fields import Content, Count, Given, Key, Moment, Sequence, Session, Told
from integrations.api.surface import API
from integrations.bootstrap import HOUSE
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import conversations
from ticketing.api_tokens import Bearer, Scope
from ticketing.conversations import Inbound, MessageView
from ticketing.errors import NotFound

CHANNEL = "api"


class ConversationPath(Given):
    """A session the caller made up: unguessable where it stands for a citizen."""

    session: Session


class Words(Given):
    """What the citizen says; `id` makes a message that is sent twice one and the same."""

    id: Key
    text: Content


class After(Given):
    """Messages after a sequence number."""

    after: Sequence = 0
    limit: Count = 100


class ChoiceTold(Told):
    """A quick reply."""

    label: str
    says: str


class SourceTold(Told):
    """Where a sentence comes from."""

    item: str
    element: str
    region: str
    cites: str
    reviewed: str
    title: str
    overdue: bool


class ReplyTold(Told):
    """What the bot said; `emergency` is a number to call."""

    action: str
    text: str
    choices: list[ChoiceTold]
    sources: list[SourceTold]
    ticket_no: str | None
    emergency: str | None


class Said(Told):
    """What became of a message; no reply where a person has the conversation or it still is worked out."""

    conversation: UUID
    seq: int
    owner: str
    duplicate: bool
    reply: ReplyTold | None


class MessageTold(Told):
    """One message."""

    seq: int
    author: str
    text: str
    at: Moment
    reply: ReplyTold | None


class MessagesTold(Told):
    """Messages in order; `next` is the number to ask after, absent when there are no more for now."""

    conversation: UUID
    owner: str
    messages: list[MessageTold]
    next: int | None


@API.operation("POST", "/conversations/{session}/messages", Scope.CONVERSATIONS)
async def say(request: web.Request, path: ConversationPath, body: Words) -> Said:
    """Say something and get the bot's answer."""
    house, bearer = request.app[HOUSE], request[BEARER]
    address = _address(bearer, path.session)
    inbound = Inbound(CHANNEL, address, body.text, body.id, house.city.code)
    result = await dialogue.turn(house.bot, inbound, now)
    house.live.publish(f"conversation:{result.conversation_id}", result.reply_seq or result.seq)
    if result.reply and result.reply.ticket_no:
        await after_change(request)
    reply = ReplyTold.model_validate(result.reply) if result.reply else None
    return Said(
        conversation=result.conversation_id,
        seq=result.seq,
        owner=result.owner,
        duplicate=result.duplicate,
        reply=reply,
    )


@API.operation("GET", "/conversations/{session}/messages", Scope.CONVERSATIONS)
async def read(request: web.Request, path: ConversationPath, query: After) -> MessagesTold:
    """The messages of a session after a sequence number, whoever said them."""
    house, bearer = request.app[HOUSE], request[BEARER]
    return await house.database.reading(_read, _address(bearer, path.session), house.city.code, query)


def _read(database: Database, address: str, city: str, query: After) -> MessagesTold:
    found = conversations.running(database, CHANNEL, address, city)
    if found is None:
        raise NotFound("conversation_not_found")
    messages = conversations.messages_after(database, found.id, query.after, query.limit)
    following = messages[-1].seq if len(messages) == query.limit else None
    told = [_message(message) for message in messages]
    return MessagesTold(conversation=found.id, owner=found.owner.value, messages=told, next=following)


def _message(message: MessageView) -> MessageTold:
    reply = ReplyTold.model_validate(_stored(message.reply)) if message.reply else None
    return MessageTold(seq=message.seq, author=message.author.value, text=message.text, at=message.at, reply=reply)


def _stored(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: reply.get(name) for name in ReplyTold.model_fields}


def _address(bearer: Bearer, session: str) -> str:
    """A session belongs to its token: no other token reads or continues it."""
    return f"{bearer.token_id}:{session}"
