"""What people add to a ticket on its way: 首次联系, 补充内容, 紧急程度, 被反映单位, 拆分子单; what a return taught."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import clocks, intake, parts, record
from ticketing.city import City
from ticketing.clocks import ClockName
from ticketing.deadlines import due
from ticketing.errors import Forbidden, IllegalTransition, Invalid
from ticketing.identity import contact_of
from ticketing.intake import AppealDraft, Registered
from ticketing.models import Kind, Role, Status, Ticket, TicketEvent, Urgency
from ticketing.privacy import unseal
from ticketing.workflow import FINAL, FRONT, Actor, Facts, own_department

HEADS = FRONT | {Role.REVIEWER, Role.SUPERVISOR}
CHANNELS = frozenset({"phone", "visit", "message"})
_GIVEN = frozenset({Status.DISPATCHED, Status.HANDLING})
_BEFORE_ANSWER = _GIVEN | {Status.REGISTERED, Status.ACCEPTED}


@dataclass(frozen=True, slots=True)
class UpheldReturn:
    """A return the hotline agreed to (退单成立), and where the ticket went then: what the router learns from."""

    ticket_id: UUID
    at: datetime
    code: str
    from_department: str
    to_department: str


def contacted(
    session: Session, ticket_id: UUID, actor: Actor, now: datetime, *, channel: str, note: str | None = None
) -> bool:
    """联系诉求人; the first one stops its clock (the event says whether in time). Returns whether it was the first."""
    ticket = record.take(session, ticket_id)
    own_department(actor, Facts(lead_department=ticket.lead_department))
    _in(ticket, _GIVEN)
    if channel not in CHANNELS:
        raise Invalid("code_unknown", field="channel")
    first = ticket.first_contact_at is None
    late = first and now > clocks.latest(session, ticket_id, ClockName.FIRST_CONTACT).due_at
    if first:
        ticket.first_contact_at = now
    data = {"channel": channel, "first": first, "late": late}
    record.write(session, ticket, "contact", actor, now, note=note, data=data)
    return first


def supplement(session: Session, ticket_id: UUID, actor: Actor, now: datetime, *, note: str) -> None:
    """补充内容: what the citizen said later, or what an incomplete ticket (要素不全) lacked."""
    ticket = record.take(session, ticket_id)
    _by(actor, FRONT | {Role.CITIZEN, Role.BOT, Role.CALLBACK}, "supplement")
    _in(ticket, frozenset(Status) - FINAL)
    record.write(session, ticket, "supplement", actor, now, note=record.text_of(note, "note"))


def set_urgency(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, urgency: str, note: str
) -> None:
    """调整紧急程度: the unit's clock follows the new profile, counted from now when it presses, else from dispatch."""
    ticket = record.take(session, ticket_id)
    _by(actor, HEADS, "set_urgency")
    _in(ticket, _BEFORE_ANSWER)
    if urgency not in set(Urgency):
        raise Invalid("code_unknown", field="urgency")
    if urgency == ticket.urgency:
        raise IllegalTransition("nothing_to_change")
    if ticket.suspended_at is not None:
        raise IllegalTransition("ticket_suspended")
    before, ticket.urgency = ticket.urgency, urgency
    if ticket.status in _GIVEN:
        _move_clocks(session, city, ticket, now)
    data = {"urgency": urgency, "before": before, "profile": ticket.profile}
    record.write(session, ticket, "set_urgency", actor, now, note=record.text_of(note, "note"), data=data)


def _move_clocks(session: Session, city: City, ticket: Ticket, now: datetime) -> None:
    profile = city.profile_of(ticket.kind, ticket.urgency, ticket.lead_department)
    if profile.code == ticket.profile:
        return
    ticket.profile = profile.code
    presses = due(city.calendar, now, profile.finish).at < (ticket.finish_due or now)
    start = now if presses or ticket.dispatched_at is None else ticket.dispatched_at
    found = due(city.calendar, start, profile.finish)
    clocks.write(session, ticket.id, ClockName.FINISH, found, now, "set_urgency", started_at=start)
    ticket.finish_due = found.at
    parts.lead_due(session, ticket.id, found.at)
    if ticket.status == Status.DISPATCHED:
        ticket.sign_due = clocks.start(session, city, ticket.id, ClockName.SIGN, profile.sign, now, "set_urgency").at


def set_accused(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, department: str | None
) -> None:
    """被反映单位: a complaint about a department is never handled by that department alone."""
    ticket = record.take(session, ticket_id)
    _by(actor, HEADS, "set_accused")
    _in(ticket, frozenset({Status.REGISTERED, Status.ACCEPTED}))
    if department is not None and department not in city.departments:
        raise Invalid("department_unknown", field="department")
    ticket.accused_department = department
    record.write(session, ticket, "set_accused", actor, now, data={"accused": department})


def split(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, content: str, kind: str, key: str
) -> Registered:
    """拆分子单: a second matter of the same citizen gets a ticket of its own, with this one as its parent."""
    ticket = record.take(session, ticket_id)
    _by(actor, FRONT, "split")
    _in(ticket, _BEFORE_ANSWER)
    if kind not in set(Kind):
        raise Invalid("kind_unknown", field="kind")
    draft = _child(session, ticket, record.text_of(content, "content"), kind)
    made = intake.register(session, draft, {"urgency": ticket.urgency}, city, now, actor, f"split:{ticket.id}:{key}")
    child = session.get_one(Ticket, made.ticket_id)
    if child.parent_id is None:
        child.parent_id = ticket.id
        record.write(session, ticket, "split", actor, now, data={"child": made.number})
    return made


def _child(session: Session, ticket: Ticket, content: str, kind: str) -> AppealDraft:
    contact = contact_of(session, ticket)
    return AppealDraft(
        kind=kind,
        content=content,
        place=unseal(session, ticket.place_sealed) if ticket.place_sealed else None,
        region=ticket.region,
        happened=ticket.happened,
        phone=contact.phone,
        name=contact.name,
        anonymous=ticket.anonymous,
        confidential=ticket.confidential,
        wants_reply=ticket.wants_reply,
        channel=ticket.channel,
        conversation_id=ticket.conversation_id,
        city=ticket.city,
    )


def upheld_returns(session: Session, since: datetime, limit: int = 1000) -> tuple[UpheldReturn, ...]:
    """The returns whose ticket was given to another department since a moment, oldest first."""
    given = select(TicketEvent).where(TicketEvent.action == "dispatch", TicketEvent.at >= since)
    found = (
        UpheldReturn(
            event.ticket_id,
            event.at,
            event.data["returned"]["reason"],
            event.data["returned"]["from"],
            event.data["department"],
        )
        for event in session.scalars(given.order_by(TicketEvent.at, TicketEvent.id))
        if event.data.get("returned") and event.data["returned"]["from"] != event.data["department"]
    )
    return tuple(one for _, one in zip(range(limit), found, strict=False))


def _by(actor: Actor, roles: frozenset[Role], action: str) -> None:
    if actor.role not in roles:
        raise Forbidden("role_may_not", role=actor.role.value, action=action)


def _in(ticket: Ticket, statuses: frozenset[Status]) -> None:
    if Status(ticket.status) not in statuses:
        raise IllegalTransition(status=ticket.status, action="")
