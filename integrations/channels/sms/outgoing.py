"""Text messages out of the outbox (短信): sent at least once, with a budget, and never to who wants none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.pack import pack_of
from integrations.channels.sms import ledger, stops, words
from integrations.channels.sms.port import CHANNEL, Provider, Refused, Template, Trouble, Why, segments
from integrations.channels.sms.providers import configured, provider_of
from ticketing import jobs
from ticketing.jobs import Job
from ticketing.messages import CONVERSATION, MESSAGE, message_on, message_view
from ticketing.privacy import unseal
from ticketing.texts import SMS, send

__all__ = ["SMS", "carry_out", "configured", "forward", "send"]

log = structlog.get_logger()
_GIVE_UP = 5
_LATER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to whom; `template` is None where the carrier has none for it."""

    phone: str
    purpose: str
    template: Template | None
    blanks: Mapping[str, str]
    text: str


def forward(
    session: Session, conversation_id: UUID, seq: int, now: datetime, *, run_at: datetime | None = None
) -> bool:
    """Ask for a stored message to be sent, where its conversation is one of texts."""
    message_id = message_on(session, conversation_id, seq, CHANNEL)
    if message_id is None:
        return False
    return jobs.enqueue(session, SMS, f"{SMS}:says:{message_id}", {"message": str(message_id)}, now, run_at=run_at)


def owe(session: Session, message_id: UUID, now: datetime) -> bool:
    """Ask for the answer to a message to be sent as soon as it is there."""
    payload, key = {"answer_to": str(message_id)}, f"{SMS}:answers:{message_id}"
    return jobs.enqueue(session, SMS, key, payload, now, run_at=now + _LATER)


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Send one text; what can never be sent is settled, what cannot be sent now is tried again."""
    provider = provider_of(house.settings)
    with house.database.read() as session:
        letter = _letter(house, session, job, provider)
    if letter is None:
        return
    if letter == "due":
        with house.database.write() as session:
            jobs.postpone(session, job, now + _LATER)
        return
    assert isinstance(letter, Letter)
    with house.database.write() as session:
        message_id = _begin(house, session, job, letter, provider, now)
    if message_id is not None:
        _send(house, job, letter, provider, message_id, now)


def _send(house: House, job: Job, letter: Letter, provider: Provider, message_id: UUID, now: datetime) -> None:
    assert letter.template is not None
    refused: Refused | None = None
    try:
        receipt = asyncio.run(provider.send(letter.phone, letter.template, letter.text, letter.blanks, str(message_id)))
    except Refused as error:
        refused = error
    except (Trouble, aiohttp.ClientError, TimeoutError) as error:
        if job.attempts < _GIVE_UP:
            raise
        refused = Refused(Why.UNAVAILABLE, str(error))
    with house.database.write() as session:
        if refused is None:
            ledger.report(session, message_id, receipt, now)
            return
        log.warning("sms_refused", why=refused.why, code=refused.code, template=letter.purpose)
        ledger.refuse(session, message_id, refused.why, refused.code, house.city, now)
        if refused.why is Why.STOPPED:
            stops.note(session, letter.phone, stops.Wish.STOP, now)
        if refused.why is Why.NUMBER:
            stops.undelivered(session, letter.phone, refused.code, now)


def _begin(house: House, session: Session, job: Job, letter: Letter, provider: Provider, now: datetime) -> UUID | None:
    """The row of the text, with its segments reserved; None when it is settled: sent before, or not to be sent."""
    delivery = UUID(job.payload["delivery"]) if "delivery" in job.payload else None
    message_id = ledger.begin(
        session, key=job.key, city=house.city, template=letter.purpose, provider=provider.name,
        delivery_id=delivery, now=now,
    )  # fmt: skip
    if message_id is None:
        return None
    why = _objection(house, session, job, letter, provider, message_id, now)
    if why is None:
        return message_id
    log.info("sms_not_sent", why=why, template=letter.purpose)
    ledger.refuse(session, message_id, why, "", house.city, now)
    return None


def _objection(
    house: House, session: Session, job: Job, letter: Letter, provider: Provider, message_id: UUID, now: datetime
) -> Why | None:
    until = job.payload.get("until")
    if until is not None and now >= datetime.fromisoformat(until):
        return Why.EXPIRED
    if stops.stopped(session, letter.phone) and not job.payload.get("confirms"):
        return Why.STOPPED
    if letter.template is None:
        return Why.TEMPLATE
    limit = pack_of(house.settings.city).daily_segments
    real = provider.name != "null"
    if real and not ledger.reserve(session, message_id, house.city, segments(letter.text), limit, now):
        return Why.BUDGET
    return None


def _letter(house: House, session: Session, job: Job, provider: Provider) -> Letter | str | None:
    """The text; `due` while the bot still thinks, None where there is nothing to send."""
    if "template" in job.payload:
        return _addressed(house, provider, job.secret["phone"], job.payload["template"], job.secret["blanks"])
    wanted = UUID(job.payload.get("answer_to") or job.payload["message"])
    which = MESSAGE.c.in_reply_to == wanted if "answer_to" in job.payload else MESSAGE.c.id == wanted
    row = session.execute(select(*MESSAGE.c).where(which)).mappings().first()
    if row is None:
        due = session.execute(select(MESSAGE.c.due_at).where(MESSAGE.c.id == wanted)).scalar()
        return "due" if due is not None else None
    address = select(CONVERSATION.c.address_sealed).where(CONVERSATION.c.id == row["conversation_id"])
    phone = unseal(session, session.execute(address).scalar_one())
    message = message_view(session, row)
    said = words.spoken(message.reply, message.text, house.replies)
    return _addressed(house, provider, phone, words.REPLY, {"text": said})


def _addressed(house: House, provider: Provider, phone: str, purpose: str, blanks: Mapping[str, str]) -> Letter:
    template = words.template_of(purpose, provider, pack_of(house.settings.city), house.replies)
    links = provider.links or phone.startswith("+")
    text = words.filled(template, blanks, house.replies, links=links) if template else ""
    return Letter(phone, purpose, template, blanks, text)
