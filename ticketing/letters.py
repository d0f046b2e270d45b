"""Letters (来信) as rows: fetched once, one ticket each or a supplement to one, threads by Message-ID, answers counted.

A letter is stored in the transaction that asks for its handling, before the mailbox is told that it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.models import ChannelContact, Conversation, Letter, LetterStatus, Ticket, new_id
from ticketing.privacy import keyed_hash, vault_of
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import FINAL

CHANNEL = "letter"
LETTER_IN = "letter_in"
_DAY = timedelta(days=1)
_LETTER, _CONTACT = table_of(Letter), table_of(ChannelContact)
_l, _c = _LETTER.c, _CONTACT.c
_PLACE = insert_or_skip(_LETTER, "mailbox", "validity", "uid", returning=[_l.id])
_MEET = insert_or_skip(_CONTACT, "channel", "address_index", returning=[_c.id])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a letter lay: the mailbox, its UIDVALIDITY and the letter's UID."""

    mailbox: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A letter as it was fetched; not `whole` where only the head of one too large was."""

    raw: bytes
    address: str
    message_id: str
    content_hash: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored letter to be handled; `status` says whether it was."""

    id: UUID
    raw: bytes
    whole: bool
    status: LetterStatus
    ticket_id: UUID | None


def address_index(session: Session, address: str) -> bytes:
    """The blind index of an e-mail address, the same that its conversation has."""
    return keyed_hash(session, "address", f"{CHANNEL}\0{address}")


def message_index(session: Session, message_id: str) -> bytes:
    """The blind index of a Message-ID."""
    return keyed_hash(session, "letter-message", message_id)


def begun(session: Session, mailbox: str, validity: int) -> bool:
    """Whether everything that lay in the mailbox at first has been looked at."""
    here = (_l.mailbox == mailbox) & (_l.validity == validity) & (_l.status == LetterStatus.START)
    return session.execute(select(_l.id).where(here).limit(1)).first() is not None


def last_received(session: Session, mailbox: str) -> datetime | None:
    """When the newest letter of a mailbox came that was once looked at in whole, whatever its UIDs were then."""
    once = select(_l.id).where(_l.mailbox == mailbox, _l.status == LetterStatus.START).limit(1)
    if session.execute(once).first() is None:
        return None
    return session.execute(select(func.max(_l.received_at)).where(_l.mailbox == mailbox)).scalar()


def last_uid(session: Session, mailbox: str, validity: int) -> int:
    """The highest UID that needs no second look; 0 at first."""
    highest = select(func.max(_l.uid)).where(_l.mailbox == mailbox, _l.validity == validity)
    return session.execute(highest).scalar() or 0


def fetched(session: Session, mailbox: str, validity: int, uids: Sequence[int]) -> frozenset[int]:
    """Which of these were stored before."""
    here = (_l.mailbox == mailbox) & (_l.validity == validity) & _l.uid.in_(uids)
    return frozenset(session.scalars(select(_l.uid).where(here)))


def begin(session: Session, mailbox: str, validity: int, uid: int, now: datetime) -> None:
    """From here on every UID above `uid` is a letter to fetch, opened by somebody or not."""
    if begun(session, mailbox, validity):
        return
    taken = bool(fetched(session, mailbox, validity, (uid,)))  # the newest letter there is a row of its own
    row = {"id": new_id(), "status": LetterStatus.START, "received_at": now, "whole": True}
    where = {"mailbox": mailbox, "validity": validity, "uid": None if taken else uid}
    session.execute(_LETTER.insert(), row | where)


def store(session: Session, place: Place, arrived: Arrived, now: datetime) -> UUID | None:
    """Keep a letter and ask for its handling; None when it was fetched before, from here or elsewhere."""
    identity = _identity(session, arrived)
    double = session.execute(select(_l.id).where(_l.identity == identity)).first() is not None
    row: dict[str, Any] = {
        "id": new_id(),
        "identity": None if double else identity,
        "message_index": message_index(session, arrived.message_id) if arrived.message_id and not double else None,
        "address_index": address_index(session, arrived.address) if arrived.address else None,
        "raw_sealed": None if double else vault_of(session).seal_bytes(arrived.raw),
        "whole": arrived.whole,
        "status": LetterStatus.DOUBLE if double else LetterStatus.STORED,
        "received_at": now,
    }
    made = session.execute(_PLACE[dialect_of(session)], row | _where(place)).scalar()
    if made is None or double:
        return None
    jobs.enqueue(session, LETTER_IN, f"{LETTER_IN}:{made}", {"letter": str(made)}, now)
    return UUID(str(made))


def _where(place: Place) -> dict[str, Any]:
    return {"mailbox": place.mailbox, "validity": place.validity, "uid": place.uid}


def _identity(session: Session, arrived: Arrived) -> bytes:
    parts = (arrived.message_id, arrived.address, arrived.content_hash)
    return keyed_hash(session, "letter", "\0".join(parts))


def stored(session: Session, letter_id: UUID) -> Stored | None:
    """A letter that waits for its handling; None when nothing is left to do."""
    row = session.execute(select(_l.raw_sealed, _l.whole, _l.status, _l.ticket_id).where(_l.id == letter_id)).one()
    if row.raw_sealed is None:
        return None
    raw = vault_of(session).unseal_bytes(row.raw_sealed)
    return Stored(letter_id, raw, row.whole, LetterStatus(row.status), row.ticket_id)


def became(session: Session, letter_id: UUID, status: LetterStatus, ticket_id: UUID) -> None:
    """The letter is a ticket, or a supplement to one; its enclosures may still be on their way."""
    session.execute(update(_LETTER).where(_l.id == letter_id).values(status=status, ticket_id=ticket_id))


def refused(session: Session, letter_id: UUID, status: LetterStatus, reason: str) -> None:
    """The letter is nothing to act on; its words are let go of."""
    values = {"status": status, "reason": reason, "raw_sealed": None}
    session.execute(update(_LETTER).where(_l.id == letter_id).values(values))


def finished(session: Session, letter_id: UUID) -> None:
    """Everything of the letter is with its ticket: the letter itself is let go of."""
    session.execute(update(_LETTER).where(_l.id == letter_id).values(raw_sealed=None))


def from_form(session: Session, address: str, ticket_id: UUID, now: datetime) -> UUID:
    """A letter written on the web page, for the count of its answers."""
    made = new_id()
    row = {"id": made, "mailbox": "form", "status": LetterStatus.TICKET, "ticket_id": ticket_id}
    index = {"address_index": address_index(session, address), "received_at": now, "whole": True}
    session.execute(_LETTER.insert(), row | index)
    return made


def has_form(session: Session, ticket_id: UUID) -> bool:
    """Whether the form of this ticket was sent before."""
    return session.execute(select(_l.id).where(_l.ticket_id == ticket_id).limit(1)).first() is not None


def may_answer(session: Session, letter_id: UUID, address: str, most: int, now: datetime) -> bool:
    """Whether this address may get one more answer today; takes it. The same letter may be asked about again."""
    mine = _l.address_index == address_index(session, address)
    before = mine & (_l.id != letter_id) & (_l.answered_at > now - _DAY)
    if session.execute(select(func.count()).select_from(_LETTER).where(before)).scalar_one() >= most:
        return False
    session.execute(update(_LETTER).where(_l.id == letter_id).values(answered_at=now))
    return True


def ticket_of_thread(session: Session, message_ids: Sequence[str]) -> Ticket | None:
    """The ticket that an earlier letter of the thread belongs to, the newest reference first."""
    for one in message_ids:
        found = select(_l.ticket_id).where(_l.message_index == message_index(session, one), _l.ticket_id.is_not(None))
        ticket_id = session.execute(found.limit(1)).scalar()
        if ticket_id is not None:
            return session.get_one(Ticket, ticket_id)
    return None


def ticket_by_number(session: Session, number: str) -> Ticket | None:
    """The ticket of a number."""
    return session.scalars(select(Ticket).where(Ticket.number == number)).first()


def wrote(session: Session, ticket: Ticket, address: str) -> bool:
    """Whether this address is the one the ticket was registered from."""
    found = select(Conversation.channel, Conversation.address_index).where(Conversation.id == ticket.conversation_id)
    row = session.execute(found).first()
    return row is not None and row.channel == CHANNEL and row.address_index == address_index(session, address)


def open_still(ticket: Ticket) -> bool:
    """Whether something can still be added to the ticket."""
    return ticket.status not in FINAL


def undeliverable(session: Session, address: str, reason: str, now: datetime) -> None:
    """Letters to this address come back (退信): until somebody writes from there, another way is better."""
    _contact(session, address, closed_at=now, closed_reason=reason[:100])


def heard(session: Session, address: str, now: datetime) -> None:
    """Somebody wrote from this address."""
    _contact(session, address, heard_at=now, closed_at=None, closed_reason=None)


def reachable(session: Session, address: str) -> bool:
    """Whether letters to this address have not come back."""
    mine = (_c.channel == CHANNEL) & (_c.address_index == address_index(session, address))
    return session.execute(select(_c.id).where(mine, _c.closed_at.is_not(None))).first() is None


def _contact(session: Session, address: str, **values: object) -> None:
    index = address_index(session, address)
    row = {"id": new_id(), "channel": CHANNEL, "address_index": index, "sent": 0}
    session.execute(_MEET[dialect_of(session)], row)
    mine = (_c.channel == CHANNEL) & (_c.address_index == index)
    session.execute(update(_CONTACT).where(mine).values(**values))
