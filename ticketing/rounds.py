"""A callback round (回访): one for each answer that passed its review, with its survey and the link's token."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.models import Callback, CallbackStatus, Survey, Ticket, new_id
from ticketing.notices import askable
from ticketing.privacy import keyed_hash
from ticketing.statements import table_of

_CALLBACK = table_of(Callback)
_SURVEY = table_of(Survey)
_TOKEN_BYTES = 18


def begin(session: Session, city: City, ticket: Ticket, due_at: datetime, now: datetime) -> int:
    """Plan the callback on the ticket's newest answer; its survey only where the citizen may be asked."""
    number = ticket.rework_count + 1
    callback = {"id": new_id(), "ticket_id": ticket.id, "round": number, "status": CallbackStatus.DUE}
    session.execute(insert(_CALLBACK), callback | {"due_at": due_at, "created_at": now, "next_at": now})
    if askable(ticket):
        survey_id = new_id()
        survey = {"id": survey_id, "callback_id": callback["id"], "ticket_id": ticket.id}
        limits = {"expires_at": now + timedelta(days=city.survey.link_days), "scale": city.survey.scale}
        token = {"token_mac": token_mac(session, token_of(session, survey_id))}
        session.execute(insert(_SURVEY), survey | limits | token)
    return number


def end(session: Session, ticket_id: UUID, status: CallbackStatus, now: datetime) -> None:
    """The running round of a ticket is over."""
    running = (_CALLBACK.c.ticket_id == ticket_id) & _CALLBACK.c.finished_at.is_(None)
    session.execute(update(_CALLBACK).where(running).values(status=status, finished_at=now, next_at=None))


def token_of(session: Session, survey_id: UUID) -> str:
    """The token of a survey's link; derived, so that a message can be sent again and nothing readable is stored."""
    mac = keyed_hash(session, "survey-token", str(survey_id))
    return base64.urlsafe_b64encode(mac[:_TOKEN_BYTES]).decode()


def token_mac(session: Session, token: str) -> bytes:
    """What is stored of a token."""
    return keyed_hash(session, "survey-token-check", token)


def link_token(session: Session, ticket_id: UUID) -> str | None:
    """The token of the survey that is open on a ticket, for the message that carries its link."""
    survey_id = session.execute(
        select(Survey.id)
        .join(Callback, Callback.id == Survey.callback_id)
        .where(Survey.ticket_id == ticket_id, Survey.answered_at.is_(None), Callback.finished_at.is_(None))
    ).scalar()
    return token_of(session, survey_id) if survey_id else None


def survey_open(session: Session, ticket_id: UUID) -> bool:
    """Whether the citizen is being asked about this ticket right now."""
    asked = select(Survey.id).join(Callback, Callback.id == Survey.callback_id)
    open_ = (Survey.ticket_id == ticket_id) & Survey.answered_at.is_(None) & Callback.finished_at.is_(None)
    return session.execute(asked.where(open_).limit(1)).first() is not None
