"""Letters out of the outbox (回信): plain text, threaded by our own signed Message-ID, marked as a machine's."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.letter import threads
from integrations.channels.letter.account import Account, Server, can_send
from integrations.channels.planner import Way
from ticketing import deliveries, jobs, letters
from ticketing.jobs import Job

__all__ = ["LETTER", "can_send", "carry_out", "send"]

LETTER = "letter"
TIMEOUT = 30.0
_GIVE_UP = 8
_PERMANENT = 500
log = structlog.get_logger()


def send(
    session: Session,
    address: str,
    subject: str,
    text: str,
    key: str,
    now: datetime,
    *,
    number: str,
    about: UUID,
    delivery_id: UUID | None = None,
    answers: Sequence[str] = (),
) -> bool:
    """Ask for a letter once per `key`; `about` is the letter or delivery it is for, `answers` the thread before it."""
    payload = {"number": number, "about": str(about)}
    if delivery_id is not None:
        payload["delivery"] = str(delivery_id)
    secret = {"address": address, "subject": subject, "text": text, "answers": list(answers)}
    return jobs.enqueue(session, LETTER, f"{LETTER}:{key}", payload, now, secret=secret)


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Send one letter; an address that is refused for good makes room for the next best way."""
    account = Account.of(house.settings)
    delivery = UUID(job.payload["delivery"]) if "delivery" in job.payload else None
    if account is None or account.smtp is None:
        _settle(house, job, delivery, "not_configured", now)
        return
    with house.database.read() as session:
        if not letters.reachable(session, job.secret["address"]):
            account = None
        else:
            message = _written(house, session, job, account, now)
    if account is None:
        _settle(house, job, delivery, "came_back", now)
        return
    _settle(house, job, delivery, _posted(account, message, job), now)


def _posted(account: Account, message: EmailMessage, job: Job) -> str | None:
    """Hand the letter over; returns why it never will be, raises where it may be later."""
    assert account.smtp is not None
    try:
        _hand_over(account, account.smtp, message)
    except smtplib.SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        if code >= _PERMANENT:
            return "came_back"
        if job.attempts < _GIVE_UP:
            raise
        return "unavailable"
    except (smtplib.SMTPException, OSError):
        if job.attempts < _GIVE_UP:
            raise
        return "unavailable"
    return None


def _hand_over(account: Account, server: Server, message: EmailMessage) -> None:
    with _connected(server) as smtp:
        if account.password:
            smtp.login(account.user, account.password)
        smtp.send_message(message, account.sender, [message["To"].addresses[0].addr_spec])


def _connected(server: Server) -> smtplib.SMTP:
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=server.trust())
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.starts_tls:
        try:
            smtp.starttls(context=server.trust())
        except (smtplib.SMTPException, OSError):
            smtp.close()
            raise
    return smtp


def _settle(house: House, job: Job, delivery: UUID | None, why: str | None, now: datetime) -> None:
    with house.database.write() as session:
        if why == "came_back":
            letters.undeliverable(session, job.secret["address"], why, now)
        if delivery is not None and why is None:
            deliveries.sent(session, delivery, Way.LETTER, now)
        elif delivery is not None and why is not None:
            deliveries.failed(session, delivery, Way.LETTER, why, now)
    log.info("letter_sent" if why is None else "letter_not_sent", number=job.payload["number"], why=why)


def _written(house: House, session: Session, job: Job, account: Account, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((house.replies.text("letter.from", city=house.city.name), account.sender))
    message["To"] = job.secret["address"]
    message["Subject"] = " ".join(job.secret["subject"].split())
    message["Date"] = format_datetime(now)
    about = UUID(job.payload["about"])
    message["Message-ID"] = threads.make_id(session, job.payload["number"], about, account.domain)
    if answers := job.secret["answers"]:
        message["In-Reply-To"] = answers[0]
        message["References"] = " ".join(reversed(answers[:10]))
    message["Auto-Submitted"] = "auto-replied" if answers else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(job.secret["text"], cte="base64")
    return message
