"""How a message travels to a citizen (触达): the way chosen and why; a way that failed makes room for the next.

One row a message. Planning again is an outbox row of its own, so a way may fail hours later and in any process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.models import Delivery, DeliveryStatus, new_id
from ticketing.privacy import seal_json, unseal_json
from ticketing.statements import table_of

DELIVERY = "delivery"
_DELIVERY = table_of(Delivery)
_d = _DELIVERY.c
_OVER = (DeliveryStatus.DELIVERED, DeliveryStatus.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way: its words, the blanks of a template, and the ways that failed."""

    id: UUID
    ticket_id: UUID
    purpose: str
    urgent: bool
    status: DeliveryStatus
    channel: str | None
    text: str
    blanks: Mapping[str, str]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A message as the ticket's page tells of it: the way, why this one, and what had failed before."""

    at: datetime
    purpose: str
    status: DeliveryStatus
    channel: str | None
    reason: str
    run_at: datetime | None
    tried: tuple[tuple[str, str], ...]

    @property
    def because(self) -> str:
        """The code of why this way was chosen."""
        return self.reason.partition(";")[0]

    @property
    def passed(self) -> tuple[tuple[str, str], ...]:
        """The cheaper ways that were passed over, each with the code of why."""
        parts = (part.partition("=") for part in self.reason.split(";")[1:])
        return tuple((way, why) for way, _, why in parts)


def open_(
    session: Session,
    *,
    key: str,
    ticket_id: UUID,
    purpose: str,
    urgent: bool,
    text: str,
    blanks: Mapping[str, str],
    now: datetime,
) -> UUID | None:
    """Put down a message that is to go out; None when the same `key` was put down before."""
    if session.execute(select(_d.id).where(_d.key == key)).first() is not None:
        return None
    made = new_id()
    row = {"id": made, "key": key, "ticket_id": ticket_id, "purpose": purpose, "urgent": urgent, "reason": ""}
    body = {"tried": [], "body_sealed": seal_json(session, {"text": text, "blanks": dict(blanks)})}
    times = {"created_at": now, "updated_at": now}
    session.execute(insert(_DELIVERY), row | body | times | {"status": DeliveryStatus.PLANNED})
    return made


def parcel(session: Session, delivery_id: UUID) -> Parcel:
    """The message as it stands, its row locked."""
    row = session.execute(select(*_d).where(_d.id == delivery_id).with_for_update()).one()
    body = unseal_json(session, row.body_sealed)
    failed = {way["channel"]: way["reason"] for way in row.tried}
    status = DeliveryStatus(row.status)
    return Parcel(
        row.id, row.ticket_id, row.purpose, row.urgent, status, row.channel, body["text"], body["blanks"], failed
    )


def choose(
    session: Session, delivery_id: UUID, channel: str | None, reason: str, run_at: datetime | None, now: datetime
) -> None:
    """The way a message takes now; None: no way is left."""
    status = DeliveryStatus.PLANNED if channel else DeliveryStatus.UNREACHABLE
    _set(session, delivery_id, now, channel=channel, reason=reason, run_at=run_at, status=status)


def sent(session: Session, delivery_id: UUID, channel: str, now: datetime) -> None:
    """The way chosen has taken the message."""
    _advance(session, delivery_id, channel, DeliveryStatus.SENT, (DeliveryStatus.PLANNED,), now)


def delivered(session: Session, delivery_id: UUID, channel: str, now: datetime) -> None:
    """The message has arrived, or was read."""
    before = (DeliveryStatus.PLANNED, DeliveryStatus.SENT)
    _advance(session, delivery_id, channel, DeliveryStatus.DELIVERED, before, now)


def failed(session: Session, delivery_id: UUID, channel: str, reason: str, now: datetime) -> bool:
    """The way chosen does not reach the citizen: plan again. False when it is no longer the way, or all is over."""
    row = session.execute(select(_d.channel, _d.status, _d.tried).where(_d.id == delivery_id).with_for_update()).one()
    if row.channel != channel or row.status in _OVER or any(way["channel"] == channel for way in row.tried):
        return False
    tried: list[Any] = [*row.tried, {"channel": channel, "reason": reason, "at": now.isoformat()}]
    _set(session, delivery_id, now, tried=tried, status=DeliveryStatus.PLANNED)
    jobs.enqueue(session, DELIVERY, f"{DELIVERY}:{delivery_id}:{len(tried)}", {"delivery": str(delivery_id)}, now)
    return True


def of_ticket(session: Session, ticket_id: UUID) -> tuple[DeliveryView, ...]:
    """The messages of a ticket in the order they were made."""
    rows = session.execute(select(*_d).where(_d.ticket_id == ticket_id).order_by(_d.created_at, _d.id).limit(200))
    return tuple(
        DeliveryView(
            row.created_at,
            row.purpose,
            DeliveryStatus(row.status),
            row.channel,
            row.reason,
            row.run_at,
            tuple((way["channel"], way["reason"]) for way in row.tried),
        )
        for row in rows
    )


def _advance(
    session: Session,
    delivery_id: UUID,
    channel: str,
    status: DeliveryStatus,
    before: tuple[DeliveryStatus, ...],
    now: datetime,
) -> None:
    which = (_d.id == delivery_id) & (_d.channel == channel) & _d.status.in_(before)
    session.execute(update(_DELIVERY).where(which).values(status=status, updated_at=now))


def _set(session: Session, delivery_id: UUID, now: datetime, **values: Any) -> None:
    session.execute(update(_DELIVERY).where(_d.id == delivery_id).values(updated_at=now, **values))
