"""Tickets of the same incident (重复诉求): found by keyed place words, then compared by what they tell.

The search is an index look-up of the last days, never a scan; the words are only unsealed for the few that remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from routing.duplicates import Duplicates
from routing.incident import Telling, place_keys
from ticketing.city import City
from ticketing.models import IncidentKey, Status, Ticket
from ticketing.privacy import keyed_hash, unseal
from ticketing.workflow import MERGEABLE

WITHIN = timedelta(days=14)
_COMPARED = 24
_PURPOSE = "incident"
_STANDING = (*MERGEABLE, Status.MERGED)  # a merged one still is a citizen who said so


@dataclass(frozen=True, slots=True)
class Echo:
    """An open ticket that tells of the same incident, how probable that is, and why."""

    ticket_id: UUID
    number: str
    title: str
    status: Status
    registered_at: datetime
    probability: float
    reasons: tuple[str, ...]


def remember(session: Session, ticket: Ticket, content: str, place: str | None) -> None:
    """Keep the keys of a new ticket so that later ones find it."""
    keys = place_keys(content, place)
    if keys:
        shared = {"ticket_id": ticket.id, "city": ticket.city, "registered_at": ticket.registered_at}
        session.execute(insert(IncidentKey), [shared | {"key_mac": mac} for mac in _macs(session, keys)])


def echoes(
    session: Session,
    duplicates: Duplicates,
    city: City,
    content: str,
    place: str | None,
    now: datetime,
    *,
    beside: UUID | None = None,
) -> tuple[Echo, ...]:
    """The open tickets of the last days that tell of the same incident, the most probable first."""
    found = _candidates(session, city, place_keys(content, place), now, beside)
    if not found:
        return ()
    tellings = [Telling(content, place, _day(city, now)), *(told(session, city, ticket) for ticket in found)]
    mine, *others = duplicates.reader.read(tellings)
    return tuple(_echo(found[m.at], m.probability, m.reasons) for m in duplicates.matches(mine, others))


def echoes_of(session: Session, duplicates: Duplicates, city: City, ticket_id: UUID) -> tuple[Echo, ...]:
    """The tickets that tell of the same incident as this one and may still be merged with it, around its time."""
    ticket = session.get_one(Ticket, ticket_id)
    mine = told(session, city, ticket)
    until = ticket.registered_at + WITHIN
    found = echoes(session, duplicates, city, mine.text, mine.place, until, beside=ticket.id)
    return tuple(echo for echo in found if echo.status is not Status.MERGED)


def _candidates(session: Session, city: City, keys: Sequence[str], now: datetime, beside: UUID | None) -> list[Ticket]:
    """The open tickets that share most keys."""
    since = now - (WITHIN if beside is None else 2 * WITHIN)
    shared = (
        select(IncidentKey.ticket_id, func.count().label("shared"))
        .where(
            IncidentKey.city == city.code,
            IncidentKey.key_mac.in_(_macs(session, keys)),
            IncidentKey.registered_at.between(since, now),
        )
        .group_by(IncidentKey.ticket_id)
        .subquery()
    )
    query = (
        select(Ticket)
        .join(shared, shared.c.ticket_id == Ticket.id)
        .where(Ticket.status.in_(_STANDING), Ticket.id.is_distinct_from(beside))
        .order_by(shared.c.shared.desc(), Ticket.id.desc())
        .limit(_COMPARED)
    )
    return list(session.scalars(query)) if keys else []


def told(session: Session, city: City, ticket: Ticket) -> Telling:
    """A ticket's matter as it was told, for comparing."""
    place = unseal(session, ticket.place_sealed) if ticket.place_sealed else None
    return Telling(unseal(session, ticket.content_sealed), place, _day(city, ticket.registered_at))


def _echo(ticket: Ticket, probability: float, reasons: tuple[str, ...]) -> Echo:
    status = Status(ticket.status)
    return Echo(ticket.id, ticket.number, ticket.title, status, ticket.registered_at, probability, reasons)


def _macs(session: Session, keys: Sequence[str]) -> list[bytes]:
    return [keyed_hash(session, _PURPOSE, key) for key in keys]


def _day(city: City, moment: datetime) -> date:
    return moment.astimezone(city.zone).date()
