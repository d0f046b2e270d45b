"""“Tell this citizen, purpose X”: into the conversation the matter came from, where it can still be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from ticketing import rounds
from ticketing.announcements import announce
from ticketing.jobs import Job
from ticketing.models import Ticket
from ticketing.notices import Purpose
from ticketing.privacy import unseal

log = structlog.get_logger()


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


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Write the message once into the ticket's conversation and tell its reader; without one it is only logged."""
    purpose = Purpose(job.payload["purpose"])
    ticket_id = UUID(job.payload["ticket_id"])
    with house.database.read() as session:
        facts = _facts(session, ticket_id)
    if facts.conversation_id is None:
        log.info("no_way_to_citizen", ticket=facts.number, purpose=purpose)
        return
    if purpose is Purpose.REGISTERED:
        return  # the conversation has just read it out itself
    text = _words(house, purpose, facts)
    with house.database.write() as session:
        seq = announce(session, facts.conversation_id, text, job.key, now)
    if seq is not None:
        house.live.publish(f"conversation:{facts.conversation_id}", seq)


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
    )


def _words(house: House, purpose: Purpose, facts: Facts) -> str:
    department = facts.department and house.replies.text(f"labels.department.{facts.department}")
    promised = facts.promised_at.astimezone(house.city.zone)
    return house.replies.text(
        f"notices.{purpose}",
        number=facts.number,
        title=facts.title,
        department=department or house.replies.text("notices.nobody"),
        answer=facts.answer,
        promised=f"{promised.month}月{promised.day}日 {promised:%H:%M}",
        progress=f"{house.settings.url}/t",
        survey=f"{house.settings.url}/s/{facts.survey_token}" if facts.survey_token else "",
    )
