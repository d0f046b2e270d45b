"""Registering a ticket (登记): row, number, query code, clocks, event and first message in one transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from routing.language.redaction import redact
from ticketing import attachments, audit, citizens, clocks, dispatching, echoes, webhooks
from ticketing.city import City, Profile
from ticketing.clocks import ClockName
from ticketing.deadlines import due
from ticketing.errors import Forbidden, Invalid
from ticketing.models import Clock, Kind, Role, Status, Ticket, Urgency, new_id
from ticketing.notices import Purpose, tell
from ticketing.numbering import draw_number, query_code, query_code_mac
from ticketing.privacy import seal
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import INITIAL, Action, Actor

MAX_CONTENT = 5000
MAX_SHORT = 300
_TITLE = 30
_SENTENCE = re.compile(r"[。！？!?\n；;]")
_TICKET = table_of(Ticket)
_REGISTER = insert_or_skip(_TICKET, "intake_key", returning=[_TICKET.c.id])
_SYSTEM = Actor(Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class AppealDraft:
    """What a citizen asks for, as the flow or the operator's form collected it."""

    kind: str
    content: str
    place: str | None
    region: str | None
    happened: str | None
    phone: str | None
    name: str | None
    anonymous: bool
    confidential: bool
    wants_reply: bool
    channel: str
    conversation_id: UUID | None
    city: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What the citizen is told: number, query code and the promised time with its rule."""

    ticket_id: UUID
    number: str
    query_code: str
    promised_at: datetime
    promised_rule: str


def register(
    session: Session,
    draft: AppealDraft,
    recommendation: Mapping[str, Any],
    city: City,
    now: datetime,
    actor: Actor,
    key: str | None,
) -> Registered:
    """Make the ticket of a draft; the same `key` gives the first ticket again.

    `recommendation` is the router's, kept as evidence; a sure one is dispatched where the city wants that.
    """
    if actor.role not in INITIAL:
        raise Forbidden("role_may_not", role=actor.role.value, action=Action.REGISTER.value)
    _check(draft, city)
    if key is not None and (first := _registered(session, key)) is not None:
        return first
    ticket_id = _insert(session, draft, recommendation, city, now, actor, key)
    if ticket_id is None:
        return _first(session, key)
    ticket = session.get_one(Ticket, ticket_id)
    data = {"channel": draft.channel, "kind": draft.kind, "recommended": recommendation.get("department")}
    event = audit.append(
        session, ticket_id, Action.REGISTER, actor, now, from_status=None, to_status=Status.REGISTERED, data=data
    )
    profile = _profile(draft, recommendation, city)
    clocks.start(session, city, ticket_id, ClockName.CITIZEN, profile.finish, now, Action.REGISTER)
    limit = city.dispatch_limit(ticket.urgency)
    clocks.start(session, city, ticket_id, ClockName.DISPATCH, limit, now, Action.REGISTER)
    tell(session, ticket, Purpose.REGISTERED, event, now)
    webhooks.ticket_event(session, ticket, Action.REGISTER, event, now)
    attachments.adopt(session, ticket, actor, now)
    echoes.remember(session, ticket, draft.content, draft.place)
    if city.auto_dispatch and recommendation.get("auto") and recommendation.get("department") in city.departments:
        dispatching.dispatch(session, city, ticket_id, _SYSTEM, now, lead_department=recommendation["department"])
    return Registered(ticket_id, ticket.number, query_code(session, ticket_id), ticket.promised_at, profile.finish.rule)


def _check(draft: AppealDraft, city: City) -> None:
    if draft.city != city.code:
        raise Invalid("wrong_city", field="city")
    if draft.kind not in set(Kind):
        raise Invalid("kind_unknown", field="kind")
    if not draft.content.strip():
        raise Invalid("field_missing", field="content")
    limits = {"content": MAX_CONTENT, "place": MAX_SHORT, "happened": MAX_SHORT, "name": citizens.MAX_NAME}
    for field, limit in limits.items():
        if len(getattr(draft, field) or "") > limit:
            raise Invalid("field_too_long", field=field, limit=limit)


def _profile(draft: AppealDraft, recommendation: Mapping[str, Any], city: City) -> Profile:
    return city.profile_of(draft.kind, _urgency(recommendation), recommendation.get("department"))


def _urgency(recommendation: Mapping[str, Any]) -> str:
    return Urgency(recommendation.get("urgency") or Urgency.NORMAL).value


def _insert(
    session: Session,
    draft: AppealDraft,
    recommendation: Mapping[str, Any],
    city: City,
    now: datetime,
    actor: Actor,
    key: str | None,
) -> UUID | None:
    """The new row's id; None when another transaction registered the same key first."""
    ticket_id, profile = new_id(), _profile(draft, recommendation, city)
    place = recommendation.get("region") or {}
    row = {
        "id": ticket_id,
        "number": draw_number(session, city, now),
        "intake_key": key,
        "query_code_mac": query_code_mac(session, ticket_id, query_code(session, ticket_id)),
        "city": city.code,
        "channel": draft.channel,
        "conversation_id": draft.conversation_id,
        "registered_by": actor.staff_id,
        "first_contact_owner": actor.staff_id,
        "registered_at": now,
        "region": draft.region or place.get("code"),
        "urgency": _urgency(recommendation),
        "evidence": dict(recommendation),
        "status": Status.REGISTERED,
        "profile": profile.code,
        "promised_at": due(city.calendar, now, profile.finish).at,
    }
    values = row | _matter(session, draft) | _contact(session, draft, now)
    return session.execute(_REGISTER[dialect_of(session)], values).scalar()


def _matter(session: Session, draft: AppealDraft) -> dict[str, Any]:
    content = draft.content.replace("\0", "").strip()
    redacted = redact(content).text
    return {
        "kind": draft.kind,
        "title": _title(redact(draft.title).text if draft.title else redacted),
        "content_sealed": seal(session, content),
        "content_redacted": redacted,
        "place_sealed": seal(session, draft.place) if draft.place else None,
        "happened": draft.happened,
    }


def _title(redacted: str) -> str:
    first = next((part for part in _SENTENCE.split(redacted) if part.strip()), redacted).strip()
    return first if len(first) <= _TITLE else f"{first[: _TITLE - 1]}…"


def _contact(session: Session, draft: AppealDraft, now: datetime) -> dict[str, Any]:
    """匿名 means that nothing about the person is kept."""
    named = draft.phone is not None and not draft.anonymous
    return {
        "citizen_id": citizens.meet(session, draft.phone, draft.name, now) if draft.phone and named else None,
        "anonymous": draft.anonymous,
        "confidential": draft.confidential,
        "wants_reply": draft.wants_reply,
    }


def _registered(session: Session, key: str | None) -> Registered | None:
    citizens_clock = (Clock.ticket_id == Ticket.id) & (Clock.name == ClockName.CITIZEN) & (Clock.revision == 1)
    row = session.execute(
        select(Ticket.id, Ticket.number, Ticket.promised_at, Clock.rule)
        .join(Clock, citizens_clock)
        .where(Ticket.intake_key == key)
    ).first()
    return Registered(row.id, row.number, query_code(session, row.id), row.promised_at, row.rule) if row else None


def _first(session: Session, key: str | None) -> Registered:
    first = _registered(session, key)
    assert first is not None, "a skipped insert has its row"
    return first
