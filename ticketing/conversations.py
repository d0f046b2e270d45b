"""Conversations (会话): store what is said before anything else, one reply a message, one speaker at a time.

A citizen's message is an inbox job: it is due until its reply is stored. Whoever records it has it leased; when that
process dies, a sweeper takes the message over. Every turn of the bot checks ownership again under the row lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, case, exists, select, update
from sqlalchemy.orm import Session, aliased

from routing.language.redaction import redact
from ticketing import attachments
from ticketing.desk_rules import ANYBODY, Need
from ticketing.errors import NotFound, Stale
from ticketing.handoff import Waiting, hand_back, hand_off, held, operator_says, require_held, take, waiting
from ticketing.messages import (
    CONVERSATION,
    MESSAGE,
    VIEWED,
    ConversationView,
    MessageView,
    clean,
    conversation_view,
    message_view,
    messages_after,
    running,
    say,
    view,
)
from ticketing.models import Author, Message, Owner, new_id
from ticketing.privacy import keyed_hash, seal, seal_json, unseal, unseal_json
from ticketing.statements import dialect_of, insert_or_skip

__all__ = [
    "ConversationView",
    "Inbound",
    "MessageView",
    "PendingTurn",
    "Recorded",
    "Waiting",
    "due_messages",
    "finish_turn",
    "hand_back",
    "hand_off",
    "held",
    "load_turn",
    "messages_after",
    "operator_says",
    "record",
    "require_held",
    "running",
    "take",
    "view",
    "waiting",
]

LEASE = timedelta(seconds=20)
IDLE = timedelta(hours=12)
MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a channel adapter took in; `external_id` is the channel's own message id, `data` its extras."""

    channel: str
    address: str
    text: str
    external_id: str | None
    city: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored message; `duplicate` when it was stored before, with the `reply` it got if there is one."""

    conversation: ConversationView
    message_id: UUID
    seq: int
    duplicate: bool
    reply: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class PendingTurn:
    """A message to be answered; not `due` when it has its reply already or a person answers it."""

    conversation: ConversationView
    message_id: UUID
    seq: int
    text: str
    data: dict[str, Any]
    due: bool


_RESUME = (
    update(CONVERSATION)
    .where(
        CONVERSATION.c.city == bindparam("b_city"),
        CONVERSATION.c.channel == bindparam("b_channel"),
        CONVERSATION.c.address_index == bindparam("b_address"),
        CONVERSATION.c.closed_at.is_(None),
    )
    .values(
        last_seq=CONVERSATION.c.last_seq + 1,
        updated_at=bindparam("now"),
        version=CONVERSATION.c.version + case((CONVERSATION.c.updated_at < bindparam("idle"), 1), else_=0),
        flow=case((CONVERSATION.c.updated_at < bindparam("idle"), None), else_=CONVERSATION.c.flow),
        state_sealed=case((CONVERSATION.c.updated_at < bindparam("idle"), None), else_=CONVERSATION.c.state_sealed),
    )
    .returning(*VIEWED)
)
_STORE = insert_or_skip(MESSAGE, "conversation_id", "external_id", returning=[MESSAGE.c.id])
_FIND = select(MESSAGE.c.id, MESSAGE.c.seq).where(
    MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.external_id == bindparam("external")
)
_STORED_REPLY = select(MESSAGE.c.reply_sealed).where(MESSAGE.c.in_reply_to == bindparam("message"))


def record(session: Session, inbound: Inbound, now: datetime) -> Recorded:
    """Open or resume the address's conversation and store the message; the same `external_id` is stored once."""
    text = clean(inbound.text)
    address = keyed_hash(session, "address", f"{inbound.channel}\0{inbound.address}")
    row = _resume(session, inbound, address, now) or _open(session, inbound, address, now)
    message_id = new_id()
    by_bot = row["owner"] == Owner.BOT
    connection = session.connection()  # two statements a turn: the session itself would cost as much as they do
    stored = connection.execute(
        _STORE[connection.dialect.name],
        {
            "id": message_id,
            "conversation_id": row["id"],
            "seq": row["last_seq"],
            "author": Author.CITIZEN,
            "external_id": inbound.external_id,
            "body_sealed": seal(session, text),
            "body_redacted": "" if by_bot else redact(text).text,
            "data_sealed": seal_json(session, dict(inbound.data)) if inbound.data else None,
            "created_at": now,
            "due_at": now + LEASE if by_bot else None,
            "attempts": 0,
        },
    ).first()
    if stored is None:
        return _stored_before(session, row, inbound)
    if sent := inbound.data.get("attachments"):
        ids = [UUID(one) for one in sent]
        attachments.bind(session, ids, inbound.channel, inbound.address, row["id"], message_id)
    return Recorded(conversation_view(session, row), message_id, row["last_seq"], duplicate=False, reply=None)


def _resume(session: Session, inbound: Inbound, address: bytes, now: datetime) -> RowMapping | None:
    values = {
        "b_city": inbound.city,
        "b_channel": inbound.channel,
        "b_address": address,
        "now": now,
        "idle": now - IDLE,
    }
    return session.connection().execute(_RESUME, values).mappings().first()


_OPEN = insert_or_skip(
    CONVERSATION,
    "city",
    "channel",
    "address_index",
    where=CONVERSATION.c.closed_at.is_(None),
    returning=[CONVERSATION.c.id],
)


def _open(session: Session, inbound: Inbound, address: bytes, now: datetime) -> RowMapping:
    session.execute(
        _OPEN[dialect_of(session)],
        {
            "id": new_id(),
            "channel": inbound.channel,
            "address_index": address,
            "address_sealed": seal(session, inbound.address),
            "city": inbound.city,
            "owner": Owner.BOT,
            "version": 0,
            "last_seq": 0,
            "opened_at": now,
            "updated_at": now,
        },
    )
    row = _resume(session, inbound, address, now)
    if row is None:
        raise Stale("conversation_busy")
    return row


def _stored_before(session: Session, row: RowMapping, inbound: Inbound) -> Recorded:
    """The first row of a doubled delivery; the sequence number it drew is given back."""
    session.execute(update(CONVERSATION).where(CONVERSATION.c.id == row["id"]).values(last_seq=row["last_seq"] - 1))
    first = session.execute(_FIND, {"conversation": row["id"], "external": inbound.external_id}).one()
    reply = session.execute(_STORED_REPLY, {"message": first.id}).scalar_one_or_none()
    view = conversation_view(session, {**row, "last_seq": row["last_seq"] - 1})
    return Recorded(view, first.id, first.seq, duplicate=True, reply=unseal_json(session, reply) if reply else None)


def load_turn(session: Session, message_id: UUID) -> PendingTurn:
    """The message and its conversation as they are now, for a turn that is done again."""
    message = session.execute(select(*MESSAGE.c).where(MESSAGE.c.id == message_id)).mappings().first()
    if message is None:
        raise NotFound("message_not_found")
    data = unseal_json(session, message["data_sealed"]) if message["data_sealed"] else {}
    return PendingTurn(
        view(session, message["conversation_id"]),
        message_id,
        message["seq"],
        unseal(session, message["body_sealed"]),
        data,
        message["due_at"] is not None,
    )


_earlier = aliased(Message)
_EARLIER_DUE = exists().where(
    _earlier.conversation_id == MESSAGE.c.conversation_id, _earlier.seq < MESSAGE.c.seq, _earlier.due_at.is_not(None)
)
_NEXT_DUE = select(MESSAGE.c.conversation_id).where(
    MESSAGE.c.id == bindparam("message"), MESSAGE.c.due_at.is_not(None), ~_EARLIER_DUE
)
# Every turn and every change of hands raises the version, so one condition on it says that nothing has moved on.
_TURN = (
    update(CONVERSATION)
    .where(
        CONVERSATION.c.id == _NEXT_DUE.scalar_subquery(),
        CONVERSATION.c.owner == Owner.BOT,
        CONVERSATION.c.version == bindparam("expected"),
    )
    .values(
        last_seq=CONVERSATION.c.last_seq + 1,
        version=CONVERSATION.c.version + 1,
        flow=bindparam("new_flow"),
        state_sealed=bindparam("new_state"),
        updated_at=bindparam("now"),
    )
    .returning(CONVERSATION.c.id, CONVERSATION.c.last_seq)
)
_ANSWERED = (
    update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(due_at=None, body_redacted=bindparam("redacted"))
)
_STANDING = (
    select(MESSAGE.c.due_at, CONVERSATION.c.owner)
    .join_from(MESSAGE, CONVERSATION, MESSAGE.c.conversation_id == CONVERSATION.c.id)
    .where(MESSAGE.c.id == bindparam("message"))
    .with_for_update(of=CONVERSATION)
)


def finish_turn(
    session: Session,
    *,
    message_id: UUID,
    expected_version: int,
    reply: dict[str, Any],
    text: str,
    redacted: str,
    flow: str | None,
    state: dict[str, Any],
    now: datetime,
    hand_off_reason: str | None = None,
    need: Need = ANYBODY,
) -> MessageView | None:
    """Store the bot's one reply to a message and what the flow remembers, under the conversation's row lock.

    `text` is the reply's words, `redacted` the citizen's words without personal data. None means that a person owns
    the conversation meanwhile and the reply is dropped; a message that has its reply already gives that one.
    `Stale` means the turn was computed on an older state, or an earlier message still waits: do it again.
    """
    connection = session.connection()
    values = {"message": message_id, "expected": expected_version, "new_flow": flow, "now": now}
    sealed = seal_json(session, state) if state else None
    turned = connection.execute(_TURN, values | {"new_state": sealed}).first()
    if turned is None:
        return _told_before(session, message_id, redacted)
    connection.execute(_ANSWERED, {"message": message_id, "redacted": redacted})
    answer = MessageView(new_id(), turned.last_seq, Author.BOT, text, reply, now)
    say(session, turned.id, answer, in_reply_to=message_id)
    if hand_off_reason is not None:
        hand_off(session, turned.id, hand_off_reason, now, need)
    return answer


def _told_before(session: Session, message_id: UUID, redacted: str) -> MessageView | None:
    """The reply a message has already; None where a person answers it; `Stale` where the turn has to be done again."""
    row = session.execute(_STANDING, {"message": message_id}).first()
    if row is None:
        raise NotFound("message_not_found")
    if row.owner != Owner.BOT:
        session.execute(_ANSWERED, {"message": message_id, "redacted": redacted})
        return None
    if row.due_at is None:
        return _reply_to(session, message_id)
    raise Stale("conversation_moved_on")


def _reply_to(session: Session, message_id: UUID) -> MessageView | None:
    row = session.execute(select(*MESSAGE.c).where(MESSAGE.c.in_reply_to == message_id)).mappings().first()
    return message_view(session, row) if row else None


def due_messages(session: Session, now: datetime, limit: int = 20) -> list[UUID]:
    """Lease the messages whose turn died: the earliest of each conversation.

    After `MAX_ATTEMPTS` leases a message is given up and its conversation waits for a person.
    """
    due = (
        select(MESSAGE.c.id)
        .where(MESSAGE.c.due_at <= now, ~_EARLIER_DUE)
        .order_by(MESSAGE.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .correlate(None)
    )
    rows = session.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id.in_(due))
        .values(due_at=now + LEASE, attempts=MESSAGE.c.attempts + 1)
        .returning(MESSAGE.c.id, MESSAGE.c.conversation_id, MESSAGE.c.attempts)
    ).all()
    for row in rows:
        if row.attempts > MAX_ATTEMPTS:
            _give_up(session, row.id, row.conversation_id, now)
    return [row.id for row in rows if row.attempts <= MAX_ATTEMPTS]


def _give_up(session: Session, message_id: UUID, conversation_id: UUID, now: datetime) -> None:
    session.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(due_at=None, dead_reason="attempts"))
    hand_off(session, conversation_id, "turn_failed", now)
