"""What a citizen is told about a ticket: its facts, as a message of a conversation and as blanks of a short text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from ticketing import rounds
from ticketing.jobs import Job
from ticketing.models import Ticket, Urgency
from ticketing.notices import Purpose
from ticketing.numbering import query_code
from ticketing.privacy import unseal


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words of a message are filled with."""

    number: str
    title: str
    channel: str
    conversation_id: UUID | None
    department: str | None
    answer: str
    promised_at: datetime
    survey_token: str | None
    code: str
    urgent: bool
    until: datetime | None = None
    interim: str = ""


def facts_of(session: Session, ticket_id: UUID, job: Job) -> Facts:
    """The facts as they are now, with what the job itself brings."""
    ticket = session.execute(select(Ticket).where(Ticket.id == ticket_id)).scalar_one()
    until = job.payload.get("until")
    facts = Facts(
        ticket.number,
        ticket.title,
        ticket.channel,
        ticket.conversation_id,
        ticket.lead_department,
        unseal(session, ticket.answer_sealed) if ticket.answer_sealed else "",
        ticket.promised_at,
        rounds.link_token(session, ticket_id),
        query_code(session, ticket_id),
        ticket.urgency != Urgency.NORMAL,
    )
    return replace(facts, until=datetime.fromisoformat(until) if until else None, interim=job.secret.get("interim", ""))


def message_of(house: House, purpose: Purpose, facts: Facts) -> str:
    """The whole message, for a conversation."""
    promised = facts.promised_at.astimezone(house.city.zone)
    blanks = blanks_of(house, purpose, facts) | {"answer": facts.answer, "interim": facts.interim}
    blanks["promised"] = f"{promised.month}月{promised.day}日 {promised:%H:%M}"
    return house.replies.text(f"notices.{purpose}", **blanks)


def blanks_of(house: House, purpose: Purpose, facts: Facts) -> dict[str, str]:
    """The blanks of the short text and of WeChat's notice; nothing of what the matter was about but its title."""
    department = facts.department and house.replies.text(f"labels.department.{facts.department}")
    until = (facts.until or facts.promised_at).astimezone(house.city.zone)
    return {
        "number": facts.number,
        "title": facts.title,
        "code": facts.code,
        "department": department or house.replies.text("notices.nobody"),
        "until": f"{until.month}月{until.day}日 {until:%H:%M}",
        "status": house.replies.text(f"wechat.notice.{purpose}"),
        "progress": f"{house.settings.url}/t",
        "survey": f"{house.settings.url}/s/{facts.survey_token}" if facts.survey_token else "",
    }
