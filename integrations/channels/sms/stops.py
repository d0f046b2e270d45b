"""Who wants no texts (退订), and whose number does not get any: kept by the number's blind index."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.replies import Replies
from integrations.channels.sms.port import CHANNEL
from ticketing.models import ChannelContact, new_id
from ticketing.privacy import keyed_hash
from ticketing.statements import dialect_of, insert_or_skip, table_of

_CONTACT = table_of(ChannelContact)
_c = _CONTACT.c
_MEET = insert_or_skip(_CONTACT, "channel", "address_index", returning=[_c.id])
_EDGES = " \t\r\n。.!！,，;；\"'“”【】[]"


class Wish(StrEnum):
    """What a text that is only one word asks for: 退订, 恢复."""

    STOP = "stop"
    RESUME = "resume"


def wish_of(text: str, replies: Replies) -> Wish | None:
    """Whether a text is a stop word or takes one back; longer texts are none."""
    word = unicodedata.normalize("NFKC", text[:40]).strip(_EDGES).upper()
    if word in replies.variants["sms.stop_words"]:
        return Wish.STOP
    return Wish.RESUME if word in replies.variants["sms.resume_words"] else None


def note(session: Session, phone: str, wish: Wish, now: datetime) -> None:
    """Keep the wish; it holds until the other one comes."""
    left = now if wish is Wish.STOP else None
    _set(session, phone, heard_at=now, left_at=left)


def heard(session: Session, phone: str, now: datetime) -> None:
    """The number is alive: it sent a text."""
    _set(session, phone, heard_at=now, closed_at=None, closed_reason=None)


def undelivered(session: Session, phone: str, code: str, now: datetime) -> None:
    """Texts to this number do not arrive."""
    _set(session, phone, closed_at=now, closed_reason=code[:100])


def stopped(session: Session, phone: str) -> bool:
    """Whether this number wants no texts."""
    return session.execute(select(_c.left_at).where(_whose(session, phone))).scalar() is not None


def undelivered_since(session: Session, phone: str) -> datetime | None:
    """When a text to this number last came back."""
    return session.execute(select(_c.closed_at).where(_whose(session, phone))).scalar()


def _index(session: Session, phone: str) -> bytes:
    return keyed_hash(session, "address", f"{CHANNEL}\0{phone}")


def _whose(session: Session, phone: str) -> Any:
    return (_c.channel == CHANNEL) & (_c.address_index == _index(session, phone))


def _set(session: Session, phone: str, **values: object) -> None:
    row = {"id": new_id(), "channel": CHANNEL, "address_index": _index(session, phone), "sent": 0}
    session.execute(_MEET[dialect_of(session)], row)
    session.execute(update(_CONTACT).where(_whose(session, phone)).values(**values))
