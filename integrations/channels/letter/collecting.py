"""Fetching letters (收信): stored first, marked as read then; what was stored is never fetched again.

The first look takes what is unread, so that years of old letters do not become tickets; from then on every new UID
counts, whoever has opened it. When the server numbers its letters anew (UIDVALIDITY), those of the last days are looked
at again; a letter that was stored before is known by its content.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from integrations.bootstrap import House
from integrations.channels.letter import parsing
from integrations.channels.letter.account import Account
from integrations.channels.letter.mailbox import TROUBLE, Mailbox
from ticketing import letters
from ticketing.letters import Arrived, Place

log = structlog.get_logger()
_AT_ONCE = 20
_OVERLAP = timedelta(days=2)


def collect(house: House, now: datetime) -> int:
    """Fetch what is new; returns how many letters were stored. A server that is away is asked again next time."""
    account = Account.of(house.settings)
    if account is None or account.imap is None:
        return 0
    try:
        with Mailbox(account, account.imap) as mailbox:
            return _fetch(house, account, mailbox, now)
    except TROUBLE as error:
        log.warning("mailbox_away", error=f"{type(error).__name__}: {error}"[:300])
        return 0


def _fetch(house: House, account: Account, mailbox: Mailbox, now: datetime) -> int:
    name, count = account.name, 0
    with house.database.read() as session:
        begun = letters.begun(session, name, mailbox.validity)
        last = letters.last_uid(session, name, mailbox.validity)
        before = letters.last_received(session, name)
    waiting = mailbox.after(last) if begun else mailbox.since(before - _OVERLAP) if before else mailbox.unread()
    with house.database.read() as session:
        had = letters.fetched(session, name, mailbox.validity, waiting)
    new = [uid for uid in waiting if uid not in had]
    for uid in new[:_AT_ONCE]:
        count += _keep(house, mailbox, Place(name, mailbox.validity, uid), now)
    if not begun and len(new) <= _AT_ONCE:
        with house.database.write() as session:
            letters.begin(session, name, mailbox.validity, mailbox.next_uid - 1, now)
    if count:
        house.wake()
    return count


def _keep(house: House, mailbox: Mailbox, place: Place, now: datetime) -> bool:
    found = mailbox.fetch(place.uid)
    if found is None:
        return False
    raw, whole = found
    head = parsing.head_of(raw)
    digest = parsing.content_hash(raw) if whole else ""
    arrived = Arrived(raw, parsing.sender(head)[1], parsing.message_id(head), digest, whole)
    with house.database.write() as session:
        stored = letters.store(session, place, arrived, now)
    mailbox.mark(place.uid)
    log.info("letter_fetched", uid=place.uid, new=stored is not None, bytes=len(raw))
    return stored is not None
