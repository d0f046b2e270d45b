"""督查回放: what supervision saw at any past moment, folded from the events and the clock revisions alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.models import Clock, Status, Ticket, TicketEvent
from ticketing.workflow import FINAL


@dataclass
class State:
    """One ticket while its events are folded."""

    number: str
    title: str
    status: Status = Status.REGISTERED
    department: str | None = None
    answered: bool = False
    suspended: bool = False
    reworks: int = 0
    urges: int = 0
    units: set[str] = field(default_factory=set)
    warnings: int = 0
    supervisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One open ticket as it stood."""

    number: str
    title: str
    status: Status
    department: str | None
    finish_due: datetime | None
    overdue: bool
    suspended: bool
    reworks: int
    urges: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One 督办 as it stood."""

    number: str
    level: str
    department: str
    owner: str
    due_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card as it stood."""

    number: str
    colour: str
    department: str
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything supervision saw at a moment."""

    at: datetime
    open: tuple[Line, ...]
    counts: Mapping[str, int]
    overdue_by_department: Mapping[str, int]
    supervisions: tuple[Instruction, ...]
    cards: tuple[CardLine, ...]
    problems: tuple[str, ...]

    @property
    def overdue(self) -> tuple[Line, ...]:
        """The open tickets whose unit was late, the latest first."""
        return tuple(sorted((line for line in self.open if line.overdue), key=lambda line: str(line.finish_due)))


def as_of(session: Session, city: City, at: datetime) -> Picture:
    """The picture at a moment; the same today as it was then, and as it will be."""
    finish = _finish_dues(session, city, at)
    states = list(_folded(session, city, at))
    lines = tuple(_line(state, finish.get(ticket_id), at) for ticket_id, state in states if state.status not in FINAL)
    late = Counter(line.department or "" for line in lines if line.overdue)
    return Picture(
        at,
        lines,
        Counter(state.status.value for _, state in states),
        dict(late.most_common()),
        tuple(_instruction(state.number, one) for _, state in states for one in state.supervisions.values()),
        tuple(_card(state.number, one) for _, state in states for one in state.cards.values()),
        tuple(state.number for _, state in states if _is_problem(city, state)),
    )


def _folded(session: Session, city: City, at: datetime) -> Iterator[tuple[UUID, State]]:
    event = TicketEvent
    rows = session.execute(
        select(event.ticket_id, event.action, event.to_status, event.data, Ticket.number, Ticket.title)
        .join(Ticket, Ticket.id == event.ticket_id)
        .where(Ticket.city == city.code, event.at <= at)
        .order_by(event.ticket_id, event.seq)
        .execution_options(yield_per=1000)
    )
    for ticket_id, events in groupby(rows, key=lambda row: row.ticket_id):
        first = next(events)
        state = State(first.number, first.title)
        for row in (first, *events):
            state.status = Status(row.to_status)
            if (fold := _FOLDS.get(row.action)) is not None:
                fold(state, row.data)
        yield ticket_id, state


def _dispatched(state: State, data: Mapping[str, Any]) -> None:
    state.department, state.answered = data["department"], False
    state.units.add(data["department"])


def _returned(state: State, _data: Mapping[str, Any]) -> None:
    state.department = None


def _followed(state: State, data: Mapping[str, Any]) -> None:
    state.department, state.answered = data.get("department"), True


def _answered(state: State, _data: Mapping[str, Any]) -> None:
    state.answered = True


def _unanswered(state: State, _data: Mapping[str, Any]) -> None:
    state.answered = False


def _reworked(state: State, data: Mapping[str, Any]) -> None:
    state.answered, state.reworks = False, data["rework"]


def _took_effect(state: State, data: Mapping[str, Any]) -> None:
    state.suspended = state.suspended or data.get("kind") == "suspension"


def _ran_on(state: State, _data: Mapping[str, Any]) -> None:
    state.suspended = False


def _urged(state: State, data: Mapping[str, Any]) -> None:
    state.urges = data["count"]


def _warned(state: State, _data: Mapping[str, Any]) -> None:
    state.warnings += 1


def _supervised(state: State, data: Mapping[str, Any]) -> None:
    state.supervisions[data["supervision"]] = dict(data)


def _carded(state: State, data: Mapping[str, Any]) -> None:
    state.cards[data["card"]] = {"status": "proposed"} | dict(data)


_Fold = Callable[[State, Mapping[str, Any]], None]
_FOLDS: Mapping[str, _Fold] = MappingProxyType(
    {
        "dispatch": _dispatched,
        "return": _returned,
        "follow": _followed,
        "answer": _answered,
        "answer_directly": _answered,
        "send_back": _unanswered,
        "rework": _reworked,
        "take_effect": _took_effect,
        "resume": _ran_on,
        "withdraw": _ran_on,
        "urge": _urged,
        "warn": _warned,
        **dict.fromkeys(("supervise", "prove", "end_supervision", "reopen_supervision"), _supervised),
        **dict.fromkeys(
            ("propose_card", "issue_card", "dismiss_card", "appeal_card", "uphold_card", "withdraw_card"), _carded
        ),
    }
)


def _finish_dues(session: Session, city: City, at: datetime) -> Mapping[UUID, datetime]:
    """The finish that counted then: the newest revision that had been set, since the ticket's last dispatch."""
    newest = (
        select(Clock.ticket_id, func.max(Clock.revision).label("revision"))
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(Ticket.city == city.code, Clock.name == "finish", Clock.set_at <= at)
        .group_by(Clock.ticket_id)
        .subquery()
    )
    same = (Clock.ticket_id == newest.c.ticket_id) & (Clock.revision == newest.c.revision)
    rows = session.execute(select(Clock.ticket_id, Clock.due_at).join(newest, same).where(Clock.name == "finish"))
    return {row.ticket_id: row.due_at for row in rows}


def _line(state: State, due_at: datetime | None, at: datetime) -> Line:
    due_at = due_at if state.department is not None else None  # a returned ticket has no unit that could be late
    late = due_at is not None and due_at < at and not state.answered and not state.suspended
    return Line(
        state.number,
        state.title,
        state.status,
        state.department,
        due_at,
        late,
        state.suspended,
        state.reworks,
        state.urges,
        state.warnings,
    )


def _instruction(number: str, data: Mapping[str, Any]) -> Instruction:
    due_at = datetime.fromisoformat(data["due"])
    return Instruction(number, data["level"], data["department"], data["owner"], due_at, data["status"])


def _card(number: str, data: Mapping[str, Any]) -> CardLine:
    return CardLine(number, data["colour"], data["department"], data["rule"], data["status"])


def _is_problem(city: City, state: State) -> bool:
    stuck = state.department is None and len(state.units) >= city.watch.problem_units
    return state.status not in FINAL and (state.reworks >= city.watch.problem_reworks or stuck)
