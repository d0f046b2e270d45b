"""并单 and 拆单: several citizens' tickets on one matter follow one answer; un-merge is exact.

A mass incident (群体性事件) is the same with many children: one batch answer, every citizen told and surveyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.city import City
from ticketing.errors import HotlineError, Invalid, NotFound
from ticketing.models import Status, Ticket
from ticketing.transitions import Applied, apply, lock
from ticketing.workflow import MERGEABLE, Action, Actor

MOST_AT_ONCE = 500
_CHILD = (Ticket.number, Ticket.title, Ticket.content_redacted, Ticket.region, Ticket.status, Ticket.registered_at)


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of merging many: the numbers that follow now, and those that do not, each with its reason."""

    merged: tuple[str, ...]
    refused: tuple[tuple[str, HotlineError], ...]


@dataclass(frozen=True, slots=True)
class Child:
    """A merged ticket as the parent's department may see it: the matter and the place, never the person."""

    number: str
    title: str
    content: str
    region: str | None
    status: Status
    registered_at: datetime


def merge(
    session: Session,
    city: City,
    child_id: UUID,
    parent_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    note: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """并单: the child follows its parent's answer; both rows are locked, the parent's first."""
    lock(session, parent_id)
    lock(session, child_id, wait=False)
    _check(session, city, child_id, parent_id)
    return apply(
        session,
        city,
        child_id,
        Action.MERGE,
        actor,
        now,
        expected_version=expected_version,
        note=note,
        parent_id=parent_id,
    )


def _check(session: Session, city: City, child_id: UUID, parent_id: UUID) -> None:
    """One level only: a parent is open, not answered, and nobody's child; a child has no children of its own."""
    parent, child = session.get_one(Ticket, parent_id), session.get_one(Ticket, child_id)
    if parent.city != city.code or child.city != city.code:
        raise NotFound("ticket_not_found")
    if Status(parent.status) not in MERGEABLE:
        raise Invalid("parent_is_over", field="parent_id")
    merged = (Ticket.parent_id == child_id) & (Ticket.status == Status.MERGED)
    if session.execute(select(Ticket.id).where(merged).limit(1)).first() is not None:
        raise Invalid("child_has_children", field="parent_id")


def merge_many(
    session: Session, city: City, parent_id: UUID, numbers: Sequence[str], actor: Actor, now: datetime, *, note: str
) -> Batch:
    """批量并单: each number on its own; one that cannot be merged stops no other."""
    wanted = tuple(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    if len(wanted) > MOST_AT_ONCE:
        raise Invalid("too_many_numbers", field="numbers", limit=MOST_AT_ONCE)
    ids = dict(session.execute(select(Ticket.number, Ticket.id).where(Ticket.number.in_(wanted))).all())
    lock(session, parent_id)
    merged: list[str] = []
    refused: list[tuple[str, HotlineError]] = []
    for number in sorted(wanted, key=lambda n: str(ids.get(n, ""))):
        try:
            if number not in ids:
                raise NotFound("ticket_not_found")
            with session.begin_nested():
                merge(session, city, ids[number], parent_id, actor, now, note=note)
            merged.append(number)
        except HotlineError as error:
            refused.append((number, error))
    return Batch(tuple(merged), tuple(refused))


def unmerge(
    session: Session,
    city: City,
    child_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    expected_version: int | None = None,
) -> Applied:
    """拆单: the child is what it was before, and goes its own way."""
    note = record.text_of(note, "note")
    return apply(session, city, child_id, Action.UNMERGE, actor, now, expected_version=expected_version, note=note)


def children(session: Session, parent_id: UUID, limit: int = 200) -> tuple[Child, ...]:
    """The tickets that follow a parent or came out of it, oldest first, without who sent them."""
    rows = session.execute(select(*_CHILD).where(Ticket.parent_id == parent_id).order_by(Ticket.id).limit(limit))
    return tuple(Child(*row[:4], Status(row[4]), row[5]) for row in rows)
