"""The department's work and its review: 签收, 答复, 审核通过, 审核退回."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import callbacks
from ticketing.city import City
from ticketing.transitions import Applied, apply
from ticketing.workflow import Action, Actor


def sign(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, expected_version: int | None = None
) -> Applied:
    """签收: a named person of the department takes the ticket on."""
    return apply(session, city, ticket_id, Action.SIGN, actor, now, expected_version=expected_version)


def answer(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    answer: str,
    outcome_code: str,
    basis: str | None = None,
    note: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """答复: what was done and found, with its outcome code; a review follows before the citizen reads it."""
    return apply(
        session,
        city,
        ticket_id,
        Action.ANSWER,
        actor,
        now,
        expected_version=expected_version,
        note=note,
        answer=answer,
        outcome_code=outcome_code,
        basis=basis,
    )


def pass_answer(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    note: str | None = None,
    expected_version: int | None = None,
) -> Applied:
    """审核通过, by another person: the citizen gets the answer and the survey; who cannot be asked is closed."""
    passed = apply(session, city, ticket_id, Action.PASS, actor, now, expected_version=expected_version, note=note)
    return callbacks.waive_if_silent(session, city, ticket_id, now) or passed


def send_back(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    expected_version: int | None = None,
) -> Applied:
    """审核退回: the answer does not do; the note says why. The unit's clock goes on."""
    return apply(session, city, ticket_id, Action.SEND_BACK, actor, now, expected_version=expected_version, note=note)
