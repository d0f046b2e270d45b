"""“Tell this citizen, purpose X”: facts, words, plan, and over to the channel; a way that failed makes room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels import handover
from integrations.channels.planner import Plan, Way
from integrations.effects.citizen_words import Facts, blanks_of, facts_of, message_of
from ticketing import deliveries, requests
from ticketing.announcements import announce
from ticketing.jobs import Job
from ticketing.models import Delivery, Role
from ticketing.notices import Purpose
from ticketing.workflow import Actor

log = structlog.get_logger()
_SYSTEM = Actor(Role.SYSTEM)
_READ_OUT = frozenset({"web", "wechat", "sms", "letter"})  # where the bot's own reply has told of the registration


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Write the message once into the ticket's conversation, and take the cheapest allowed way to its reader."""
    purpose, ticket_id = Purpose(job.payload["purpose"]), UUID(job.payload["ticket_id"])
    with house.database.read() as session:
        facts = facts_of(session, ticket_id, job)
    if purpose is Purpose.REGISTERED and facts.conversation_id is not None and facts.channel in _READ_OUT:
        return
    text = message_of(house, purpose, facts)
    with house.database.write() as session:
        seq = announce(session, facts.conversation_id, text, job.key, now) if facts.conversation_id else None
        _deliver(session, house, job, ticket_id, facts, text, now)
    if seq is not None:
        house.live.publish(f"conversation:{facts.conversation_id}", seq)
    house.live.publish("tickets")


def _deliver(session: Session, house: House, job: Job, ticket_id: UUID, facts: Facts, text: str, now: datetime) -> None:
    purpose = Purpose(job.payload["purpose"])
    blanks = blanks_of(house, purpose, facts)
    made = deliveries.open_(
        session, key=job.key, ticket_id=ticket_id, purpose=purpose, urgent=facts.urgent, text=text, blanks=blanks,
        now=now,
    )  # fmt: skip
    plan = handover.go(session, house, made, job.key, now) if made is not None else None
    if plan is not None and _tells(plan) and "request_id" in job.payload:
        requests.told(session, house.city, UUID(job.payload["request_id"]), _SYSTEM, now)


def _tells(plan: Plan) -> bool:
    """Whether the citizen is told by the way itself; a person who calls says so on the ticket's page."""
    return plan.channel is not None and plan.channel is not Way.CALL


def go_on(house: House, job: Job, now: datetime) -> None:
    """A way failed: take the next best one."""
    delivery_id = UUID(job.payload["delivery"])
    with house.database.write() as session:
        key = session.execute(select(Delivery.key).where(Delivery.id == delivery_id)).scalar_one()
        handover.go(session, house, delivery_id, key, now)
    house.live.publish("tickets")
