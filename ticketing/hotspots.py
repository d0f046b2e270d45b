"""What many citizens tell of at once (热点): clusters of one incident, and departments or regions that surge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from routing.duplicates import Duplicates
from routing.surges import Detector
from ticketing.city import City
from ticketing.echoes import told
from ticketing.models import IncidentKey, Ticket

CLUSTERED = timedelta(days=14)
WATCHED = timedelta(days=120)
SHOWN = timedelta(days=7)
_LEAST_CITIZENS = 3
_CROWDED_KEYS = 200
_READ = 400


@dataclass(frozen=True, slots=True)
class Cluster:
    """Tickets that tell of one incident: how many, the first and the last, where, and one of them in words."""

    count: int
    numbers: tuple[str, ...]
    title: str
    region: str | None
    department: str | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Surging:
    """A department's or a region's tickets rose beyond what is usual."""

    dimension: str
    code: str
    day: date
    since: date
    count: int
    expected: float


@dataclass(frozen=True, slots=True)
class Hotspots:
    """The page of what is hot; `days_between` is the mean time between false alarms of one quiet series."""

    clusters: tuple[Cluster, ...]
    surges: tuple[Surging, ...]
    days_between: float


def hotspots(session: Session, duplicates: Duplicates, city: City, now: datetime) -> Hotspots:
    """What is hot now, the largest and the latest first."""
    detector = Detector()
    return Hotspots(
        clusters(session, duplicates, city, now), surges(session, city, now, detector), detector.days_between
    )


def clusters(session: Session, duplicates: Duplicates, city: City, now: datetime) -> tuple[Cluster, ...]:
    """Incidents of the last two weeks that at least three tickets tell of."""
    rows = _crowded(session, city, now)
    tellings = [told(session, city, ticket) for ticket in rows]
    groups: defaultdict[int, list[Ticket]] = defaultdict(list)
    for ticket, group in zip(rows, duplicates.groups(tellings), strict=True):
        groups[group].append(ticket)
    found = [_cluster(members) for members in groups.values() if len(members) >= _LEAST_CITIZENS]
    return tuple(sorted(found, key=lambda one: (-one.count, one.first_at)))


def _crowded(session: Session, city: City, now: datetime) -> list[Ticket]:
    """The recent tickets that share a place word with two others: only these are read."""
    recent = (IncidentKey.city == city.code) & IncidentKey.registered_at.between(now - CLUSTERED, now)
    crowded = (
        select(IncidentKey.key_mac)
        .where(recent)
        .group_by(IncidentKey.key_mac)
        .having(func.count() >= _LEAST_CITIZENS)
        .order_by(func.count().desc())
        .limit(_CROWDED_KEYS)
        .subquery()
    )
    ids = select(IncidentKey.ticket_id).where(recent, IncidentKey.key_mac.in_(select(crowded.c.key_mac))).distinct()
    return list(session.scalars(select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id.desc()).limit(_READ)))


def _cluster(members: list[Ticket]) -> Cluster:
    ordered = sorted(members, key=lambda ticket: ticket.registered_at)
    departments = Counter(_department(ticket.lead_department, ticket.evidence) for ticket in ordered)
    regions = Counter(ticket.region for ticket in ordered if ticket.region)
    return Cluster(
        count=len(ordered),
        numbers=tuple(ticket.number for ticket in ordered),
        title=ordered[0].title,
        region=regions.most_common(1)[0][0] if regions else None,
        department=departments.most_common(1)[0][0],
        first_at=ordered[0].registered_at,
        last_at=ordered[-1].registered_at,
    )


def surges(session: Session, city: City, now: datetime, detector: Detector) -> tuple[Surging, ...]:
    """Departments and regions that surged in the last week, against the four months before."""
    first = (now - WATCHED).astimezone(city.zone).date()
    days = (now.astimezone(city.zone).date() - first).days + 1
    found = [
        Surging(
            dimension, code, first + timedelta(surge.day), first + timedelta(surge.since), surge.count, surge.expected
        )
        for (dimension, code), counts in _series(session, city, now, first, days).items()
        for surge in detector.surges(counts)
        if surge.day >= days - SHOWN.days
    ]
    return tuple(sorted(found, key=lambda one: (one.day, one.count), reverse=True))


def _series(session: Session, city: City, now: datetime, first: date, days: int) -> Mapping[tuple[str, str], list[int]]:
    """Daily counts of each department and each region."""
    columns = (Ticket.registered_at, Ticket.lead_department, Ticket.region, Ticket.evidence["department"].as_string())
    rows = session.execute(
        select(*columns).where(Ticket.city == city.code, Ticket.registered_at.between(now - WATCHED, now))
    )
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * days)
    for at, lead, region, recommended in rows:
        day = (at.astimezone(city.zone).date() - first).days
        for dimension, code in (("department", lead or recommended), ("region", region and region[:6])):
            if code:
                found[dimension, code][day] += 1
    return found


def _department(lead: str | None, evidence: Mapping[str, object]) -> str | None:
    recommended = evidence.get("department")
    return lead or (recommended if isinstance(recommended, str) else None)
