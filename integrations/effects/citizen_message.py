"""“Tell this citizen, purpose X”: into the conversation the matter came from, where it can still be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.wechat import outgoing
from ticketing import requests, rounds
from ticketing.announcements import announce
from ticketing.jobs import Job
from ticketing.models import Role, Ticket, Urgency
from ticketing.notices import Purpose
from ticketing.privacy import unseal
from ticketing.workflow import Actor

log = structlog.get_logger()
_SYSTEM = Actor(Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words of a message are filled with."""

    number: str
    title: str
    conversation_id: UUID | None
    department: str | None
    answer: str
    promised_at: datetime
    survey_token: str | None
    urgent: bool
    until: datetime | None = None
    interim: str = ""


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Write the message once into the ticket's conversation and tell its reader; without one it is only logged."""
    purpose = Purpose(job.payload["purpose"])
    ticket_id = UUID(job.payload["ticket_id"])
    with house.database.read() as session:
        facts = replace(_facts(session, ticket_id), until=_until(job), interim=job.secret.get("interim", ""))
    if facts.conversation_id is None:
        log.info("no_way_to_citizen", ticket=facts.number, purpose=purpose)
        return
    if purpose is Purpose.REGISTERED:
        return  # the conversation has just read it out itself
    text = _words(house, purpose, facts)
    with house.database.write() as session:
        seq = announce(session, facts.conversation_id, text, job.key, now)
        if seq is not None:
            rings = now if facts.urgent else house.city.callbacks.quiet.end(now)  # 静默时段: nobody is woken
            outgoing.forward(session, facts.conversation_id, seq, now, run_at=rings)
        if "request_id" in job.payload:
            requests.told(session, house.city, UUID(job.payload["request_id"]), _SYSTEM, now)
    if seq is not None:
        house.live.publish(f"conversation:{facts.conversation_id}", seq)


def _until(job: Job) -> datetime | None:
    return datetime.fromisoformat(job.payload["until"]) if job.payload.get("until") else None


def _facts(session: Session, ticket_id: UUID) -> Facts:
    ticket = session.execute(select(Ticket).where(Ticket.id == ticket_id)).scalar_one()
    return Facts(
        ticket.number,
        ticket.title,
        ticket.conversation_id,
        ticket.lead_department,
        unseal(session, ticket.answer_sealed) if ticket.answer_sealed else "",
        ticket.promised_at,
        rounds.link_token(session, ticket_id),
        ticket.urgency != Urgency.NORMAL,
    )


def _words(house: House, purpose: Purpose, facts: Facts) -> str:
    department = facts.department and house.replies.text(f"labels.department.{facts.department}")
    zone = house.city.zone
    promised, until = facts.promised_at.astimezone(zone), (facts.until or facts.promised_at).astimezone(zone)
    return house.replies.text(
        f"notices.{purpose}",
        number=facts.number,
        title=facts.title,
        department=department or house.replies.text("notices.nobody"),
        answer=facts.answer,
        promised=f"{promised.month}月{promised.day}日 {promised:%H:%M}",
        until=f"{until.month}月{until.day}日 {until:%H:%M}",
        interim=facts.interim,
        progress=f"{house.settings.url}/t",
        survey=f"{house.settings.url}/s/{facts.survey_token}" if facts.survey_token else "",
    )
