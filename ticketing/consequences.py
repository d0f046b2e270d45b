"""What an action changes besides the status: columns, clocks, parts, requests, callback. Called by `transitions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import clocks, parts, pending, rounds
from ticketing.city import City
from ticketing.clocks import ClockName
from ticketing.codes import Exit, Outcome, RejectReason, ReturnReason
from ticketing.deadlines import Limit
from ticketing.errors import Invalid
from ticketing.models import CallbackStatus, Part, Status, Ticket
from ticketing.notices import Purpose
from ticketing.pauses import resumed
from ticketing.privacy import seal
from ticketing.workflow import Action, Actor

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
    """派单; the event says what a returned ticket came back from, so that the router can learn (退单 → 改派)."""
    ticket, lead = change.ticket, str(change.fields["lead_department"])
    assisting = [code for code in change.fields.get("assisting", ()) if code != lead]
    _check_departments(change, lead, assisting)
    returned = parts.last_return(change.session, ticket.id)
    parts.end_all(change.session, ticket.id, change.now)
    ticket.lead_department = lead
    ticket.first_department = ticket.first_department or lead
    ticket.dispatched_at = change.now
    _start_units_clocks(change)
    ticket.unit_id = _give(change, lead, Part.LEAD).unit_id
    for department in assisting:
        _give(change, department, Part.ASSISTING)
    forced = {"forced": True} if ticket.ruled_department else {}
    return {"department": lead, "assisting": assisting, "profile": ticket.profile, **returned, **forced}


def _check_departments(change: Change, lead: str, assisting: list[str]) -> None:
    """Known ones only; the ruled one after a 裁定; and nobody handles a complaint about itself unaided."""
    ticket = change.ticket
    if not {lead, *assisting} <= change.city.departments:
        raise Invalid("department_unknown", field="lead_department")
    if ticket.ruled_department is not None and lead != ticket.ruled_department:
        raise Invalid("ruled_otherwise", field="lead_department")
    if lead == ticket.accused_department and not assisting:
        raise Invalid("accused_alone", field="assisting")


def _start_units_clocks(change: Change) -> None:
    """承办单位的时限: they start anew at each dispatch and rework; the citizen's never does."""
    ticket = change.ticket
    profile = change.city.profile_of(ticket.kind, ticket.urgency, ticket.lead_department)
    ticket.profile = profile.code
    ticket.first_contact_at = None
    ticket.sign_due = change.start(ClockName.SIGN, profile.sign)
    ticket.finish_due = change.start(ClockName.FINISH, profile.finish)
    change.start(ClockName.FIRST_CONTACT, profile.first_contact)


def _give(change: Change, department: str, part: Part) -> parts.Given:
    limit = change.city.profiles[change.ticket.profile].finish
    due_at = change.ticket.finish_due
    return parts.give(change.session, change.city, change.ticket, department, part, change.now, due_at, limit)


def _sign(change: Change) -> dict[str, Any]:
    change.ticket.signed_at = change.now
    change.ticket.handler_id = change.actor.staff_id
    parts.lead_signed(change.session, change.ticket.id, change.actor.staff_id, change.now)
    return {}


def _answer(change: Change) -> dict[str, Any]:
    """答复: what a leader signed is what leaves; the parts still unreported are named in the event."""
    outcome = change.code("outcome_code", Outcome)
    parts.check_signed(change.session, change.ticket.id, str(change.fields["answer"]), outcome)
    _write_answer(change)
    change.ticket.handler_id = change.actor.staff_id
    change.ticket.outcome_code = outcome
    change.start(ClockName.REVIEW, change.city.steps.review)
    pending.lapse(change.session, change.ticket.id, change.now)
    unreported = parts.lead_done(change.session, change.ticket.id, change.now)
    return {"outcome": outcome} | ({"unreported": unreported} if unreported else {})


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
    parts.reopen_lead(change.session, change.ticket.id, change.ticket.finish_due)
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
    if not parts.reopen_lead(change.session, ticket.id, ticket.finish_due, unsigned=True):
        _give(change, str(ticket.lead_department), Part.LEAD)
    return {"rework": ticket.rework_count, "department": ticket.lead_department}


def _reject(change: Change) -> dict[str, Any]:
    change.ticket.reason_code = change.code("reason_code", RejectReason)
    _end(change)
    return {"reason": change.ticket.reason_code, "outlet": change.fields.get("outlet")}


def _answer_directly(change: Change) -> dict[str, Any]:
    _write_answer(change)
    change.ticket.outcome_code = Outcome.EXPLAINED
    _end(change)
    return {}


def _end(change: Change) -> None:
    """The matter ends here: no request on it is open any more, and nothing stands still."""
    change.ticket.closed_at = change.now
    change.ticket.suspended_at = None
    pending.lapse(change.session, change.ticket.id, change.now)


def _return(change: Change) -> dict[str, Any]:
    """退单: 首接负责 stays with the first department, the hotline dispatches anew; 非本单位职责 alone counts."""
    ticket, reason = change.ticket, change.code("reason_code", ReturnReason)
    data = {"department": ticket.lead_department, "reason": reason, "kind": ticket.kind}
    ticket.return_count += reason == ReturnReason.NOT_OURS
    parts.end_all(change.session, ticket.id, change.now)
    pending.lapse(change.session, ticket.id, change.now)
    ticket.lead_department = ticket.unit_id = ticket.handler_id = None
    ticket.sign_due = ticket.finish_due = ticket.dispatched_at = ticket.signed_at = None
    change.start(ClockName.DISPATCH, change.city.dispatch_limit(ticket.urgency))
    return data


def _withdraw(change: Change) -> dict[str, Any]:
    _end(change)
    return {}


def _merge(change: Change) -> dict[str, Any]:
    """并单: nothing but the status and the parent changes, so that an un-merge can be exact."""
    ticket, parent = change.ticket, change.fields["parent_id"]
    if parent == ticket.id:
        raise Invalid("merge_with_itself", field="parent_id")
    before = str(ticket.parent_id) if ticket.parent_id else None
    ticket.parent_id = parent
    return {"parent": str(parent), "parent_before": before}


def _unmerge(change: Change) -> dict[str, Any]:
    """拆单: as it was; the unit's clock stood still meanwhile, as in a pause."""
    ticket = change.ticket
    merged = parts.last_merge(change.session, ticket.id)
    parent, ticket.parent_id = ticket.parent_id, UUID(merged.parent_before) if merged.parent_before else None
    running = merged.status in {Status.DISPATCHED, Status.HANDLING} and change.now > merged.at
    if running and ticket.finish_due is not None and ticket.finish_due > merged.at:
        _go_on(change, merged.at, ticket.finish_due)
    return {"parent": str(parent), "reason": change.fields.get("reason_code")}


def _go_on(change: Change, paused: datetime, due_at: datetime) -> None:
    ticket = change.ticket
    clock = clocks.latest(change.session, ticket.id, ClockName.FINISH)
    found = resumed(change.city.calendar, due_at, clocks.limit_of(clock), paused, change.now)
    more = {"paused": [paused.isoformat(), change.now.isoformat()], "due_before": due_at.isoformat()}
    started = clock.started_at
    clocks.write(
        change.session, ticket.id, ClockName.FINISH, found, change.now, change.action, started_at=started, more=more
    )
    ticket.finish_due = found.at


def _follow(change: Change) -> dict[str, Any]:
    """随主单答复: a merged ticket gets its parent's answer, and a callback and survey of its own."""
    ticket = change.ticket
    _write_answer(change)
    for column in ("lead_department", "unit_id", "handler_id", "reviewer_id", "outcome_code"):
        setattr(ticket, column, change.fields[column])
    ticket.first_department = ticket.first_department or ticket.lead_department
    parts.end_all(change.session, ticket.id, change.now)
    pending.lapse(change.session, ticket.id, change.now)
    due_at = change.start(ClockName.CALLBACK, change.city.steps.callback)
    number = rounds.begin(change.session, change.city, ticket, due_at, change.now)
    return {
        "parent": str(ticket.parent_id),
        "round": number,
        "outcome": ticket.outcome_code,
        "department": ticket.lead_department,
    }


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
        Action.FOLLOW: _follow,
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
        Action.FOLLOW: (Purpose.ANSWERED, Purpose.SURVEY),
    }
)
