"""Answering a question about the metrics (指标计算): the registry's definitions become one query a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null, select, true
from sqlalchemy.orm import Session

from ticketing import durations
from ticketing.city import City
from ticketing.metric_sources import SOURCES, Span
from ticketing.metrics import METRICS, Accounting, Metric, Part


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the accounting, the span, the cutoff, and which tickets."""

    accounting: Accounting
    start: datetime
    end: datetime
    as_of: datetime
    department: str | None = None
    kind: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A share with what it was made of, or a length in working hours; `value` is None where nothing was counted."""

    numerator: int = 0
    denominator: int = 0
    value: Decimal | None = None

    @classmethod
    def share(cls, numerator: int, denominator: int) -> Value:
        """A share in percent, rounded half up to two decimals."""
        return cls(numerator, denominator, percent(numerator, denominator))


def percent(numerator: int, denominator: int) -> Decimal | None:
    """A share in percent to two decimals; nothing of nothing has no share."""
    if denominator == 0:
        return None
    return (Decimal(100 * numerator) / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric's answer: over everything, and after 考核剔除 where that applies; `known` is False without data."""

    metric: Metric
    everything: Value = field(default_factory=Value)
    assessed: Value | None = None
    known: bool = True


Counts = Mapping[str, tuple[int, int]]
"""Counts that are made outside this package (the catalogue of items), by metric code."""
DIMENSIONS = ("department", "kind", "region", "channel")


def measure(
    session: Session,
    city: City,
    question: Question,
    codes: Iterable[str] = METRICS,
    outside: Counts = MappingProxyType({}),
) -> dict[str, Figure]:
    """Each metric's figure for one question."""
    codes = tuple(codes)
    whole = measure_by(session, city, question, None, codes)
    figures = whole.get(None) or {code: _nothing(METRICS[code]) for code in codes}
    for code in figures.keys() & outside.keys():
        figures[code] = Figure(METRICS[code], Value.share(*outside[code]))
    return figures


def measure_by(
    session: Session, city: City, question: Question, dimension: str | None, codes: Iterable[str] = METRICS
) -> dict[str | None, dict[str, Figure]]:
    """Each metric's figure for every department, kind, region or channel (None for all together)."""
    metrics = [METRICS[code] for code in codes]
    span = Span(city.code, question.start, question.end, question.as_of, question.accounting is Accounting.COHORT)
    found: dict[str | None, dict[str, Figure]] = {}
    for source in dict.fromkeys(metric.source for metric in metrics if metric.source in SOURCES):
        shares = [metric for metric in metrics if metric.source == source and metric.quantile is None]
        for group, figures in _shares(session, span, question, str(source), shares, dimension):
            found.setdefault(group, {}).update(figures)
    lengths = [metric for metric in metrics if metric.quantile]
    for group, figures in _lengths(session, city, span, question, lengths, dimension):
        found.setdefault(group, {}).update(figures)
    return {group: {m.code: figures.get(m.code) or _nothing(m) for m in metrics} for group, figures in found.items()}


def _nothing(metric: Metric) -> Figure:
    return Figure(metric, assessed=Value() if metric.assessed else None, known=metric.source in SOURCES)


def _shares(
    session: Session, span: Span, question: Question, source: str, metrics: Sequence[Metric], dimension: str | None
) -> Iterator[tuple[str | None, dict[str, Figure]]]:
    if not metrics:
        return
    table = SOURCES[source](span)
    columns = _Columns(table.c, span.as_of)
    group = table.c[dimension] if dimension else null()
    sums = [_sum(columns, span, part, kept) for m in metrics for part in _parts(m) for kept in (False, True)]
    query = select(group, *sums).select_from(table).where(*_filters(table.c, question))
    for row in session.execute(query.group_by(group) if dimension else query):
        counted = [int(number or 0) for number in row[1:]]
        yield row[0], {m.code: _figure(m, counted[4 * i : 4 * i + 4]) for i, m in enumerate(metrics)}


def _parts(metric: Metric) -> tuple[Part, Part]:
    assert metric.numerator and metric.denominator, metric.code
    return metric.numerator, metric.denominator


def _figure(metric: Metric, counted: list[int]) -> Figure:
    numerator, numerator_kept, denominator, denominator_kept = counted
    kept = Value.share(numerator_kept, denominator_kept) if metric.assessed else None
    return Figure(metric, Value.share(numerator, denominator), kept)


class _Columns:
    """The columns of a source, and the cutoff beside them."""

    def __init__(self, columns: Any, as_of: datetime) -> None:
        self._columns = columns
        self.as_of = literal(as_of)

    def __getattr__(self, name: str) -> Any:
        return self._columns[name]

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


def _sum(columns: _Columns, span: Span, part: Part, kept: bool) -> Any:
    moment = columns["cohort_at" if span.cohort else part.moment]
    inside = and_(moment >= span.start, moment < span.end)
    counted = and_(part.counts(columns), inside, ~columns.excluded if kept else true())
    return func.sum(case((counted, 1), else_=0))


def _filters(columns: Any, question: Question) -> list[ColumnElement[bool]]:
    wanted = {"department": question.department, "kind": question.kind, "channel": question.channel}
    return [columns[name] == value for name, value in wanted.items() if value is not None]


def _lengths(
    session: Session, city: City, span: Span, question: Question, metrics: Sequence[Metric], dimension: str | None
) -> Iterator[tuple[str | None, dict[str, Figure]]]:
    """办结时长: in working time, so that a holiday makes nobody slow."""
    if not metrics:
        return
    groups = _hours(session, city, span, question, dimension)
    for group, rows in groups.items():
        everything, kept = [hours for hours, _ in rows], [hours for hours, excluded in rows if not excluded]
        yield group, {m.code: Figure(m, _length(m, everything), _length(m, kept)) for m in metrics}


def _hours(
    session: Session, city: City, span: Span, question: Question, dimension: str | None
) -> dict[str | None, list[tuple[float, bool]]]:
    table = SOURCES["ticket"](span)
    columns = table.c
    moment = columns.cohort_at if span.cohort else columns.closed_at
    done = and_(columns.closed_at.is_not(None), columns.rejected_at.is_(None), columns.withdrawn_at.is_(None))
    inside = and_(moment >= span.start, moment < span.end)
    group = columns[dimension] if dimension else null()
    query = select(group, columns.registered_at, columns.closed_at, columns.excluded)
    worked = durations.Worked(city.calendar)
    groups: dict[str | None, list[tuple[float, bool]]] = {}
    for name, start, end, excluded in session.execute(query.where(done, inside, *_filters(columns, question))):
        groups.setdefault(name, []).append((worked.hours(start, end), bool(excluded)))
    return groups


def _length(metric: Metric, hours: list[float]) -> Value:
    assert metric.quantile is not None
    return Value(len(hours), len(hours), durations.quantile(hours, metric.quantile))
