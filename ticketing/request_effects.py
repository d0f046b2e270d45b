"""What each approved request does to its ticket, one entry a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import clocks, parts
from ticketing.city import City
from ticketing.clocks import ClockName
from ticketing.deadlines import Due, due
from ticketing.models import Part, Request, RequestKind, RequestStatus, Ticket
from ticketing.notices import Purpose
from ticketing.pauses import resumed
from ticketing.privacy import unseal_json
from ticketing.transitions import apply
from ticketing.workflow import Action, Actor

COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Granted:
    """An approved request on its locked ticket."""

    session: Session
    city: City
    ticket: Ticket
    request: Request
    actor: Actor
    now: datetime

    @property
    def note(self) -> str:
        """The asker's reason in words."""
        return str(unseal_json(self.session, self.request.note_sealed)["note"])


def _no_move(_granted: Granted) -> Due:
    raise TypeError("this kind of request moves no clock")


@dataclass(frozen=True, slots=True)
class Effect:
    """Carrying out gives the event's data, or None when the workflow wrote its own event."""

    carry_out: Callable[[Granted], dict[str, Any] | None]
    moves: Callable[[Granted], Due] = _no_move
    purpose: Purpose | None = None


def _return(granted: Granted) -> None:
    _apply(granted, Action.RETURN, reason_code=granted.request.reason_code)


def _withdraw(granted: Granted) -> None:
    _apply(granted, Action.WITHDRAW)


def _apply(granted: Granted, action: Action, **fields: Any) -> None:
    ticket_id = granted.ticket.id
    apply(granted.session, granted.city, ticket_id, action, granted.actor, granted.now, note=granted.note, **fields)


def _extended(granted: Granted) -> Due:
    """延期: the profile's extension, from the old due time on."""
    limit = granted.city.profiles[granted.ticket.profile].extension
    assert limit is not None, "what cannot be extended is refused when it is asked for"
    return due(granted.city.calendar, _due(granted), limit)


def _statutory(granted: Granted) -> Due:
    """法定程序: its own period, from the day it was asked for."""
    statute = granted.city.statutory[granted.request.reason_code]
    return _later(granted, due(granted.city.calendar, granted.request.asked_at, statute.limit))


def _complex(granted: Granted) -> Due:
    """复杂疑难: its own limit, from the dispatch on."""
    limit = granted.city.profiles[COMPLEX].finish
    return _later(granted, due(granted.city.calendar, granted.ticket.dispatched_at or granted.now, limit))


def _later(granted: Granted, found: Due) -> Due:
    """No request makes the time shorter."""
    clock = clocks.latest(granted.session, granted.ticket.id, ClockName.FINISH)
    return found if found.at > _due(granted) else Due(_due(granted), clock.rule, clock.basis, clock.provisional)


def _due(granted: Granted) -> datetime:
    assert granted.ticket.finish_due is not None, "a ticket in handling has its due time"
    return granted.ticket.finish_due


def _moving(found: Callable[[Granted], Due], profile: str | None = None) -> Callable[[Granted], dict[str, Any]]:
    def carry_out(granted: Granted) -> dict[str, Any]:
        moved, before = found(granted), _due(granted)
        started = before if granted.request.kind == RequestKind.EXTENSION else granted.now
        _set_finish(granted, moved, granted.request.kind, started_at=started, more={"due_before": before.isoformat()})
        granted.ticket.profile = profile or granted.ticket.profile
        return {"until": moved.at.isoformat(), "before": before.isoformat()}

    return carry_out


def _set_finish(granted: Granted, found: Due, cause: str, *, started_at: datetime, more: Mapping[str, Any]) -> None:
    ticket = granted.ticket
    clocks.write(
        granted.session, ticket.id, ClockName.FINISH, found, granted.now, cause, started_at=started_at, more=more
    )
    ticket.finish_due = found.at
    parts.lead_due(granted.session, ticket.id, found.at)


def _assist(granted: Granted) -> dict[str, Any]:
    """协办: a part with a due time of its own."""
    request = granted.request
    department, until = str(request.to_department), request.until
    given = {"note_sealed": None, "given_by": granted.actor.staff_id}
    part = Part.ASSISTING
    parts.give(granted.session, granted.city, granted.ticket, department, part, granted.now, until, None, **given)
    return {"until": until.isoformat() if until else None}


def _suspend(granted: Granted) -> dict[str, Any]:
    """挂起: the clock stands still; until the pause ends its due time is the one it will have on the planned day."""
    ticket, until = granted.ticket, granted.request.until
    assert until is not None, "a pause has a planned end"
    clock = clocks.latest(granted.session, ticket.id, ClockName.FINISH)
    ends = max(until, granted.now)
    found = resumed(granted.city.calendar, _due(granted), clocks.limit_of(clock), granted.now, ends)
    before = _due(granted).isoformat()
    more = {"paused": [granted.now.isoformat(), ends.isoformat()], "due_before": before}
    ticket.suspended_at = granted.now
    granted.request.details = {"due_before": before}
    _set_finish(granted, found, RequestKind.SUSPENSION, started_at=clock.started_at, more=more)
    return {"until": ends.isoformat(), "before": before}


def go_on(session: Session, city: City, ticket: Ticket, now: datetime) -> datetime:
    """The pause of a ticket ends now; the due time follows from what was left when it began."""
    paused = ticket.suspended_at
    request = session.scalars(
        select(Request).where(
            Request.ticket_id == ticket.id,
            Request.kind == RequestKind.SUSPENSION,
            Request.status == RequestStatus.EFFECTIVE,
        )
    ).one()
    assert paused is not None, "only what stands still goes on"
    before = datetime.fromisoformat(request.details["due_before"])
    clock = clocks.latest(session, ticket.id, ClockName.FINISH)
    found = resumed(city.calendar, before, clocks.limit_of(clock), paused, now)
    more = {"paused": [paused.isoformat(), now.isoformat()], "due_before": before.isoformat()}
    clocks.write(session, ticket.id, ClockName.FINISH, found, now, "resume", started_at=clock.started_at, more=more)
    parts.lead_due(session, ticket.id, found.at)
    request.status, request.ended_at = RequestStatus.ENDED, now
    ticket.finish_due, ticket.suspended_at = found.at, None
    return found.at


EFFECTS: Mapping[RequestKind, Effect] = MappingProxyType(
    {
        RequestKind.RETURN: Effect(_return),
        RequestKind.EXTENSION: Effect(_moving(_extended), _extended),
        RequestKind.STATUTORY: Effect(_moving(_statutory), _statutory),
        RequestKind.COMPLEX: Effect(_moving(_complex, COMPLEX), _complex),
        RequestKind.ASSISTANCE: Effect(_assist),
        RequestKind.SUSPENSION: Effect(_suspend, purpose=Purpose.SUSPENDED),
        RequestKind.WITHDRAWAL: Effect(_withdraw),
    }
)
