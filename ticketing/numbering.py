"""Ticket numbers (工单编号) `YYMMDD-NNNNNN-C` and query codes (查询码).

Thirteen digits can be keyed on a phone and are no identity card, bank card or phone number. The last is a Damm digit:
it catches every single wrong digit and every swap of two neighbours.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.models import NumberCounter
from ticketing.privacy import keyed_hash
from ticketing.statements import dialect_of, table_of

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_SHAPE = re.compile(r"(\d{6})[\s-]{0,3}(\d{6})[\s-]{0,3}(\d)", re.ASCII)
_COUNTER = table_of(NumberCounter)
_DRAW = {
    name: insert(_COUNTER)
    .on_conflict_do_update(index_elements=["city", "day"], set_={"last": _COUNTER.c.last + 1})
    .returning(_COUNTER.c.last)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
MAX_A_DAY = 999_999


def check_digit(digits: str) -> int:
    """The Damm digit of a row of digits; a row with its own digit at the end gives 0."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def draw_number(session: Session, city: City, now: datetime) -> str:
    """The next number of the city's day; gaps are allowed, doubles are not."""
    day = f"{city.today(now):%y%m%d}"
    sequence = session.execute(_DRAW[dialect_of(session)], {"city": city.code, "day": day, "last": 1}).scalar_one()
    if sequence > MAX_A_DAY:
        raise OverflowError(f"{city.code} registered more than {MAX_A_DAY} tickets on {day}")
    digits = f"{day}{sequence:06d}"
    return f"{digits[:6]}-{digits[6:]}-{check_digit(digits)}"


def read_number(text: str) -> str | None:
    """The number a citizen typed, with or without its dashes; None when it cannot be one."""
    match = _SHAPE.fullmatch(unicodedata.normalize("NFKC", text[:40]).strip())
    if match is None or check_digit("".join(match.groups())) != 0:
        return None
    return "-".join(match.groups())


def query_code(session: Session, ticket_id: UUID) -> str:
    """The ticket's 6-digit query code; derived, so that it can be told again and is stored nowhere."""
    mac = keyed_hash(session, "query-code", str(ticket_id))
    return f"{int.from_bytes(mac[:8]) % 1_000_000:06d}"


def query_code_mac(session: Session, ticket_id: UUID, code: str) -> bytes:
    """What is stored of a query code."""
    return keyed_hash(session, "query-code-check", f"{ticket_id}\0{code}")


def same_code(session: Session, ticket_id: UUID, stored: bytes, given: str) -> bool:
    """Whether the given code is the ticket's, in constant time."""
    return hmac.compare_digest(stored, query_code_mac(session, ticket_id, given))
