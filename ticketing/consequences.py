"""What an action changes besides the status: columns, clocks, assignments, callback. Called by `transitions` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from ticketing import clocks, rounds, units
from ticketing.city import City
from ticketing.clocks import ClockName
from ticketing.codes import Exit, Outcome, RejectReason, ReturnReason
from ticketing.deadlines import Limit
from ticketing.errors import Invalid
from ticketing.models import Assignment, CallbackStatus, Part, Ticket, new_id
from ticketing.notices import Purpose
from ticketing.privacy import seal
from ticketing.statements import table_of
from ticketing.workflow import Action, Actor

_ASSIGNMENT = table_of(Assignment)
MAX_ANSWER = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """One permitted action on a locked ticket, with the fields it brings."""

    session: Session
    city: City
    ticket: Ticket
    action: Action
    actor: Actor
    now: datetime
    note: str | None
    fields: Mapping[str, Any]

    def start(self, name: ClockName, limit: Limit) -> datetime:
        """Start one of the ticket's clocks; the action is its cause."""
        return clocks.start(self.session, self.city, self.ticket.id, name, limit, self.now, self.action).at

    def code(self, field: str, codes: type[StrEnum]) -> str:
        """A field that must be one of a list of codes."""
        value = str(self.fields[field])
        if value not in set(codes):
            raise Invalid("code_unknown", field=field)
        return value


Consequence = Callable[[Change], dict[str, Any]]


def _accept(_change: Change) -> dict[str, Any]:
    return {}


def _dispatch(change: Change) -> dict[str, Any]:
    ticket, lead = change.ticket, str(change.fields["lead_department"])
    assisting = [code for code in change.fields.get("assisting", ()) if code != lead]
    if not {lead, *assisting} <= change.city.departments:
        raise Invalid("department_unknown", field="lead_department")
    _end_assignments(change)
    ticket.unit_id = _assign(change, lead, Part.LEAD)
    for department in assisting:
        _assign(change, department, Part.ASSISTING)
    ticket.lead_department = lead
    ticket.first_department = ticket.first_department or lead
    ticket.dispatched_at = change.now
    _start_units_clocks(change)
    return {"department": lead, "assisting": assisting, "profile": ticket.profile}


def _start_units_clocks(change: Change) -> None:
    """承办单位的时限: they start anew at each dispatch and rework; the citizen's never does."""
    ticket = change.ticket
    profile = change.city.profile_of(ticket.kind, ticket.urgency, ticket.lead_department)
    ticket.profile = profile.code
    ticket.sign_due = change.start(ClockName.SIGN, profile.sign)
    ticket.finish_due = change.start(ClockName.FINISH, profile.finish)
    change.start(ClockName.FIRST_CONTACT, profile.first_contact)


def _assign(change: Change, department: str, part: Part) -> UUID | None:
    unit_id = units.receiving(change.session, change.city, department, change.ticket.region)
    row = {"id": new_id(), "ticket_id": change.ticket.id, "department": department, "unit_id": unit_id, "part": part}
    change.session.execute(insert(_ASSIGNMENT), row | {"given_at": change.now})
    return unit_id


def _end_assignments(change: Change) -> None:
    running = (_ASSIGNMENT.c.ticket_id == change.ticket.id) & _ASSIGNMENT.c.ended_at.is_(None)
    change.session.execute(update(_ASSIGNMENT).where(running).values(ended_at=change.now))


def _sign(change: Change) -> dict[str, Any]:
    change.ticket.signed_at = change.now
    change.ticket.handler_id = change.actor.staff_id
    return {}


def _answer(change: Change) -> dict[str, Any]:
    _write_answer(change)
    change.ticket.handler_id = change.actor.staff_id
    change.ticket.outcome_code = change.code("outcome_code", Outcome)
    change.start(ClockName.REVIEW, change.city.steps.review)
    return {"outcome": change.ticket.outcome_code}


def _write_answer(change: Change) -> None:
    answer = str(change.fields["answer"])
    if len(answer) > MAX_ANSWER:
        raise Invalid("field_too_long", field="answer", limit=MAX_ANSWER)
    change.ticket.answer_sealed = seal(change.session, answer)
    change.ticket.answer_basis = change.fields.get("basis")
    change.ticket.answered_at = change.now


def _pass(change: Change) -> dict[str, Any]:
    """A passed answer gets its callback (回访) at once, so that none can be forgotten."""
    ticket = change.ticket
    ticket.reviewer_id = change.actor.staff_id
    due_at = change.start(ClockName.CALLBACK, change.city.steps.callback)
    return {"round": rounds.begin(change.session, change.city, ticket, due_at, change.now)}


def _send_back(change: Change) -> dict[str, Any]:
    change.ticket.answered_at = None
    return {}


def _close(change: Change) -> dict[str, Any]:
    change.ticket.closed_at = change.now
    change.ticket.reason_code = change.fields.get("reason_code")
    _end_callback(change)
    return {"reason": change.ticket.reason_code}


def _end_callback(change: Change) -> None:
    status = change.fields.get("callback", CallbackStatus.DONE)
    rounds.end(change.session, change.ticket.id, status, change.now)


def _adjudicate(change: Change) -> dict[str, Any]:
    change.code("reason_code", Exit)
    return _close(change)


def _rework(change: Change) -> dict[str, Any]:
    """重办: back to the department with new clocks; earlier due times stay in the clock rows."""
    ticket = change.ticket
    _end_callback(change)
    ticket.rework_count += 1
    ticket.signed_at = ticket.answered_at = None
    ticket.dispatched_at = change.now
    _start_units_clocks(change)
    return {"rework": ticket.rework_count}


def _reject(change: Change) -> dict[str, Any]:
    change.ticket.reason_code = change.code("reason_code", RejectReason)
    change.ticket.closed_at = change.now
    return {"reason": change.ticket.reason_code, "outlet": change.fields.get("outlet")}


def _answer_directly(change: Change) -> dict[str, Any]:
    _write_answer(change)
    change.ticket.outcome_code = Outcome.EXPLAINED
    change.ticket.closed_at = change.now
    return {}


def _return(change: Change) -> dict[str, Any]:
    """退单: 首接负责 stays with the first department, the hotline dispatches anew."""
    ticket = change.ticket
    data = {"department": ticket.lead_department, "reason": change.code("reason_code", ReturnReason)}
    _end_assignments(change)
    ticket.lead_department = ticket.unit_id = ticket.handler_id = None
    ticket.sign_due = ticket.finish_due = ticket.dispatched_at = ticket.signed_at = None
    change.start(ClockName.DISPATCH, change.city.dispatch_limit(ticket.urgency))
    return data


def _withdraw(change: Change) -> dict[str, Any]:
    change.ticket.closed_at = change.now
    return {}


def _merge(change: Change) -> dict[str, Any]:
    if change.fields["parent_id"] == change.ticket.id:
        raise Invalid("merge_with_itself", field="parent_id")
    change.ticket.parent_id = change.fields["parent_id"]
    return {"parent": str(change.fields["parent_id"])}


def _unmerge(change: Change) -> dict[str, Any]:
    parent, change.ticket.parent_id = change.ticket.parent_id, None
    return {"parent": str(parent)}


CONSEQUENCES: Mapping[Action, Consequence] = MappingProxyType(
    {
        Action.ACCEPT: _accept,
        Action.DISPATCH: _dispatch,
        Action.SIGN: _sign,
        Action.ANSWER: _answer,
        Action.PASS: _pass,
        Action.SEND_BACK: _send_back,
        Action.CLOSE: _close,
        Action.REWORK: _rework,
        Action.REJECT: _reject,
        Action.ANSWER_DIRECTLY: _answer_directly,
        Action.RETURN: _return,
        Action.ADJUDICATE: _adjudicate,
        Action.WITHDRAW: _withdraw,
        Action.MERGE: _merge,
        Action.UNMERGE: _unmerge,
    }
)
PURPOSES: Mapping[Action, tuple[Purpose, ...]] = MappingProxyType(
    {
        Action.REGISTER: (Purpose.REGISTERED,),
        Action.DISPATCH: (Purpose.DISPATCHED,),
        Action.PASS: (Purpose.ANSWERED, Purpose.SURVEY),
        Action.CLOSE: (Purpose.CLOSED,),
        Action.REWORK: (Purpose.REWORK,),
        Action.REJECT: (Purpose.REJECTED,),
        Action.ANSWER_DIRECTLY: (Purpose.CLOSED,),
        Action.ADJUDICATE: (Purpose.CLOSED,),
        Action.WITHDRAW: (Purpose.WITHDRAWN,),
    }
)
