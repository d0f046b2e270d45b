"""Daily roots (日根) and the whole check: chains, statuses and roots together show any change, even a cut-off end.

A root covers the events in the order they were written (by their id), so an import with old dates breaks none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.audit import GENESIS
from ticketing.city import City
from ticketing.models import AuditRoot, Ticket, TicketEvent, new_id
from ticketing.statements import dialect_of, insert_or_skip, table_of

SETTLED = timedelta(minutes=10)  # no transaction lasts longer than this
_FIRST = UUID(int=0)
_ROOT = table_of(AuditRoot)
_SEAL = insert_or_skip(_ROOT, "day", returning=[_ROOT.c.id])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: `what` is row, link, status, missing or root."""

    what: str
    number: str | None = None
    seq: int | None = None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found; `last_root` can be noted elsewhere and compared later."""

    tickets: int
    events: int
    roots: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    @property
    def last_root(self) -> str | None:
        """The newest root in hexadecimal."""
        return self.roots[-1][1] if self.roots else None


def seal_days(session: Session, city: City, now: datetime) -> str | None:
    """Make the root of all that was written before today; None when it is there or the day just began."""
    midnight = datetime.combine(city.today(now), time(0), city.zone)
    day = (midnight - timedelta(days=1)).date().isoformat()
    made = select(AuditRoot.id).where(AuditRoot.day >= day)
    if now < midnight + SETTLED or session.execute(made).first() is not None:
        return None
    last = session.scalars(select(AuditRoot).order_by(AuditRoot.day.desc()).limit(1)).first()
    after, previous = (last.through_id, last.root) if last else (_FIRST, GENESIS)
    before = select(TicketEvent.id).where(TicketEvent.id < first_id(midnight))
    through = session.execute(before.order_by(TicketEvent.id.desc()).limit(1)).scalar()
    through = max(through or after, after)
    count, root = _root(session, after, through, previous)
    row = {"id": new_id(), "day": day, "through_id": through, "events": count, "root": root, "made_at": now}
    made_now = session.execute(_SEAL[dialect_of(session)], row | {"previous_root": previous}).first()
    return day if made_now is not None else None


def first_id(moment: datetime) -> UUID:
    """The smallest id that a row written at a moment can have (the ids begin with their time)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _root(session: Session, after: UUID, through: UUID, previous: bytes) -> tuple[int, bytes]:
    count, digest = 0, hashlib.sha256(previous)
    written = select(TicketEvent.hash).where(TicketEvent.id > after, TicketEvent.id <= through)
    for hash_ in session.scalars(written.order_by(TicketEvent.id).execution_options(yield_per=1000)):
        count += 1
        digest.update(hash_)
    return count, digest.digest()


def check(session: Session) -> Report:
    """Everything that can be checked: each chain, each ticket against its last event, each daily root."""
    numbers = {row.id: row.number for row in session.execute(select(Ticket.id, Ticket.number))}
    findings = [Finding(b.what, numbers.get(b.ticket_id), b.seq) for b in audit.verify(session)]
    findings += _statuses(session)
    findings += _roots(session)
    events = session.execute(select(func.count()).select_from(TicketEvent)).scalar_one()
    roots = session.execute(select(AuditRoot.day, AuditRoot.root).order_by(AuditRoot.day)).all()
    return Report(len(numbers), events, tuple((row.day, row.root.hex()) for row in roots), tuple(findings))


def _statuses(session: Session) -> Iterator[Finding]:
    """A ticket stands where its last event left it, and every ticket has events."""
    last = (
        select(TicketEvent.ticket_id, func.max(TicketEvent.seq).label("seq")).group_by(TicketEvent.ticket_id).subquery()
    )
    event = (TicketEvent.ticket_id == last.c.ticket_id) & (TicketEvent.seq == last.c.seq)
    rows = session.execute(
        select(Ticket.number, Ticket.status, TicketEvent.to_status, TicketEvent.seq)
        .select_from(Ticket)
        .outerjoin(last, last.c.ticket_id == Ticket.id)
        .outerjoin(TicketEvent, event)
    )
    for number, status, to_status, seq in rows:
        if status != to_status:
            yield Finding("status" if to_status else "missing", number, seq)


def _roots(session: Session) -> Iterator[Finding]:
    after, previous = _FIRST, GENESIS
    for row in session.scalars(select(AuditRoot).order_by(AuditRoot.day)):
        count, root = _root(session, after, row.through_id, row.previous_root)
        if (count, root, row.previous_root) != (row.events, row.root, previous):
            yield Finding("root", day=row.day)
        after, previous = row.through_id, row.root
