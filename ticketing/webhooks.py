"""Webhooks (事件推送): other systems are told what happened, in ids and public facts, never in anybody's words.

An event writes a delivery and an outbox row in the transaction it happens in; the worker signs and sends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import HookStatus, Status, Ticket, Webhook, WebhookDelivery, new_id
from ticketing.privacy import seal, unseal
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.webhook_signatures import new_secret
from ticketing.workflow import Action

WEBHOOK = "webhook"
BOTH_VALID = timedelta(days=1)
MAX_NAME, MAX_URL, MAX_HOOKS = 60, 500, 50
_MAX_ERROR = 200
_HOOK, _DELIVERY = table_of(Webhook), table_of(WebhookDelivery)
_d = _DELIVERY.c
_WRITE = insert_or_skip(_DELIVERY, "key", returning=[_d.id])


class Topic(StrEnum):
    """What can be told: 登记 受理 派单 答复 办结 重办 不予受理 退单 撤单 并单, 会话转人工."""

    REGISTERED = "ticket.registered"
    ACCEPTED = "ticket.accepted"
    DISPATCHED = "ticket.dispatched"
    ANSWERED = "ticket.answered"
    CLOSED = "ticket.closed"
    REWORKED = "ticket.reworked"
    REJECTED = "ticket.rejected"
    RETURNED = "ticket.returned"
    WITHDRAWN = "ticket.withdrawn"
    MERGED = "ticket.merged"
    HANDED_OFF = "conversation.handed_off"


PING = "ping"  # the administrator's try-out; goes to its hook whatever that chose
_TOPICS: Mapping[Action, Topic] = MappingProxyType(
    {
        Action.REGISTER: Topic.REGISTERED,
        Action.ACCEPT: Topic.ACCEPTED,
        Action.DISPATCH: Topic.DISPATCHED,
        Action.ANSWER: Topic.ANSWERED,
        Action.REWORK: Topic.REWORKED,
        Action.REJECT: Topic.REJECTED,
        Action.RETURN: Topic.RETURNED,
        Action.WITHDRAW: Topic.WITHDRAWN,
        Action.MERGE: Topic.MERGED,
    }
)


@dataclass(frozen=True, slots=True)
class HookView:
    """One address as the administrator sees it; never with its secret."""

    id: UUID
    name: str
    url: str
    topics: tuple[str, ...]
    created_at: datetime
    stopped_at: datetime | None
    former_until: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One line of the log."""

    id: UUID
    topic: str
    body: str
    status: HookStatus
    attempts: int
    http_status: int | None
    error: str | None
    created_at: datetime
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the worker sends: where, what, and the secrets that sign it."""

    id: UUID
    url: str
    body: str
    keys: tuple[str, ...]


def ticket_event(session: Session, ticket: Ticket, action: Action, event: int, now: datetime) -> None:
    """Tell who wants to know what became of a ticket; `event` is its number in the ticket's history."""
    topics = {_TOPICS.get(action), Topic.CLOSED if ticket.status == Status.CLOSED else None} - {None}
    for topic in topics:
        publish(session, ticket.city, str(topic), f"{ticket.id}:{event}", facts_of(ticket), now)


def facts_of(ticket: Ticket) -> dict[str, Any]:
    """What may be told of a ticket: codes and times; of a confidential one only that it is there and how it stands."""
    facts = {"ticket_id": str(ticket.id), "number": ticket.number, "status": str(ticket.status)}
    if ticket.confidential:
        return facts
    return facts | {
        "kind": ticket.kind,
        "urgency": str(ticket.urgency),
        "region": ticket.region,
        "department": ticket.lead_department,
        "promised_at": ticket.promised_at.isoformat(),
    }


def publish(session: Session, city: str, topic: str, key: str, facts: Mapping[str, Any], now: datetime) -> int:
    """Write an event once for every address that chose its topic; returns for how many."""
    wanted = (Webhook.city == city) & Webhook.stopped_at.is_(None)
    rows = session.execute(select(Webhook.id, Webhook.topics).where(wanted).order_by(Webhook.id)).all()
    return sum(_write(session, row.id, topic, key, facts, now) for row in rows if topic in row.topics)


def _write(session: Session, hook_id: UUID, topic: str, key: str, facts: Mapping[str, Any], now: datetime) -> bool:
    told = {"type": topic, "timestamp": now.isoformat(), "data": dict(facts)}
    row = {
        "id": new_id(),
        "webhook_id": hook_id,
        "key": f"{hook_id}:{topic}:{key}",
        "topic": topic,
        "body": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        "status": HookStatus.WAITING,
        "attempts": 0,
        "created_at": now,
    }
    made = session.execute(_WRITE[dialect_of(session)], row).scalar()
    return made is not None and jobs.enqueue(session, WEBHOOK, _job_key(made), {"delivery": str(made)}, now)


def _job_key(delivery_id: UUID) -> str:
    return f"{WEBHOOK}:{delivery_id}"


def register(
    session: Session, *, city: str, name: str, url: str, topics: Iterable[str], by: UUID, now: datetime, plain: bool
) -> tuple[UUID, str]:
    """A new address; returns its id and its secret, told this once. `plain` allows http:// as well."""
    wanted = sorted(set(topics))
    if not name.strip() or len(name) > MAX_NAME:
        raise Invalid("webhook_name", field="name", limit=MAX_NAME)
    if not wanted or set(wanted) - set(Topic):
        raise Invalid("webhook_topics", field="topics")
    _check_url(url, plain=plain)
    running = select(Webhook.url).where(Webhook.city == city, Webhook.stopped_at.is_(None))
    taken = session.scalars(running).all()
    if url in taken:
        raise Conflict("webhook_taken")
    if len(taken) >= MAX_HOOKS:
        raise Conflict("webhook_too_many", limit=MAX_HOOKS)
    secret = new_secret()
    hook = Webhook(id=new_id(), city=city, name=name.strip(), url=url, topics=wanted, created_by=by, created_at=now)
    hook.secret_sealed = seal(session, secret)
    session.add(hook)
    session.flush()
    return hook.id, secret


def _check_url(url: str, *, plain: bool) -> None:
    """Whole, without a name or password in it; where its host leads is looked at when something is sent."""
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise Invalid("webhook_url", field="url") from error
    readable = len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
    if not (fits and readable) or parts.scheme not in ({"https", "http"} if plain else {"https"}):
        raise Invalid("webhook_url", field="url")
    if "@" in parts.netloc or parts.fragment:
        raise Invalid("webhook_url", field="url")


def rotate(session: Session, city: str, hook_id: UUID, now: datetime) -> str:
    """换密钥: a new secret, told this once; the one before signs beside it for a day."""
    hook = _running(session, city, hook_id)
    secret = new_secret()
    hook.former_secret_sealed, hook.former_until = hook.secret_sealed, now + BOTH_VALID
    hook.secret_sealed = seal(session, secret)
    session.flush()
    return secret


def stop(session: Session, city: str, hook_id: UUID, now: datetime) -> None:
    """Nothing is sent there any more; the log stays."""
    _running(session, city, hook_id).stopped_at = now
    session.flush()


def ping(session: Session, city: str, hook_id: UUID, now: datetime) -> bool:
    """试推: an event without facts, to see whether the receiver understands us."""
    hook = _running(session, city, hook_id)
    return _write(session, hook.id, PING, str(new_id()), {}, now)


def replay(session: Session, city: str, hook_id: UUID, delivery_id: UUID, now: datetime) -> None:
    """重新推送: the same body under the same id, so that a receiver that has it already knows it."""
    _running(session, city, hook_id)
    mine = (_d.id == delivery_id) & (_d.webhook_id == hook_id)
    again = update(_DELIVERY).where(mine).values(status=HookStatus.WAITING, error=None, http_status=None)
    if session.execute(again.returning(_d.id)).first() is None:
        raise NotFound("delivery_not_found")
    jobs.repeat(session, _job_key(delivery_id), now)


def _running(session: Session, city: str, hook_id: UUID) -> Webhook:
    mine = (Webhook.id == hook_id) & (Webhook.city == city) & Webhook.stopped_at.is_(None)
    hook = session.execute(select(Webhook).where(mine).with_for_update()).scalar_one_or_none()
    if hook is None:
        raise NotFound("webhook_not_found")
    return hook


def hooks(session: Session, city: str) -> tuple[HookView, ...]:
    """All addresses of a city, the running ones first."""
    order = (Webhook.stopped_at.is_not(None), Webhook.created_at.desc())
    rows = session.scalars(select(Webhook).where(Webhook.city == city).order_by(*order).limit(2 * MAX_HOOKS))
    return tuple(_hook_view(row) for row in rows)


def hook(session: Session, city: str, hook_id: UUID) -> HookView:
    """One address."""
    found = session.execute(select(Webhook).where(Webhook.id == hook_id, Webhook.city == city)).scalar_one_or_none()
    if found is None:
        raise NotFound("webhook_not_found")
    return _hook_view(found)


def _hook_view(row: Webhook) -> HookView:
    return HookView(row.id, row.name, row.url, tuple(row.topics), row.created_at, row.stopped_at, row.former_until)


def deliveries(session: Session, hook_id: UUID, limit: int = 100) -> tuple[DeliveryView, ...]:
    """The log of an address, latest first."""
    columns = (_d.id, _d.topic, _d.body, _d.status, _d.attempts, _d.http_status, _d.error, _d.created_at, _d.tried_at)
    order = (_d.created_at.desc(), _d.id.desc())
    rows = session.execute(select(*columns).where(_d.webhook_id == hook_id).order_by(*order).limit(limit))
    return tuple(DeliveryView(row[0], row[1], row[2], HookStatus(row[3]), *row[4:]) for row in rows)


def parcel(session: Session, delivery_id: UUID, now: datetime) -> Parcel | None:
    """What is to be sent; None when the address was stopped meanwhile, which the log then says."""
    row = session.execute(
        select(Webhook, WebhookDelivery.body)
        .join(WebhookDelivery, WebhookDelivery.webhook_id == Webhook.id)
        .where(WebhookDelivery.id == delivery_id)
    ).one()
    found: Webhook = row[0]
    if found.stopped_at is not None:
        return None
    sealed = [found.secret_sealed]
    if found.former_secret_sealed is not None and found.former_until is not None and found.former_until > now:
        sealed.append(found.former_secret_sealed)
    return Parcel(delivery_id, found.url, row.body, tuple(unseal(session, one) for one in sealed))


def note(
    session: Session, delivery_id: UUID, status: HookStatus, now: datetime, http: int | None, error: str | None
) -> None:
    """Write down how an attempt ended."""
    values = {"status": status, "http_status": http, "error": error[:_MAX_ERROR] if error else None, "tried_at": now}
    session.execute(update(_DELIVERY).where(_d.id == delivery_id).values(attempts=_d.attempts + 1, **values))
