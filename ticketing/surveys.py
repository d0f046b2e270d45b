"""The survey (满意度评价): sent by the hotline, answered once, never assumed to be good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ticketing import rounds
from ticketing.city import City
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import CallbackStatus, Role, Survey, Ticket
from ticketing.privacy import seal, unseal
from ticketing.statements import table_of
from ticketing.transitions import apply, lock
from ticketing.workflow import MAX_REWORKS, Action, Actor

MAX_REASON = 1000
MAX_TOKEN = 64
_SURVEY = table_of(Survey)
_CITIZEN = Actor(Role.CITIZEN)


class Result(StrEnum):
    """What an answered survey led to: 办结, 重办, 研判."""

    CLOSED = "closed"
    REWORK = "rework"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """是否联系, 是否解决, the department's and the hotline's rating, and why not satisfied."""

    contacted: bool | None
    resolved: bool | None
    department_rating: int
    hotline_rating: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """What the citizen sees behind the link."""

    number: str
    title: str
    kind: str
    department: str | None
    answer: str
    scale: int
    answered: bool
    expired: bool


def open_survey(session: Session, city: City, token: str, now: datetime) -> SurveyPage:
    """The page of a link; an unknown token is nothing at all."""
    row = session.execute(_by_token(session, token)).first()
    if row is None:
        raise NotFound("survey_not_found")
    survey, ticket = row
    answer = unseal(session, ticket.answer_sealed) if ticket.answer_sealed else ""
    return SurveyPage(
        ticket.number,
        ticket.title,
        ticket.kind,
        ticket.lead_department,
        answer,
        survey.scale,
        answered=survey.answered_at is not None,
        expired=survey.expires_at <= now,
    )


def _by_token(session: Session, token: str) -> Select[Survey, Ticket]:
    mac = rounds.token_mac(session, token[:MAX_TOKEN])
    return select(Survey, Ticket).join(Ticket, Ticket.id == Survey.ticket_id).where(Survey.token_mac == mac)


def submit(session: Session, city: City, token: str, answer: SurveyAnswer, now: datetime) -> Result:
    """The citizen's answer through the link; a second one changes nothing and says why."""
    row = session.execute(_by_token(session, token)).first()
    if row is None:
        raise NotFound("survey_not_found")
    survey, ticket = row
    if survey.answered_at is None and survey.expires_at <= now:
        raise Conflict("survey_expired")
    return settle(session, city, ticket.id, survey.callback_id, answer, _CITIZEN, now, answered_by="citizen")


def settle(
    session: Session,
    city: City,
    ticket_id: UUID,
    callback_id: UUID,
    answer: SurveyAnswer,
    actor: Actor,
    now: datetime,
    *,
    answered_by: str,
) -> Result:
    """Keep the answer and act on it: satisfied closes, 不满意 goes back twice, then a supervisor judges."""
    ticket = lock(session, ticket_id)
    scale = session.execute(select(_SURVEY.c.scale).where(_SURVEY.c.callback_id == callback_id)).scalar_one()
    _check(scale, answer)
    _keep(session, callback_id, answer, now, answered_by)
    if not dissatisfied(scale, answer):
        apply(session, city, ticket_id, Action.CLOSE, actor, now, reason_code="rated")
        return Result.CLOSED
    if ticket.rework_count < MAX_REWORKS:
        apply(session, city, ticket_id, Action.REWORK, actor, now, note=answer.reason)
        return Result.REWORK
    rounds.end(session, ticket_id, CallbackStatus.DONE, now)
    return Result.ADJUDICATION


def dissatisfied(scale: int, answer: SurveyAnswer) -> bool:
    """不满意: the lower half of the scale it was asked on (1 and 2 of five, 1 of three)."""
    return answer.department_rating <= scale // 2


def _check(scale: int, answer: SurveyAnswer) -> None:
    ratings = {"department_rating": answer.department_rating, "hotline_rating": answer.hotline_rating}
    for field, rating in ratings.items():
        if rating is not None and not 1 <= rating <= scale:
            raise Invalid("rating_out_of_scale", field=field, limit=scale)
    if len(answer.reason or "") > MAX_REASON:
        raise Invalid("field_too_long", field="reason", limit=MAX_REASON)
    if dissatisfied(scale, answer) and not (answer.reason or "").strip():
        raise Invalid("field_missing", field="reason")


def _keep(session: Session, callback_id: UUID, answer: SurveyAnswer, now: datetime, answered_by: str) -> None:
    values: dict[str, Any] = {
        "answered_at": now,
        "answered_by": answered_by,
        "contacted": answer.contacted,
        "resolved": answer.resolved,
        "department_rating": answer.department_rating,
        "hotline_rating": answer.hotline_rating,
        "reason_sealed": seal(session, answer.reason) if answer.reason else None,
    }
    unanswered = (_SURVEY.c.callback_id == callback_id) & _SURVEY.c.answered_at.is_(None)
    if session.execute(update(_SURVEY).where(unanswered).values(**values).returning(_SURVEY.c.id)).first() is None:
        raise Conflict("survey_answered")
