"""Letters that came back (退信, DSN): only a report that shows our own signed Message-ID says anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.channels.letter.parsing import Parsed, header
from integrations.channels.letter.threads import Own, read_id
from integrations.channels.planner import Way
from ticketing import deliveries, letters
from ticketing.models import Delivery, Ticket

log = structlog.get_logger()
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_RECIPIENT = re.compile(r"(?:rfc822|utf-8)\s{0,3};\s{0,3}<?([^<>\s;]{3,200})>?", re.IGNORECASE)
_MOST = 20


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says: whether for good, of whom, why, and about which letter of ours."""

    failed: bool
    recipient: str
    status: str
    original: str


def report_of(letter: Parsed) -> Report | None:
    """The delivery report that a letter is; None for any other letter."""
    message = letter.message
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = [one for one in message.get_payload() if isinstance(one, Message)]
    status = next((one for one in parts if one.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    return _read(_blocks(status), next((_original(one) for one in parts if _original(one)), ""))


def _blocks(status: Message) -> list[Message]:
    payload = status.get_payload()
    return [one for one in payload if isinstance(one, Message)][:_MOST] if isinstance(payload, list) else []


def _read(blocks: list[Message], original: str) -> Report:
    for block in blocks:
        recipient = _RECIPIENT.match(header(block, "Final-Recipient") or header(block, "Original-Recipient"))
        if recipient is None:
            continue
        status = _STATUS.match(header(block, "Status"))
        failed = header(block, "Action").lower().strip() == "failed" and (status is None or status[1] == "5")
        return Report(failed, recipient[1].lower(), status.group() if status else "", original)
    return Report(failed=False, recipient="", status="", original=original)


def _original(part: Message) -> str:
    """The Message-ID of the letter that came back: it is enclosed, whole or as its head."""
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        inner = part.get_payload()[0]
        return header(inner, "Message-ID") if isinstance(inner, Message) else ""
    if part.get_content_type() == "text/rfc822-headers":
        text = part.get_payload(decode=True)
        found = re.search(rb"^message-id:\s{0,5}(<[^<>\s]{1,250}>)", text[:20_000], re.IGNORECASE | re.MULTILINE)
        return found[1].decode("ascii", "replace") if found else ""
    return ""


def note(session: Session, report: Report, domain: str, now: datetime) -> bool:
    """Believe a report about a letter of ours: the address is no way any more, its message takes the next best.

    False where it proves nothing: no letter of ours, not for good, or another address than we wrote to.
    """
    own = read_id(session, report.original, domain)
    if own is None or not report.failed:
        return False
    ticket = letters.ticket_by_number(session, own.number)
    if ticket is None or not letters.wrote(session, ticket, report.recipient):
        return False
    letters.undeliverable(session, report.recipient, report.status, now)
    _plan_again(session, own, ticket, now)
    log.info("letter_came_back", number=own.number, status=report.status)
    return True


def _plan_again(session: Session, own: Own, ticket: Ticket, now: datetime) -> None:
    known = select(Delivery.id).where(Delivery.id == own.about, Delivery.ticket_id == ticket.id)
    if session.execute(known).first() is not None:
        deliveries.failed(session, own.about, Way.LETTER, "came_back", now)
