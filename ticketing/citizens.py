"""Citizens (诉求人): found by their phone number's blind index, sealed at rest."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.errors import Invalid
from ticketing.models import Citizen, new_id
from ticketing.privacy import keyed_hash, seal
from ticketing.statements import dialect_of, insert_or_skip, table_of

_CITIZEN = table_of(Citizen)
_MEET = insert_or_skip(_CITIZEN, "phone_index", returning=[_CITIZEN.c.id])
_PHONE = re.compile(r"1\d{10}|0\d{9,11}|[2-9]\d{6,7}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", " -()+.")
MAX_NAME = 50


def read_phone(text: str) -> str:
    """A phone number as digits: a mobile, or a land line with or without its area code."""
    digits = unicodedata.normalize("NFKC", text[:40]).translate(_PUNCTUATION)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 10:
            digits = digits.removeprefix(prefix)
            break
    if _PHONE.fullmatch(digits) is None:
        raise Invalid("phone_invalid", field="phone")
    return digits


def phone_index(session: Session, phone: str) -> bytes:
    """The blind index of a phone number as `read_phone` gives it."""
    return keyed_hash(session, "phone", phone)


def meet(session: Session, phone: str, name: str | None, now: datetime) -> UUID:
    """The citizen of a phone number, made when new; a name is kept when none was known."""
    number = read_phone(phone)
    index = phone_index(session, number)
    name_sealed = seal(session, name[:MAX_NAME]) if name else None
    row = {
        "id": new_id(),
        "phone_index": index,
        "phone_sealed": seal(session, number),
        "name_sealed": name_sealed,
        "created_at": now,
    }
    if made := session.execute(_MEET[dialect_of(session)], row).scalar():
        return UUID(str(made))
    if name_sealed:
        unnamed = (_CITIZEN.c.phone_index == index) & _CITIZEN.c.name_sealed.is_(None)
        session.execute(update(_CITIZEN).where(unnamed).values(name_sealed=name_sealed))
    return session.execute(select(Citizen.id).where(Citizen.phone_index == index)).scalar_one()
