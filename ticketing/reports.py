"""Reports (通报): what each kind consists of, who may make and read it, and how it is kept.

A report keeps its figures as they were when it was made; its page and its files are drawn from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ticketing import measuring, report_facts
from ticketing import report_sections as sections
from ticketing.city import City
from ticketing.errors import Forbidden, Invalid, NotFound
from ticketing.measuring import Figure, Question
from ticketing.metrics import METRICS, Accounting, Unit
from ticketing.models import Report, Role, new_id
from ticketing.report_periods import NAMES, last_finished
from ticketing.report_sections import Desk, Section
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import Actor

MAX_MATTER = 40
MAX_SPAN = timedelta(days=3 * 366)
_REPORT = table_of(Report)
_KEEP = insert_or_skip(_REPORT, "key", returning=[_REPORT.c.id])
_ALL = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.DISPATCHER, Role.REVIEWER})
_WITH_DEPARTMENT = _ALL | {Role.DEPARTMENT}
_WITH_CALLERS = _ALL | {Role.CALLBACK}
READERS = _WITH_DEPARTMENT | _WITH_CALLERS


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report: its sections, who may read it, its accounting, and the span it is made for by itself.

    What a department reads is about that department alone; what no department may read has ratings in it (评价保密).
    """

    write: Callable[[Desk], list[Section]]
    readers: frozenset[Role] = _ALL
    accounting: Accounting = Accounting.PERIOD
    every: str | None = None
    span: str = "month"


def _bulletin(desk: Desk) -> list[Section]:
    """日/周/月/季/年报."""
    question = desk.question
    now = report_facts.volumes(desk.session, desk.city, question)
    before = report_facts.volumes(desk.session, desk.city, _span_before(question))
    measured = measuring.measure(desk.session, desk.city, question, METRICS, desk.outside)
    late = report_facts.overdue(desk.session, desk.city, question)
    return [
        _summary(desk, now, before, measured, len(late)),
        sections.volumes(desk, now, before),
        sections.course(desk),
        sections.figures(desk, measured),
        *sections.shares(desk, "kinds", "kind", str),
        *sections.shares(desk, "channels", "channel", lambda code: desk.label("channel", code)),
        *sections.shares(desk, "regions", "region", desk.region),
        *([] if question.department else sections.shares(desk, "departments", "lead_department", _department(desk))),
        *sections.scores(desk),
        *sections.hot(desk),
        sections.lines(desk, "overdue", late[:30]),
    ]


def _department(desk: Desk) -> Callable[[str], str]:
    return lambda code: desk.label("department", code)


def _span_before(question: Question) -> Question:
    length = question.end - question.start
    return replace(question, start=question.start - length, end=question.start)


def _summary(
    desk: Desk, now: Mapping[str, int], before: Mapping[str, int], measured: Mapping[str, Figure], late: int
) -> Section:
    more = now["registered"] - before["registered"]
    change = desk.say(f"reports.{'more' if more > 0 else 'fewer' if more < 0 else 'same'}", count=abs(more))
    rates = {"finished": "finished_in_time", "contacted": "contacted", "resolved": "resolved"}
    rates |= {"satisfied": "satisfied", "rated": "rated"}
    shown = {name: sections.shown(measured[code].everything, Unit.PERCENT) for name, code in rates.items()}
    paragraphs = [desk.say("reports.summary", change=change, **now), desk.say("reports.rates", **shown)]
    if late:
        paragraphs.append(desk.say("reports.late", count=late))
    return sections.text(desk.title("summary"), *paragraphs)


def _brief(desk: Desk) -> list[Section]:
    """简报: a page of words, the trend and what most people tell of."""
    now = report_facts.volumes(desk.session, desk.city, desk.question)
    before = report_facts.volumes(desk.session, desk.city, _span_before(desk.question))
    measured = measuring.measure(desk.session, desk.city, desk.question)
    late = report_facts.overdue(desk.session, desk.city, desk.question)
    summary = _summary(desk, now, before, measured, len(late))
    found = report_facts.hot(desk.session, desk.city, desk.question, desk.matters)[:5]
    names = "、".join(desk.say("reports.hot_one", name=one.name, count=one.count) for one in found)
    if names:
        summary["paragraphs"].append(desk.say("reports.hot", names=names))
    return [summary, sections.course(desk), *sections.hot(desk), sections.volumes(desk, now, before)]


def _scorecard(desk: Desk) -> list[Section]:
    """部门考核通报: 三率 and 四率."""
    return [*sections.scores(desk), sections.four_rates(desk), sections.definitions(desk)]


def _special(desk: Desk, matter: str) -> list[Section]:
    """专报 on one matter."""
    found = report_facts.about(desk.session, desk.city, desk.question, matter.split())
    if not found:
        return [sections.text(desk.title("summary"), desk.say("reports.nothing"))]
    regions, departments = [line.region for line in found], [line.department for line in found]
    words = desk.say(
        "reports.special",
        period=_period(desk),
        matter=matter,
        count=len(found),
        region=desk.region(max(filter(None, regions), key=regions.count, default=None)),
        department=desk.label("department", max(filter(None, departments), key=departments.count, default=None)),
    )
    return [sections.text(desk.title("summary"), words), sections.lines(desk, "matter_tickets", found)]


def _overdue(desk: Desk) -> list[Section]:
    return [sections.lines(desk, "overdue", report_facts.overdue(desk.session, desk.city, desk.question))]


def _unsatisfied(desk: Desk) -> list[Section]:
    found = report_facts.unsatisfied(desk.session, desk.city, desk.question)
    return [sections.lines(desk, "unsatisfied", found, "reason")]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **{name: Kind(_bulletin, _WITH_DEPARTMENT, every=name, span=name) for name in NAMES},
        "brief": Kind(_brief, every="week", span="week"),
        "special": Kind(lambda desk: _special(desk, "")),
        "scorecard": Kind(_scorecard, _WITH_DEPARTMENT, Accounting.COHORT, every="month"),
        "overdue": Kind(_overdue, _WITH_DEPARTMENT, every="day", span="day"),
        "unsatisfied": Kind(_unsatisfied, _WITH_CALLERS, every="week", span="week"),
        "cards": Kind(lambda desk: [sections.carded(desk)], _WITH_DEPARTMENT, every="month"),
        "supervision": Kind(lambda desk: [sections.supervised(desk)], _WITH_DEPARTMENT, every="month"),
        "hot": Kind(sections.hot, every="week", span="week"),
        "promises": Kind(lambda desk: [sections.promised(desk)], _WITH_DEPARTMENT | _WITH_CALLERS, every="month"),
    }
)  # fmt: skip


def write(desk: Desk, kind: str, matter: str = "") -> dict[str, Any]:
    """The content of a report for who asks; a department's is about itself, whatever was asked."""
    desk = _bounded(desk, kind)
    if kind == "special":
        matter = " ".join(matter.split())[:MAX_MATTER]
        if not matter:
            raise Invalid("field_missing", field="matter")
        found = _special(desk, matter)
    else:
        found = KINDS[kind].write(desk)
    accounting = desk.say(f"metrics.accounting.{desk.question.accounting}")
    subtitle = desk.say("reports.subtitle", period=_period(desk), accounting=accounting)
    cutoff = desk.say("metrics.cutoff", as_of=desk.moment(desk.question.as_of))
    return {"title": _title(desk, kind, matter), "subtitle": subtitle, "cutoff": cutoff, "sections": found}


def _bounded(desk: Desk, kind: str) -> Desk:
    if kind not in KINDS:
        raise Invalid("code_unknown", field="kind")
    actor, question = desk.actor, desk.question
    if actor.role is not Role.SYSTEM and actor.role not in KINDS[kind].readers:
        raise Forbidden("report_not_yours")
    if not question.start < question.end <= question.start + MAX_SPAN:
        raise Invalid("span_unfit", field="until")
    if actor.role is Role.DEPARTMENT:
        return replace(desk, question=replace(question, department=actor.department))
    return desk


def _title(desk: Desk, kind: str, matter: str) -> str:
    name, department = desk.say(f"reports.kind.{kind}"), desk.question.department
    if kind == "special":
        return desk.say("reports.title_special", city=desk.city.name, matter=matter)
    if department is not None:
        label = desk.label("department", department)
        return desk.say("reports.title_department", city=desk.city.name, kind=name, department=label)
    return desk.say("reports.title", city=desk.city.name, kind=name)


def _period(desk: Desk) -> str:
    first, last = desk.city.today(desk.question.start), desk.city.today(desk.question.end - timedelta(seconds=1))
    return desk.say("reports.period", first=first.isoformat(), last=last.isoformat()) if last > first else str(first)


def keep(session: Session, desk: Desk, kind: str, content: Mapping[str, Any], now: datetime, key: str | None) -> UUID:
    """Store a report; one with the same `key` is there once."""
    report_id = new_id()
    own = desk.actor.department if desk.actor.role is Role.DEPARTMENT else desk.question.department
    row = {
        "id": report_id,
        "key": key or str(report_id),
        "city": desk.city.code,
        "kind": kind,
        "title": content["title"],
        "department": own,
        "starts_at": desk.question.start,
        "ends_at": desk.question.end,
        "made_at": now,
        "made_by": desk.actor.staff_id,
        "content": dict(content),
    }
    made = session.execute(_KEEP[dialect_of(session)], row).scalar()
    if made is not None:
        return report_id
    return session.execute(select(Report.id).where(Report.key == key)).scalar_one()


def due(session: Session, city: City, now: datetime) -> list[tuple[str, str, datetime, datetime]]:
    """The scheduled reports whose span is over and that are not there yet: key, kind, start and end."""
    wanted = []
    for name, kind in KINDS.items():
        if kind.every is not None:
            start, end = last_finished(city, kind.every, now)
            wanted.append((f"{city.code}:{name}:{city.today(start)}", name, start, end))
    there = set(session.scalars(select(Report.key).where(Report.key.in_([key for key, *_ in wanted]))))
    return [one for one in wanted if one[0] not in there]


def _readable(actor: Actor) -> ColumnElement[bool]:
    kinds = [name for name, kind in KINDS.items() if actor.role in kind.readers]
    mine = Report.kind.in_(kinds)
    if actor.role is Role.DEPARTMENT:
        return mine & (Report.department == actor.department)
    return mine


def stored(
    session: Session,
    city: City,
    actor: Actor,
    *,
    kind: str | None = None,
    before: UUID | None = None,
    limit: int = 100,
) -> list[Report]:
    """The reports an actor may read, newest first; `before` goes on after one of them."""
    query = select(Report).where(Report.city == city.code, _readable(actor))
    if kind is not None:
        query = query.where(Report.kind == kind)
    if before is not None:
        last = select(Report.made_at).where(Report.id == before).scalar_subquery()
        query = query.where((Report.made_at < last) | ((Report.made_at == last) & (Report.id < before)))
    return list(session.scalars(query.order_by(Report.made_at.desc(), Report.id.desc()).limit(limit)))


def read(session: Session, city: City, actor: Actor, report_id: UUID) -> Report:
    """One stored report; for who may not read it there is none."""
    query = select(Report).where(Report.id == report_id, Report.city == city.code, _readable(actor))
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound("report_not_found")
    return found
