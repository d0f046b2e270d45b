"""Who the citizen is (诉求人身份): masked by default, shown in full with a purpose, and every look is in the chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.errors import Forbidden, Invalid
from ticketing.models import Citizen, Conversation, Role, Status, Ticket
from ticketing.privacy import unseal
from ticketing.reminders import remind
from ticketing.rounds import survey_open
from ticketing.transitions import lock
from ticketing.workflow import Actor

REVEAL = "reveal_identity"
REVEALERS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.CALLBACK})
MAX_PURPOSE = 200
LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Contact:
    """A citizen's number, name and e-mail address in full."""

    phone: str | None = None
    name: str | None = None
    email: str | None = None


def contact_of(session: Session, ticket: Ticket) -> Contact:
    """Who is behind a ticket and where they can be reached, for callers that mask it or send a message."""
    email = _email(session, ticket)
    if ticket.citizen_id is None:
        return Contact(email=email)
    citizen = session.get_one(Citizen, ticket.citizen_id)
    name = unseal(session, citizen.name_sealed) if citizen.name_sealed else None
    return Contact(unseal(session, citizen.phone_sealed), name, email)


def _email(session: Session, ticket: Ticket) -> str | None:
    """The address a letter came from."""
    talk = session.get(Conversation, ticket.conversation_id) if ticket.conversation_id else None
    return unseal(session, talk.address_sealed) if talk and talk.channel == LETTER else None


def reveal(session: Session, actor: Actor, ticket_id: UUID, purpose: str, now: datetime) -> Contact:
    """The number in full for who has to call: the hotline's people, and the handler where nothing is confidential.

    The look and its purpose become an event of the ticket, so this needs a writing session.
    """
    ticket = lock(session, ticket_id)
    handles = actor.role is Role.DEPARTMENT and actor.department == ticket.lead_department and not ticket.confidential
    if actor.role not in REVEALERS and not handles:
        raise Forbidden("identity_hidden")
    if not purpose.strip():
        raise Invalid("field_missing", field="purpose")
    status = Status(ticket.status)
    data = {"purpose": purpose.strip()[:MAX_PURPOSE]}
    event = audit.append(session, ticket_id, REVEAL, actor, now, from_status=status, to_status=status, data=data)
    if actor.role is Role.DEPARTMENT and survey_open(session, ticket_id):
        # who looks up the number while the citizen is being asked may want to talk them into a rating
        key = f"reveal:{event}"
        remind(session, ticket_id, "reveal_in_survey", key, now, to="supervisor", department=actor.department)
    return contact_of(session, ticket)
