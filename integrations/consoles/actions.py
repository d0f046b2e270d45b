"""What staff do to a ticket (办理动作): one entry an action, from the form's fields to the use case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import tickets
from integrations.consoles.access import FORM, PERSON
from integrations.consoles.forms import LONG, Form
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import dispatching, handling, queries
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.errors import HotlineError, Stale
from ticketing.models import Ticket, TicketEvent
from ticketing.transitions import Applied, apply
from ticketing.workflow import Action

_NOTE = 5000
READERS: Mapping[str, Callable[[Form], Any]] = MappingProxyType(
    {
        "lead_department": lambda form: form.text("other_department") or form.text("lead_department"),
        "assisting": lambda form: form.several("assisting"),
        "reason_code": lambda form: form.text("reason_code"),
        "outcome_code": lambda form: form.text("outcome_code"),
        "answer": lambda form: form.text("answer", LONG),
        "basis": lambda form: form.optional("basis", 1000),
        "note": lambda form: form.optional("note", _NOTE),
    }
)


@dataclass(frozen=True)
class Step:
    """An action as a form: its use case and the fields the form has."""

    use: Callable[..., Applied]
    fields: tuple[str, ...] = ()


def _adjudicate(session: Session, city: City, ticket_id: UUID, *who: Any, **fields: Any) -> Applied:
    """研判, with the version checked as for every other action."""
    return apply(session, city, ticket_id, Action.ADJUDICATE, *who, **fields)


STEPS: Mapping[Action, Step] = MappingProxyType(
    {
        Action.ACCEPT: Step(dispatching.accept),
        Action.DISPATCH: Step(dispatching.dispatch, ("lead_department", "assisting", "note")),
        Action.REJECT: Step(dispatching.reject, ("reason_code", "note")),
        Action.ANSWER_DIRECTLY: Step(dispatching.answer_directly, ("answer", "basis")),
        Action.RETURN: Step(dispatching.take_back, ("reason_code", "note")),
        Action.WITHDRAW: Step(dispatching.withdraw, ("note",)),
        Action.SIGN: Step(handling.sign),
        Action.ANSWER: Step(handling.answer, ("outcome_code", "answer", "basis", "note")),
        Action.PASS: Step(handling.pass_answer, ("note",)),
        Action.SEND_BACK: Step(handling.send_back, ("note",)),
        Action.ADJUDICATE: Step(_adjudicate, ("reason_code", "note")),
    }
)
"""The other actions of the workflow have pages of their own: 登记 at the desk, 办结 and 重办 by callback and survey."""


async def act(request: web.Request) -> web.StreamResponse:
    """`POST /console/tickets/{number}/{action}`: done once, however often the form arrives."""
    try:
        action = Action(request.match_info["action"])
        step = STEPS[action]
    except (ValueError, KeyError) as error:
        raise web.HTTPNotFound from error
    try:
        await _do(request, action, step)
    except Stale as error:
        if not await _done_by_me(request, action):
            return await tickets.show(request, error=error, tried=action)
    except HotlineError as error:
        return await tickets.show(request, error=error, tried=action)
    await after_change(request)
    raise web.HTTPSeeOther(f"/console/tickets/{request.match_info['number']}?done={action}")


async def _do(request: web.Request, action: Action, step: Step) -> None:
    form, house = request[FORM], request.app[HOUSE]
    version = form.number("version")
    fields = {name: READERS[name](form) for name in step.fields}
    number, person = request.match_info["number"], request[PERSON]
    await house.database.writing(_apply, step, number, house.city, person, version, fields)


def _apply(
    session: Session,
    step: Step,
    number: str,
    city: City,
    person: Person,
    version: int | None,
    fields: Mapping[str, Any],
) -> None:
    if version is None:
        raise Stale("ticket_changed")
    ticket_id = queries.ticket_id(session, person.actor, number)
    if (changed := _version(session, ticket_id)) != version:
        raise Stale("ticket_changed", version=changed)  # before the workflow: “illegal” would say less
    step.use(session, city, ticket_id, person.actor, now(), expected_version=version, **fields)


def _version(session: Session, ticket_id: UUID) -> int:
    return session.execute(select(Ticket.version).where(Ticket.id == ticket_id)).scalar_one()


async def _done_by_me(request: web.Request, action: Action) -> bool:
    """Whether the form arrived twice: the same person did the same thing since the form was made."""
    seen = request[FORM].number("seen")
    if seen is None:
        return False
    house, number = request.app[HOUSE], request.match_info["number"]
    return await house.database.reading(_did, number, request[PERSON], action, seen)


def _did(session: Session, number: str, person: Person, action: Action, seen: int) -> bool:
    try:
        ticket_id = queries.ticket_id(session, person.actor, number)
    except HotlineError:
        return False
    mine = (TicketEvent.actor_id == person.staff_id) & (TicketEvent.action == action) & (TicketEvent.seq > seen)
    return session.execute(select(TicketEvent.id).where(TicketEvent.ticket_id == ticket_id, mine)).first() is not None
