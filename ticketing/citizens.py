"""Citizens (诉求人): found by their phone number's blind index, sealed at rest."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.errors import Invalid
from ticketing.models import ChannelContact, Citizen, Conversation, new_id
from ticketing.privacy import keyed_hash, seal, unseal
from ticketing.statements import dialect_of, insert_or_skip, table_of

_CITIZEN = table_of(Citizen)
_MEET = insert_or_skip(_CITIZEN, "phone_index", returning=[_CITIZEN.c.id])
_PHONE = re.compile(r"1\d{10}|0\d{9,11}|[2-9]\d{6,7}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", " -()+.")
MAX_NAME = 50
_CONTACT = table_of(ChannelContact)
_BIND = insert_or_skip(_CONTACT, "channel", "address_index", returning=[_CONTACT.c.id])


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


def known(session: Session, phone: str) -> UUID | None:
    """The citizen of a phone number as `read_phone` gives it, if there is one."""
    return session.execute(select(Citizen.id).where(Citizen.phone_index == phone_index(session, phone))).scalar()


def bind(session: Session, conversation_id: UUID, phone: str, now: datetime) -> UUID:
    """绑定: the address of a conversation belongs to the citizen of this phone from now on, whoever had it before."""
    citizen_id = meet(session, phone, None, now)
    channel, index = _address(session, conversation_id)
    row = {"id": new_id(), "channel": channel, "address_index": index, "sent": 0}
    session.execute(_BIND[dialect_of(session)], row)
    whose = (_CONTACT.c.channel == channel) & (_CONTACT.c.address_index == index)
    session.execute(update(_CONTACT).where(whose).values(citizen_id=citizen_id, bound_at=now))
    return citizen_id


def unbind(session: Session, conversation_id: UUID) -> bool:
    """解绑: the address belongs to nobody; False when it did not before."""
    channel, index = _address(session, conversation_id)
    whose = (_CONTACT.c.channel == channel) & (_CONTACT.c.address_index == index) & _CONTACT.c.citizen_id.is_not(None)
    loose = update(_CONTACT).where(whose).values(citizen_id=None, bound_at=None).returning(_CONTACT.c.id)
    return session.execute(loose).first() is not None


def bound(session: Session, conversation_id: UUID) -> tuple[UUID, str] | None:
    """The citizen a conversation's address belongs to, and their phone."""
    channel, index = _address(session, conversation_id)
    whose = (ChannelContact.channel == channel) & (ChannelContact.address_index == index)
    found = select(Citizen.id, Citizen.phone_sealed).join(ChannelContact, ChannelContact.citizen_id == Citizen.id)
    row = session.execute(found.where(whose)).first()
    return (row.id, unseal(session, row.phone_sealed)) if row else None


def _address(session: Session, conversation_id: UUID) -> tuple[str, bytes]:
    row = session.execute(
        select(Conversation.channel, Conversation.address_index).where(Conversation.id == conversation_id)
    ).one()
    return row.channel, row.address_index
