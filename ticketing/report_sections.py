"""The sections of reports (通报各节): plain figures, tables, charts and paragraphs, with the house's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ticketing import cards, measuring, promises, report_facts, supervision
from ticketing.city import City
from ticketing.measuring import Counts, Figure, Question, Value
from ticketing.metrics import FOUR_RATES, METRICS, THREE_RATES, Unit
from ticketing.report_facts import Line
from ticketing.workflow import Actor

Say = Callable[..., str]
Section = dict[str, Any]
_SCORES = ("signed_in_time", "finished_in_time", *THREE_RATES, "rated", "reworked", "returned")
_TIERS = ((90, "high"), (80, "middle"), (0, "low"))
_ENOUGH = 10


@dataclass(frozen=True)
class Desk:
    """What a report is written with: the question, who reads it, the house's words and the counts from outside."""

    session: Session
    city: City
    question: Question
    actor: Actor
    say: Say
    has: Callable[[str], bool]
    matters: Mapping[str, Sequence[str]]
    regions: Mapping[str, str]
    outside: Counts

    def title(self, section: str) -> str:
        """The heading of a section."""
        return self.say(f"reports.section.{section}")

    def column(self, *names: str) -> list[str]:
        """The headings of a table."""
        return [self.say(f"reports.column.{name}") for name in names]

    def label(self, section: str, code: str | None) -> str:
        """The Chinese label of a code."""
        if not code:
            return "—"
        key = f"labels.{section}.{code}"
        return self.say(key) if self.has(key) else code

    def region(self, code: str | None) -> str:
        """The name of a region."""
        return self.regions.get(code or "", code or "—")

    def moment(self, at: datetime | None) -> str:
        """A moment on the city's clock."""
        return at.astimezone(self.city.zone).strftime("%Y-%m-%d %H:%M") if at else "—"


def table(title: str, columns: list[str], rows: list[list[str]], note: str = "") -> Section:
    """A table; columns that hold figures are set to the right."""
    figures = [n for n in range(len(columns)) if rows and all(_is_figure(row[n]) for row in rows)]
    return {"kind": "table", "title": title, "columns": columns, "rows": rows, "figures": figures, "note": note}


def _is_figure(text: str) -> bool:
    return text in {"—", ""} or text.replace("%", "").replace("/", "").replace(".", "").lstrip("+-").isdigit()


def chart(title: str, kind: str, labels: list[str], series: Mapping[str, Sequence[float]]) -> Section:
    """A chart: `line` over time, `across` for bars with long names."""
    lines = [{"name": name, "values": list(values)} for name, values in series.items()]
    return {"kind": "chart", "title": title, "type": kind, "labels": labels, "series": lines}


def text(title: str, *paragraphs: str) -> Section:
    """Paragraphs."""
    return {"kind": "text", "title": title, "paragraphs": [words for words in paragraphs if words]}


def shown(value: Value | None, unit: Unit) -> str:
    """A value as it is read; nothing counted is a dash, never a good figure."""
    if value is None or value.value is None:
        return "—"
    return f"{value.value}%" if unit is Unit.PERCENT else f"{value.value}"


def figures(desk: Desk, measured: Mapping[str, Figure]) -> Section:
    """主要指标: every metric with what it was made of, and after 考核剔除."""
    rows = []
    for code, figure in measured.items():
        value, metric = figure.everything, METRICS[code]
        made_of = f"{value.numerator}/{value.denominator}" if metric.unit is Unit.PERCENT else str(value.denominator)
        name = desk.say(f"metrics.name.{code}")
        if metric.unit is Unit.HOURS:
            name = f"{name}（{desk.say('metrics.unit.hours')}）"
        if not figure.known:
            made_of = desk.say("metrics.no_calls")
        rows.append([name, shown(value, metric.unit), made_of, shown(figure.assessed, metric.unit)])
    note = desk.say("reports.cutoff_note")
    return table(desk.title("metrics"), desk.column("metric", "value", "made_of", "assessed"), rows, note)


def definitions(desk: Desk) -> Section:
    """指标口径: the words of the very registry the figures come from."""
    rows = [
        [desk.say(f"metrics.{part}.{code}") for part in ("name", "numerator", "denominator", "note")]
        for code in METRICS
    ]
    return table(desk.title("definitions"), desk.column("metric", "numerator", "denominator", "note"), rows)


def volumes(desk: Desk, now: Mapping[str, int], before: Mapping[str, int]) -> Section:
    """工单数量 beside the span before."""
    rows = [
        [desk.say(f"reports.volume.{name}"), str(count), str(before[name]), f"{count - before[name]:+d}"]
        for name, count in now.items()
    ]
    return table(desk.title("volumes"), desk.column("name", "count", "before", "change"), rows)


def course(desk: Desk) -> Section:
    """登记与办结 over time."""
    labels, found = report_facts.course(desk.session, desk.city, desk.question)
    series = {desk.say(f"reports.volume.{name}"): numbers for name, numbers in found.items()}
    return chart(desk.title("course"), "line", labels, series)


def shares(desk: Desk, section: str, column: str, name: Callable[[str], str], most: int = 12) -> list[Section]:
    """A breakdown as a chart and its table."""
    rows = report_facts.shares(desk.session, desk.city, desk.question, column)
    total = sum(count for _, count in rows) or 1
    named = [(name(code), count) for code, count in rows]
    cells = [[label, str(count), f"{100 * count / total:.2f}%"] for label, count in named]
    heads = desk.column("name", "count", "share")
    bars = {desk.say("reports.column.count"): [count for _, count in named[:most]]}
    drawn = [chart(desk.title(section), "across", [label for label, _ in named[:most]], bars)] if named else []
    return [*drawn, table(desk.title(section), heads, cells)]


def scores(desk: Desk) -> list[Section]:
    """承办单位考核: 三率 and the rest by department, in tiers, in the catalogue's order and not as a ranking."""
    found = measuring.measure_by(desk.session, desk.city, desk.question, "department", _SCORES)
    received = dict(report_facts.shares(desk.session, desk.city, desk.question, "lead_department"))
    order = [code for code in sorted(desk.city.departments) if code in found]
    if desk.question.department is not None:
        order = [code for code in order if code == desk.question.department]
    rows = [
        [
            desk.label("department", code),
            str(received.get(code, 0)),
            *(shown(_assessed(found[code][name]), METRICS[name].unit) for name in _SCORES),
            desk.say(f"reports.tier.{tier(found[code])}"),
        ]
        for code in order
    ]
    heads = [*desk.column("department", "received"), *(desk.say(f"metrics.name.{name}") for name in _SCORES)]
    note = desk.say("reports.tier_note")
    charted = [code for code in order if found[code]["satisfied"].everything.value is not None]
    series = {
        desk.say(f"metrics.name.{name}"): [float(_assessed(found[code][name]).value or 0) for code in charted]
        for name in THREE_RATES
    }
    drawn = [chart(desk.title("rates"), "across", [desk.label("department", code) for code in charted], series)]
    return [table(desk.title("scores"), [*heads, *desk.column("tier")], rows, note), *(drawn if charted else [])]


def _assessed(figure: Figure) -> Value:
    return figure.assessed or figure.everything


def tier(found: Mapping[str, Figure]) -> str:
    """分档: by the mean of three rates; too few ratings make no tier."""
    if found["satisfied"].everything.denominator < _ENOUGH:
        return "none"
    rates = [_assessed(found[name]).value for name in ("resolved", "satisfied", "finished_in_time")]
    mean = sum(float(rate) for rate in rates if rate is not None) / sum(rate is not None for rate in rates)
    return next(name for least, name in _TIERS if mean >= least)


def four_rates(desk: Desk) -> Section:
    """四率, 一月一通报."""
    measured = measuring.measure(desk.session, desk.city, desk.question, FOUR_RATES, desk.outside)
    return figures(desk, measured)


def lines(desk: Desk, section: str, rows: Sequence[Line], extra: str | None = None) -> Section:
    """A list of tickets; the words of nobody are in it, only the redacted title."""
    heads = desk.column("number", "title", "kind", "department", "region", "status", "registered", "due")
    cells = [
        [
            line.number,
            line.title,
            line.kind,
            desk.label("department", line.department),
            desk.region(line.region),
            desk.label("status", line.status),
            desk.moment(line.registered_at),
            desk.moment(line.due_at),
            *([line.extra] if extra else []),
        ]
        for line in rows
    ]
    return table(desk.title(section), [*heads, *(desk.column(extra) if extra else [])], cells)


def hot(desk: Desk) -> list[Section]:
    """热点问题 with the span before beside them."""
    found = report_facts.hot(desk.session, desk.city, desk.question, desk.matters)
    rows = [
        [one.name, str(one.count), str(one.before), f"{one.count - one.before:+d}",
         desk.region(one.region), desk.label("department", one.department)]
        for one in found
    ]  # fmt: skip
    heads = desk.column("matter", "count", "before", "change", "region", "department")
    bars = {desk.say("reports.column.count"): [one.count for one in found]}
    drawn = [chart(desk.title("hot"), "across", [one.name for one in found], bars)] if found else []
    return [*drawn, table(desk.title("hot"), heads, rows)]


def carded(desk: Desk) -> Section:
    """红黄牌台账."""
    rows = [
        [card.number, card.title, desk.label("department", card.department), desk.label("card_colour", card.colour),
         desk.label("card_rule", card.rule), desk.label("card_status", card.status), desk.moment(card.proposed_at)]
        for card in cards.ledger(desk.session, desk.city, desk.actor)
        if desk.question.start <= card.proposed_at < desk.question.end
    ]  # fmt: skip
    heads = ("number", "title", "department", "colour", "rule", "card_status", "proposed")
    return table(desk.title("cards"), desk.column(*heads), rows)


def supervised(desk: Desk) -> Section:
    """督办台账."""
    rows = [
        [one.number, one.title, desk.label("department", one.department), desk.label("supervision_level", one.level),
         one.owner, desk.moment(one.issued_at), desk.moment(one.due_at), desk.label("supervision_status", one.status)]
        for one in supervision.ledger(desk.session, desk.city, desk.actor, limit=1000)
        if desk.question.start <= one.issued_at < desk.question.end
    ]  # fmt: skip
    heads = ("number", "title", "department", "level", "owner", "issued", "due_at", "result")
    return table(desk.title("supervision"), desk.column(*heads), rows)


def promised(desk: Desk) -> Section:
    """承诺台账."""
    rows = [
        [one.number, one.text, desk.label("department", one.department), desk.moment(one.due_at),
         desk.label("promise_status", one.status)]
        for one in promises.ledger(desk.session, desk.city, desk.actor)
    ]  # fmt: skip
    return table(desk.title("promises"), desk.column("number", "promise", "department", "due_at", "status"), rows)
