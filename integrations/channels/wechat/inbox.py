"""What a delivery of WeChat's leaves in the database: the proof, the message, the answer that is owed; and who gave it.

An answer is owed from the moment its message is stored: the outbox sends it, unless the webhook was faster and took it
back. Whichever of the two comes first has the word, so a citizen reads an answer once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows import waiting
from bot.replies import Replies
from bot.reply import Action, Reply
from integrations.channels.wechat import budget, media, notices
from integrations.channels.wechat.account import CHANNEL
from integrations.channels.wechat.messages import Incoming
from integrations.channels.wechat.outgoing import WECHAT_MESSAGE
from integrations.channels.wechat.words import Heard, answerable
from ticketing import conversations, jobs
from ticketing.conversations import Inbound, Recorded
from ticketing.errors import Forbidden, Stale
from ticketing.messages import MESSAGE
from ticketing.models import Author, OutboxRow, Owner, SeenRequest
from ticketing.privacy import unseal_json
from ticketing.statements import dialect_of, insert_or_skip, table_of

log = structlog.get_logger()
PATIENCE = timedelta(minutes=5)
_OWED_AFTER = timedelta(seconds=5)
_SEEN = table_of(SeenRequest)
_SEE = insert_or_skip(_SEEN, "proof", returning=[_SEEN.c.proof])
_OUTBOX = table_of(OutboxRow).c


@dataclass(frozen=True, slots=True)
class Proof:
    """What a delivery was signed with, and what it said."""

    signed: bytes
    content: bytes

    @classmethod
    def of(cls, stamp: str, nonce: str, signature: str, message: bytes) -> Proof:
        """The digests; the signature covers no plain body, so the two are kept together."""
        signed = hashlib.sha256(f"{stamp}\0{nonce}\0{signature}".encode()).digest()
        return cls(signed, hashlib.sha256(message).digest())


def take(
    session: Session, proof: Proof, incoming: Incoming, heard: Heard | None, replies: Replies, city: str, now: datetime
) -> Recorded | None:
    """Store what arrived, once, and that an answer is owed; None for events that are not answered."""
    _see(session, proof, now)
    if incoming.kind == "event.unsubscribe":
        budget.left(session, incoming.openid, now)
        return None
    if incoming.kind.startswith("event.subscribe_msg_"):
        budget.subscribe(session, incoming.openid, notices.wishes(incoming))
    elif incoming.kind != "event.templatesendjobfinish":
        budget.heard(session, incoming.openid, now)
    if heard is None:
        return None
    heard = _chosen(session, incoming.openid, heard, city)
    inbound = Inbound(CHANNEL, incoming.openid, heard.text, incoming.external_id, city, heard.data)
    recorded = conversations.record(session, inbound, now)
    media.ask(session, recorded, dict(heard.data), now)
    if recorded.duplicate or recorded.conversation.owner != Owner.BOT:
        return recorded
    payload = {"answer_to": str(recorded.message_id)}
    jobs.enqueue(session, WECHAT_MESSAGE, owed_key(recorded.message_id), payload, now, run_at=now + _OWED_AFTER)
    return _fixed(session, recorded, replies.text(heard.answer), now) if heard.answer else recorded


def choose(session: Session, bot: Bot, recorded: Recorded, openid: str, text: str, now: datetime) -> Recorded:
    """What somebody who waits for a person chooses; an answer is owed from then on."""
    inbound = Inbound(CHANNEL, openid, text, None, recorded.conversation.city)
    chosen = waiting.choose(session, bot, recorded, inbound, now)
    if chosen is not recorded:
        payload = {"answer_to": str(recorded.message_id)}
        jobs.enqueue(session, WECHAT_MESSAGE, owed_key(recorded.message_id), payload, now, run_at=now + _OWED_AFTER)
    return chosen


def _see(session: Session, proof: Proof, now: datetime) -> None:
    """Refuse a proof that came before with other content; WeChat's own retries say the same again."""
    session.execute(delete(_SEEN).where(_SEEN.c.at < now - 3 * PATIENCE))
    row = {"proof": proof.signed, "content": proof.content, "at": now}
    if session.execute(_SEE[dialect_of(session)], row).first() is not None:
        return
    content = session.execute(select(_SEEN.c.content).where(_SEEN.c.proof == proof.signed)).scalar_one()
    if content != proof.content:
        raise Forbidden("request_replayed")


def _chosen(session: Session, openid: str, heard: Heard, city: str) -> Heard:
    """A bare number after numbered choices says what that choice says."""
    digit = heard.text.strip()
    if heard.data or len(digit) != 1 or digit not in "123456789":
        return heard
    view = conversations.running(session, CHANNEL, openid, city)
    last = conversations.messages_after(session, view.id, view.last_seq - 1) if view else ()
    choices = answerable(last[0].reply) if last and last[0].author == Author.BOT else []
    return replace(heard, text=choices[int(digit) - 1]["says"]) if int(digit) <= len(choices) else heard


def _fixed(session: Session, recorded: Recorded, text: str, now: datetime) -> Recorded:
    """Answer at once with words that need no understanding; behind an unanswered message the turn does it."""
    reply, talk = Reply(Action.SMALLTALK, text).to_json(), recorded.conversation
    try:
        stored = conversations.finish_turn(
            session, message_id=recorded.message_id, expected_version=talk.version, reply=reply, text=text,
            redacted="", flow=talk.flow, state=talk.state, now=now,
        )  # fmt: skip
    except Stale:
        log.info("wechat_fixed_answer_waits", message=str(recorded.message_id))
        return recorded
    return replace(recorded, reply=reply) if stored is not None else recorded


def owed_key(message_id: UUID) -> str:
    """The outbox key of the answer to a message."""
    return f"{CHANNEL}:{message_id}"


def stored_reply(session: Session, message_id: UUID) -> dict[str, Any] | None:
    """The reply a message has by now."""
    blob = session.execute(select(MESSAGE.c.reply_sealed).where(MESSAGE.c.in_reply_to == message_id)).scalar()
    return unseal_json(session, blob) if blob else None


def take_back(session: Session, message_id: UUID, parts: int, now: datetime) -> bool:
    """Whether the webhook may answer: it does instead of the outbox, or did so before and WeChat asks again.

    A reply of several parts is begun here; the outbox sends the others.
    """
    key = owed_key(message_id)
    unsent = (_OUTBOX.key == key) & _OUTBOX.done_at.is_(None) & (_OUTBOX.attempts == 0)
    took = update(OutboxRow).where(unsent).values(done_at=now, run_at=None).returning(_OUTBOX.id)
    if session.execute(took).first() is not None:
        if parts > 1:
            payload = {"answer_to": str(message_id), "part": 1}
            jobs.enqueue(session, WECHAT_MESSAGE, f"{key}:1", payload, now, run_at=now + timedelta(seconds=1))
        return True
    row = session.execute(select(_OUTBOX.attempts, _OUTBOX.done_at).where(_OUTBOX.key == key)).first()
    return row is not None and row.attempts == 0 and row.done_at is not None
