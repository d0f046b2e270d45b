"""How well the router's advice holds (分派质量): agreement by week, drift, confusions, and who is bounced."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from routing.catalogue import Catalogue
from routing.language.normalise import normalised
from ticketing.city import City
from ticketing.models import Lesson, Ticket, TicketEvent
from ticketing.workflow import Action

WEEKS = 16
_NEW_WEEKS = 4
_DRIFTED = 0.2  # the usual reading of the population stability index: above this a distribution has moved
_BOUNCED = 2
_MOST_BOUNCED = 500
_FLOOR = 0.002


@dataclass(frozen=True, slots=True)
class Week:
    """One week: how many lessons, how often the advice held, how sure it was."""

    starts: date
    tickets: int
    agreed: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """A department that was recommended where another was competent, and how often."""

    recommended: str
    department: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of a department's settled tickets, how many it was recommended for (召回), and how right that advice was."""

    department: str
    tickets: int
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class Bounce:
    """A matter that was sent to and fro: between whom, who took it in the end, and the change this proposes."""

    between: tuple[str, ...]
    settled: str | None
    duty: str
    name: str
    tickets: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learning:
    """The report of a console page."""

    weeks: tuple[Week, ...]
    drift: float
    drifted: bool
    accuracy: tuple[Accuracy, ...]
    confusions: tuple[Confusion, ...]
    bounces: tuple[Bounce, ...]


def report(session: Session, city: City, catalogue: Catalogue, now: datetime) -> Learning:
    """Everything about the advice of the last sixteen weeks."""
    since = now - timedelta(weeks=WEEKS)
    rows = session.scalars(select(Lesson).where(Lesson.city == city.code, Lesson.learned_at >= since)).all()
    moved = drift(rows, now)
    return Learning(
        _weeks(rows, city),
        moved,
        moved > _DRIFTED,
        accuracy(rows),
        _confusions(rows),
        bounces(session, city, catalogue, now),
    )


def _weeks(rows: Sequence[Lesson], city: City) -> tuple[Week, ...]:
    by_week: defaultdict[date, list[Lesson]] = defaultdict(list)
    for row in rows:
        day = row.learned_at.astimezone(city.zone).date()
        by_week[day - timedelta(days=day.weekday())].append(row)
    return tuple(
        Week(
            starts,
            len(some),
            sum(row.recommended == row.department for row in some) / len(some),
            sum(row.confidence for row in some) / len(some),
        )
        for starts, some in sorted(by_week.items(), reverse=True)
    )


def drift(rows: Sequence[Lesson], now: datetime) -> float:
    """How far the departments of the last four weeks have moved from those before (population stability index)."""
    border = now - timedelta(weeks=_NEW_WEEKS)
    new = Counter(row.department for row in rows if row.learned_at >= border)
    old = Counter(row.department for row in rows if row.learned_at < border)
    if not new or not old:
        return 0.0
    return round(sum(_moved(old[code] / old.total(), new[code] / new.total()) for code in new.keys() | old.keys()), 3)


def _moved(before: float, after: float) -> float:
    before, after = max(before, _FLOOR), max(after, _FLOOR)
    return (after - before) * math.log(after / before)


def accuracy(rows: Iterable[Lesson]) -> tuple[Accuracy, ...]:
    """Per department, the weakest first."""
    settled, advised, right = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        settled[row.department] += 1
        advised[row.recommended] += 1
        right[row.department] += row.recommended == row.department
    found = [
        Accuracy(code, n, right[code] / n, right[code] / advised[code] if advised[code] else 0.0)
        for code, n in settled.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.recall, -one.tickets)))


def _confusions(rows: Iterable[Lesson], most: int = 15) -> tuple[Confusion, ...]:
    pairs = Counter((row.recommended, row.department) for row in rows if row.recommended != row.department)
    return tuple(Confusion(*pair, n) for pair, n in pairs.most_common(most))


def bounces(session: Session, city: City, catalogue: Catalogue, now: datetime) -> tuple[Bounce, ...]:
    """Matters returned twice and more (反复退单), by the departments concerned and the duty their words name."""
    found: defaultdict[tuple[tuple[str, ...], str | None, str, str], list[str]] = defaultdict(list)
    for ticket in _bounced(session, city, now):
        between = _stations(session, ticket)
        settled = between[-1] if ticket.answered_at else None
        duty, name = _duty(catalogue, ticket, between)
        found[tuple(sorted(set(between))), settled, duty, name].append(ticket.number)
    ordered = sorted(found.items(), key=lambda one: -len(one[1]))
    return tuple(Bounce(*key, len(numbers), tuple(numbers)) for key, numbers in ordered)


def _bounced(session: Session, city: City, now: datetime) -> Sequence[Ticket]:
    returned = (
        select(TicketEvent.ticket_id)
        .where(TicketEvent.action == Action.RETURN, TicketEvent.at >= now - timedelta(weeks=WEEKS))
        .group_by(TicketEvent.ticket_id)
        .having(func.count() >= _BOUNCED)
    )
    query = select(Ticket).where(Ticket.city == city.code, Ticket.id.in_(returned))
    return session.scalars(query.order_by(Ticket.id.desc()).limit(_MOST_BOUNCED)).all()


def _stations(session: Session, ticket: Ticket) -> list[str]:
    """The departments it was sent to, in order."""
    sent = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.action == Action.DISPATCH)
    return [event.data["department"] for event in session.scalars(sent.order_by(TicketEvent.seq))]


def _duty(catalogue: Catalogue, ticket: Ticket, between: Sequence[str]) -> tuple[str, str]:
    """The duty its words name, of the departments concerned; none when the catalogue does not know the matter."""
    named = catalogue.duties_in(normalised(ticket.content_redacted))
    for code in between:
        for duty, _ in named.get(code, [])[:1]:
            return duty.code, duty.name
    return "", ""
