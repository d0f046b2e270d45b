"""Which ticket a letter is about (来信并单): our own Message-IDs name it and are signed, else its number or its thread.

A number alone proves nothing: it counts in letters from the address that the ticket was registered from.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.channels.letter.parsing import Parsed
from ticketing import letters
from ticketing.models import Ticket
from ticketing.numbering import read_number
from ticketing.privacy import keyed_hash

_OWN = re.compile(r"<(\d{6}-\d{6}-\d)\.([0-9a-f]{32})\.([0-9a-f]{16})@([a-z0-9.-]{1,200})>")
_NUMBER = re.compile(r"(?<!\d)\d{6}[\s-]{0,2}\d{6}[\s-]{0,2}\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Own:
    """What one of our own Message-IDs says: the ticket's number, and the letter or delivery it was for."""

    number: str
    about: UUID


def make_id(session: Session, number: str, about: UUID, domain: str) -> str:
    """The Message-ID of a letter of ours; the same letter always has the same, so that a doubled one is seen as one."""
    return f"<{number}.{about.hex}.{_proof(session, number, about.hex)}@{domain}>"


def read_id(session: Session, given: str, domain: str) -> Own | None:
    """What a Message-ID says if it is ours."""
    match = _OWN.fullmatch(given)
    if match is None or match[4] != domain.lower():
        return None
    if not hmac.compare_digest(match[3], _proof(session, match[1], match[2])):
        return None
    return Own(match[1], UUID(match[2]))


def ticket_of(session: Session, letter: Parsed, domain: str) -> Ticket | None:
    """The ticket a letter belongs to; None for a new matter."""
    for one in letter.references:
        own = read_id(session, one, domain)
        if own is not None and (found := letters.ticket_by_number(session, own.number)) is not None:
            return found
    named = (letters.ticket_by_number(session, number) for number in numbers(letter.subject))
    candidates = [*named, letters.ticket_of_thread(session, letter.references)]
    return next((one for one in candidates if one is not None and letters.wrote(session, one, letter.address)), None)


def numbers(text: str) -> tuple[str, ...]:
    """The ticket numbers in some words."""
    found = (read_number(match.group()) for match in _NUMBER.finditer(text[:300]))
    return tuple(number for number in found if number is not None)[:3]


def _proof(session: Session, number: str, about: str) -> str:
    return keyed_hash(session, "letter-id", f"{number}\0{about}").hex()[:16]
