"""What the hotline decides about a new ticket: 受理, 派单, 不予受理, 直接答复, 退单审批, 撤单."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.models import Status
from ticketing.transitions import Applied, apply, lock
from ticketing.workflow import Action, Actor


def accept(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, expected_version: int | None = None
) -> Applied:
    """受理: the matter is the hotline's to follow up."""
    return apply(session, city, ticket_id, Action.ACCEPT, actor, now, expected_version=expected_version)


def dispatch(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    lead_department: str,
    assisting: Sequence[str] = (),
    note: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """派单: give the ticket to a lead department (主办) and assisting ones (协办); accepts it first where needed."""
    if lock(session, ticket_id).status == Status.REGISTERED:
        accept(session, city, ticket_id, actor, now, expected_version=expected_version)
        expected_version = None
    return apply(
        session,
        city,
        ticket_id,
        Action.DISPATCH,
        actor,
        now,
        expected_version=expected_version,
        note=note,
        lead_department=lead_department,
        assisting=tuple(dict.fromkeys(assisting)),
    )


def reject(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    reason_code: str,
    outlet: str | None = None,
    note: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """不予受理: with its reason code and the outlet that is competent; only a person does this."""
    return apply(
        session,
        city,
        ticket_id,
        Action.REJECT,
        actor,
        now,
        expected_version=expected_version,
        note=note,
        reason_code=reason_code,
        outlet=outlet,
    )


def answer_directly(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    answer: str,
    basis: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """直接答复: the operator answers on the spot and the ticket closes."""
    return apply(
        session,
        city,
        ticket_id,
        Action.ANSWER_DIRECTLY,
        actor,
        now,
        expected_version=expected_version,
        answer=answer,
        basis=basis,
    )


def take_back(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    reason_code: str,
    note: str,
    expected_version: int | None = None,
) -> Applied:
    """退单: the hotline agrees that the department returns the ticket, with the reason and its legal basis."""
    return apply(
        session,
        city,
        ticket_id,
        Action.RETURN,
        actor,
        now,
        expected_version=expected_version,
        note=note,
        reason_code=reason_code,
    )


def withdraw(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    expected_version: int | None = None,
) -> Applied:
    """撤单: the hotline confirmed with the citizen that the matter is dropped; never counted as done."""
    return apply(session, city, ticket_id, Action.WITHDRAW, actor, now, expected_version=expected_version, note=note)
