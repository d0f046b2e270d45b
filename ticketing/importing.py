"""Tickets from a superior platform (上级平台转办): each of its numbers becomes one ticket, however often it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.errors import Conflict, NotFound
from ticketing.intake import AppealDraft, Registered, register
from ticketing.models import Ticket
from ticketing.privacy import unseal
from ticketing.queries import visible
from ticketing.workflow import Actor

CHANNEL = "superior"


def take_over(
    session: Session,
    draft: AppealDraft,
    recommendation: Mapping[str, Any],
    city: City,
    now: datetime,
    actor: Actor,
    *,
    platform: str,
    number: str,
) -> Registered:
    """The ticket of a platform's number; the same number with another matter is refused."""
    draft = replace(draft, channel=CHANNEL)
    made = register(session, draft, recommendation, city, now, actor, f"external:{platform}:{number}")
    ticket = session.get_one(Ticket, made.ticket_id)
    if ticket.external_number is None:
        ticket.external_platform, ticket.external_number = platform, number
        session.flush()
    require_same(session, ticket, draft)
    return made


def require_same(session: Session, ticket: Ticket, draft: AppealDraft) -> None:
    """Refuse a key or number that was used for another matter."""
    if ticket.kind != draft.kind or unseal(session, ticket.content_sealed) != draft.content.strip():
        raise Conflict("idempotency_reused")


def ticket_of(session: Session, actor: Actor, platform: str, number: str) -> UUID:
    """The ticket of a platform's number, for who may see it."""
    known = (Ticket.external_platform == platform) & (Ticket.external_number == number)
    found = session.execute(select(Ticket.id).where(known, visible(actor))).scalar()
    if found is None:
        raise NotFound("ticket_not_found")
    return found
