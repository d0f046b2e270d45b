"""What reports are made of (通报数据): volumes, courses over time, shares of kinds and regions, lists of tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from routing.incident import Matters
from routing.language.normalise import normalised
from ticketing.city import City
from ticketing.measuring import Question
from ticketing.metric_sources import SOURCES, Span
from ticketing.models import Survey, Ticket
from ticketing.privacy import unseal
from ticketing.workflow import FINAL

MOMENTS = (
    "registered_at", "accepted_at", "direct_at", "dispatched_at", "closed_at", "rejected_at", "withdrawn_at",
)  # fmt: skip
MAX_LIST = 300
_DAYS_BY_DAY = 62
_HOT = 15


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket of a list; `extra` is what the list is about."""

    number: str
    title: str
    kind: str
    department: str | None
    region: str | None
    status: str
    registered_at: datetime
    due_at: datetime | None
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Hot:
    """One matter many citizens tell of: how many now, how many in the span before, and where most."""

    name: str
    count: int
    before: int
    region: str | None
    department: str | None


def volumes(session: Session, city: City, question: Question) -> dict[str, int]:
    """How many tickets were registered, accepted, answered … within the span."""
    table = SOURCES["ticket"](_span(city, question))
    inside = [and_(table.c[name] >= question.start, table.c[name] < question.end) for name in MOMENTS]
    sums = [func.sum(case((condition, 1), else_=0)) for condition in inside]
    query = select(*sums).select_from(table)
    if question.department is not None:
        query = query.where(table.c.department == question.department)
    counted = session.execute(query).one()
    return {name.removesuffix("_at"): int(number or 0) for name, number in zip(MOMENTS, counted, strict=True)}


def _span(city: City, question: Question) -> Span:
    return Span(city.code, question.start, question.end, question.as_of, cohort=False)


def course(session: Session, city: City, question: Question) -> tuple[list[str], dict[str, list[int]]]:
    """登记 and 办结 by day, or by month where the span is long: the labels and the numbers."""
    steps = _steps(city, question)
    found = {}
    for name, column in (("registered", Ticket.registered_at), ("closed", Ticket.closed_at)):
        query = select(column).where(_mine(city, question), column >= question.start, column < question.end)
        counted = Counter(_step(city, question, moment) for moment in session.scalars(query) if moment is not None)
        found[name] = [counted[step] for step in steps]
    return steps, found


def _steps(city: City, question: Question) -> list[str]:
    first, last = city.today(question.start), city.today(question.end - timedelta(microseconds=1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return list(dict.fromkeys(_name(day, len(days) > _DAYS_BY_DAY) for day in days))


def _step(city: City, question: Question, moment: datetime) -> str:
    long = (question.end - question.start).days > _DAYS_BY_DAY
    return _name(city.today(moment), long)


def _name(day: date, by_month: bool) -> str:
    return f"{day:%Y-%m}" if by_month else f"{day:%m-%d}"


def _mine(city: City, question: Question) -> Any:
    own = [Ticket.city == city.code]
    if question.department is not None:
        own.append(Ticket.lead_department == question.department)
    if question.kind is not None:
        own.append(Ticket.kind == question.kind)
    return and_(*own)


def _registered(city: City, question: Question) -> Any:
    within = and_(Ticket.registered_at >= question.start, Ticket.registered_at < question.end)
    return and_(_mine(city, question), within)


def shares(session: Session, city: City, question: Question, column: str) -> list[tuple[str, int]]:
    """The tickets registered in the span by kind, channel, region or department, the largest first."""
    field = getattr(Ticket, column)
    query = select(field, func.count()).where(_registered(city, question), field.is_not(None)).group_by(field)
    rows = session.execute(query.order_by(func.count().desc(), field))
    return [(str(name), count) for name, count in rows]


_LINE = (
    Ticket.number, Ticket.title, Ticket.kind, Ticket.lead_department, Ticket.region, Ticket.status,
    Ticket.registered_at, Ticket.finish_due,
)  # fmt: skip


def overdue(session: Session, city: City, question: Question) -> list[Line]:
    """The open tickets that are late at the cutoff, the longest overdue first."""
    late = and_(Ticket.status.not_in(FINAL), Ticket.answered_at.is_(None), Ticket.finish_due < question.as_of)
    query = select(*_LINE).where(_mine(city, question), late, Ticket.suspended_at.is_(None)).order_by(Ticket.finish_due)
    return [Line(*row) for row in session.execute(query.limit(MAX_LIST))]


def unsatisfied(session: Session, city: City, question: Question) -> list[Line]:
    """不满意: what citizens rated in the lower half within the span, with their reason."""
    bad = and_(Survey.answered_at >= question.start, Survey.answered_at < question.end)
    query = select(*_LINE, Survey.reason_sealed).join(Survey, Survey.ticket_id == Ticket.id)
    query = query.where(_mine(city, question), bad, Survey.department_rating * 2 <= Survey.scale)
    rows = session.execute(query.order_by(Survey.answered_at.desc()).limit(MAX_LIST))
    return [Line(*row[:-1], extra=unseal(session, row[-1]) if row[-1] else "") for row in rows]


def about(session: Session, city: City, question: Question, words: Sequence[str]) -> list[Line]:
    """专报: the tickets of the span whose words tell of one matter."""
    told = or_(*(Ticket.content_redacted.contains(word, autoescape=True) for word in words))
    query = select(*_LINE).where(_registered(city, question), told).order_by(Ticket.registered_at.desc())
    return [Line(*row) for row in session.execute(query.limit(MAX_LIST))]


def hot(session: Session, city: City, question: Question, matters: Mapping[str, Sequence[str]]) -> list[Hot]:
    """热点: the things most citizens tell of, beside the span of the same length before."""
    reader = Matters(matters)
    now = list(_told(session, city, question, question.start, question.end))
    earlier = _told(session, city, question, question.start - (question.end - question.start), question.start)
    before = Counter(name for text, _, _ in earlier for name in reader.of(normalised(text)))
    tellings = [(name, region, department) for text, region, department in now for name in reader.of(normalised(text))]
    regions, departments = Counter(one[:2] for one in tellings), Counter((one[0], one[2]) for one in tellings)
    counted = Counter(name for name, _, _ in tellings).most_common(_HOT)
    return [Hot(name, count, before[name], _most(regions, name), _most(departments, name)) for name, count in counted]


def _told(session: Session, city: City, question: Question, start: datetime, end: datetime) -> Iterable[Any]:
    inside = and_(_mine(city, question), Ticket.registered_at >= start, Ticket.registered_at < end)
    return session.execute(select(Ticket.content_redacted, Ticket.region, Ticket.lead_department).where(inside)).all()


def _most(counted: Counter[tuple[str, str | None]], name: str) -> str | None:
    mine = {value: count for (matter, value), count in counted.items() if matter == name and value}
    return max(mine, key=lambda value: (mine[value], value), default=None)
