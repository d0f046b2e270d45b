"""Codes by text (短信验证码) prove that a phone is in somebody's hand: few codes a day, few tries, ten minutes."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from ticketing import texts
from ticketing.citizens import phone_index
from ticketing.errors import TooManyAttempts
from ticketing.models import OneTimeCode, new_id
from ticketing.privacy import keyed_hash
from ticketing.statements import table_of

LIFE = timedelta(minutes=10)
APART = timedelta(minutes=1)
A_DAY = 5
TRIES = 5
TEMPLATE = "code"
_CODE = table_of(OneTimeCode)
_c = _CODE.c


class For(StrEnum):
    """查询工单, 绑定手机: a code for one is none for the other."""

    PROGRESS = "progress"
    BINDING = "binding"


def send(session: Session, phone: str, purpose: For, now: datetime) -> None:
    """Send a fresh code; `TooManyAttempts` when one was sent just now, or enough today."""
    index = phone_index(session, phone)
    last, today = session.execute(
        select(func.max(_c.sent_at), func.count()).where(_c.phone_index == index, _c.sent_at > now - timedelta(days=1))
    ).one()
    if today and (today >= A_DAY or last > now - APART):
        raise TooManyAttempts("codes_enough")
    made, code = new_id(), f"{secrets.randbelow(1_000_000):06d}"
    row = {"id": made, "purpose": purpose, "phone_index": index, "code_mac": _mac(session, index, purpose, code)}
    session.execute(insert(_CODE), row | {"sent_at": now, "expires_at": now + LIFE, "failures": 0})
    blanks = {"code": code, "minutes": str(LIFE // timedelta(minutes=1))}
    texts.send(session, phone, TEMPLATE, blanks, f"code:{made}", now, until=now + LIFE)


def proves(session: Session, phone: str, purpose: For, given: str, now: datetime) -> bool:
    """Whether this is the newest code of the phone, used up by the question; a wrong one is counted against it.

    The caller's transaction must commit either way.
    """
    index = phone_index(session, phone)
    alive = (_c.phone_index == index) & (_c.purpose == purpose) & _c.used_at.is_(None) & (_c.expires_at > now)
    newest = select(_c.id, _c.code_mac).where(alive, _c.failures < TRIES).order_by(_c.sent_at.desc()).limit(1)
    row = session.execute(newest.with_for_update()).first()
    if row is None:
        return False
    right = hmac.compare_digest(row.code_mac, _mac(session, index, purpose, given.strip()[:12]))
    outcome = {"used_at": now} if right else {"failures": _c.failures + 1}
    session.execute(update(_CODE).where(_c.id == row.id).values(outcome))
    return right


def _mac(session: Session, index: bytes, purpose: For, code: str) -> bytes:
    return keyed_hash(session, "one-time-code", f"{purpose}\0{index.hex()}\0{code}")
