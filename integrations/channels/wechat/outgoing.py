"""Messages to WeChat that nobody waits for on the line: late answers, announcements, what a person writes.

One outbox row sends one part and asks for the next, so a worker that dies sends at most one part again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.replies import Replies
from integrations.bootstrap import House
from integrations.channels.wechat import budget
from integrations.channels.wechat.account import CHANNEL, Account
from integrations.channels.wechat.api import ApiError, calling
from integrations.channels.wechat.words import MOST_PARTS, split, told
from ticketing import deliveries, jobs
from ticketing.jobs import Job
from ticketing.messages import CONVERSATION, MESSAGE, message_on, message_view
from ticketing.privacy import unseal

log = structlog.get_logger()
WECHAT_MESSAGE = "wechat_message"
_LATER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to whom."""

    openid: str
    parts: tuple[str, ...]


def forward(
    session: Session,
    conversation_id: UUID,
    seq: int,
    now: datetime,
    *,
    run_at: datetime | None = None,
    delivery_id: UUID | None = None,
) -> bool:
    """Ask for a stored message to be sent, where its conversation is on WeChat; in the transaction that stored it.

    What need not ring at night waits until `run_at`; `delivery_id` hears whether WeChat took it.
    """
    message_id = message_on(session, conversation_id, seq, CHANNEL)
    if message_id is None:
        return False
    key, payload = f"{CHANNEL}:says:{message_id}", {"message": str(message_id)}
    if delivery_id is not None:
        payload["delivery"] = str(delivery_id)
    return jobs.enqueue(session, WECHAT_MESSAGE, key, payload, now, run_at=run_at)


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Send one part; a citizen WeChat no longer lets us reach is marked so, and the message stays unsent."""
    account = Account.of(house.settings)
    if account is None or not account.secret:
        log.warning("wechat_not_configured", key=job.key)
        with house.database.write() as session:
            _unreached(session, job, "not_configured", now)
        return
    with house.database.read() as session:
        letter = _letter(session, job.payload, house.replies)
    if isinstance(letter, str):
        if letter == "due":
            with house.database.write() as session:
                jobs.postpone(session, job, now + _LATER)
        return
    part = int(job.payload.get("part", 0))
    if part < len(letter.parts):
        _send(house, account, job, letter, part, now)


def _letter(session: Session, payload: dict[str, Any], replies: Replies) -> Letter | str:
    """The letter; `due` while the bot still thinks, `none` where there is nothing to send."""
    wanted = UUID(payload.get("answer_to") or payload["message"])
    which = MESSAGE.c.in_reply_to == wanted if "answer_to" in payload else MESSAGE.c.id == wanted
    row = session.execute(select(*MESSAGE.c).where(which)).mappings().first()
    if row is None:
        due = session.execute(select(MESSAGE.c.due_at).where(MESSAGE.c.id == wanted)).scalar()
        return "due" if due is not None else "none"
    address = select(CONVERSATION.c.address_sealed).where(CONVERSATION.c.id == row["conversation_id"])
    message = message_view(session, row)
    openid = unseal(session, session.execute(address).scalar_one())
    return Letter(openid, parts_of(message.reply, message.text, replies))


def parts_of(reply: dict[str, Any] | None, text: str, replies: Replies) -> tuple[str, ...]:
    """A message as WeChat carries it: parts of 2,048 bytes, no more of them than the budget has."""
    return split(told(reply, text, replies))[:MOST_PARTS]


def _send(house: House, account: Account, job: Job, letter: Letter, part: int, now: datetime) -> None:
    with house.database.write() as session:
        if not budget.reserve(session, letter.openid, now):
            _unreached(session, job, "window_closed", now)
            return
    try:
        asyncio.run(_call(house, account, letter.openid, letter.parts[part]))
    except BaseException as error:
        reason = error.closed if isinstance(error, ApiError) else None
        with house.database.write() as session:
            budget.give_back(session, letter.openid)
            if reason:
                budget.closed(session, letter.openid, reason, now)
                _unreached(session, job, f"{reason}_closed" if reason == "window" else reason, now)
        if not reason:
            raise
        return
    if part == 0 and "delivery" in job.payload:
        with house.database.write() as session:
            deliveries.sent(session, UUID(job.payload["delivery"]), CHANNEL, now)
    if part + 1 < len(letter.parts):
        with house.database.write() as session:
            following = job.payload | {"part": part + 1}
            stem = job.key.removesuffix(f":{part}") if part else job.key
            jobs.enqueue(session, WECHAT_MESSAGE, f"{stem}:{part + 1}", following, now)


def _unreached(session: Session, job: Job, reason: str, now: datetime) -> None:
    """WeChat does not carry it: another way is looked for, unless its beginning has arrived."""
    log.warning("wechat_unreachable", key=job.key, reason=reason)
    if "delivery" in job.payload and not job.payload.get("part"):
        deliveries.failed(session, UUID(job.payload["delivery"]), CHANNEL, reason, now)


async def _call(house: House, account: Account, openid: str, text: str) -> None:
    async with calling(account, house.database, lambda: datetime.now(UTC)) as api:
        await api.send_text(openid, text)
