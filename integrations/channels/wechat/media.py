"""Photos, voices and videos of WeChat (素材): fetched by the outbox, because WeChat keeps them three days only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from integrations import attachments
from integrations.bootstrap import House
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.api import ApiError, calling
from ticketing import conversations, jobs
from ticketing.attachments import Origin, follow
from ticketing.conversations import Recorded
from ticketing.errors import Invalid
from ticketing.jobs import Job
from ticketing.models import AttachmentPart, Role
from ticketing.workflow import Actor

log = structlog.get_logger()
WECHAT_MEDIA = "wechat_media"
_KINDS = frozenset({"image", "voice", "video", "shortvideo"})
_GONE = 40007  # invalid media_id: it was never one, or its three days are over
_CITIZEN = Actor(Role.CITIZEN)


@dataclass(frozen=True, slots=True)
class _Wanted:
    conversation_id: UUID
    media_id: str
    in_form: bool


def ask(session: Session, recorded: Recorded, data: dict[str, str], now: datetime) -> bool:
    """Ask for what a message shows to be fetched, once; in the transaction that stored the message."""
    if recorded.duplicate or data.get("kind") not in _KINDS or not data.get("media_id"):
        return False
    payload = {"message": str(recorded.message_id)}
    return jobs.enqueue(session, WECHAT_MEDIA, f"{WECHAT_MEDIA}:{recorded.message_id}", payload, now)


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Fetch, look at and keep it; what WeChat no longer has, or what is refused here, is left with a log line."""
    account = Account.of(house.settings)
    if account is None or not account.secret:
        log.warning("wechat_not_configured", key=job.key)
        return
    message_id = UUID(job.payload["message"])
    with house.database.read() as session:
        wanted = _wanted(session, message_id)
    try:
        data = asyncio.run(_fetch(house, account, wanted.media_id))
        origin = Origin(
            AttachmentPart.CITIZEN,
            _CITIZEN,
            key=job.key,
            conversation_id=wanted.conversation_id,
            message_id=message_id,
        )
        attachments.keep(house, data, house.replies.text("attachments.wechat_name"), origin, now)
    except ApiError as error:
        if error.code != _GONE:
            raise
        log.warning("wechat_media_gone", key=job.key)
        return
    except Invalid as error:
        log.warning("wechat_media_refused", key=job.key, code=error.code)
        return
    if not wanted.in_form:  # else it waits for the ticket of that form
        with house.database.write() as session:
            follow(session, message_id, now)
    house.live.publish(f"conversation:{wanted.conversation_id}")
    house.live.publish("tickets")


def _wanted(session: Session, message_id: UUID) -> _Wanted:
    turn = conversations.load_turn(session, message_id)
    return _Wanted(turn.conversation.id, turn.data["media_id"], bool(turn.conversation.state.get("form")))


async def _fetch(house: House, account: Account, media_id: str) -> bytes:
    async with calling(account, house.database, lambda: datetime.now(UTC)) as api:
        return await api.media(media_id)
