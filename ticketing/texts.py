"""Asking for a text message (短信); which provider carries it is decided when it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import jobs

SMS = "sms"
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_FOREIGN = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def mobile(phone: str) -> str | None:
    """A number that can get texts, as the house keeps it: 11 digits on the mainland, `+…` elsewhere; else None."""
    known = phone.removeprefix("+86")
    if _MOBILE.fullmatch(known) or (not phone.startswith("+86") and _FOREIGN.fullmatch(known)):
        return known
    return None


def send(
    session: Session,
    phone: str,
    template: str,
    blanks: Mapping[str, str],
    key: str,
    now: datetime,
    *,
    run_at: datetime | None = None,
    until: datetime | None = None,
    delivery_id: UUID | None = None,
) -> bool:
    """Ask for a text, once per `key`; False when it was asked for before, or the number gets no texts.

    `template` names a text of `sms.yml`. After `until` it is worth nothing and stays unsent; `delivery_id` hears what
    became of it.
    """
    known = mobile(phone)
    if known is None:
        return False
    payload = {"template": template}
    if until is not None:
        payload["until"] = until.isoformat()
    if delivery_id is not None:
        payload["delivery"] = str(delivery_id)
    secret = {"phone": known, "blanks": dict(blanks)}
    return jobs.enqueue(session, SMS, f"{SMS}:{key}", payload, now, run_at=run_at, secret=secret)
