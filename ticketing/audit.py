"""The audit chain (审计链): every event of a ticket hashes the one before it, so no row can change unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ticketing.models import Status, TicketEvent, new_id
from ticketing.privacy import seal
from ticketing.statements import table_of
from ticketing.workflow import Actor

GENESIS = bytes(32)
_EVENT = table_of(TicketEvent)
_e = _EVENT.c
_HASHED = tuple(column.name for column in _e if column.name != "hash")


@dataclass(frozen=True, slots=True)
class Breach:
    """An event that is not what was written: its place, and whether the row or its link to the one before broke."""

    ticket_id: UUID
    seq: int
    what: str


def append(
    session: Session,
    ticket_id: UUID,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    from_status: Status | None,
    to_status: Status,
    note: str | None = None,
    data: Mapping[str, Any],
) -> int:
    """Write the next event of a ticket, whose row the caller holds locked; returns its sequence number."""
    last = session.execute(
        select(_e.seq, _e.hash).where(_e.ticket_id == ticket_id).order_by(_e.seq.desc()).limit(1)
    ).first()
    seq = last.seq + 1 if last else 1
    row = {
        "id": new_id(),
        "at": now,
        "ticket_id": ticket_id,
        "seq": seq,
        "action": str(action),
        "from_status": from_status.value if from_status else None,
        "to_status": to_status.value,
        "actor_role": actor.role.value,
        "actor_id": actor.staff_id,
        "department": actor.department,
        "note_sealed": seal(session, note) if note else None,
        "data": dict(data),
        "previous_hash": last.hash if last else GENESIS,
    }
    session.execute(insert(_EVENT), row | {"hash": digest(row)})
    return seq


def digest(row: Mapping[Any, Any]) -> bytes:
    """The hash of an event: every column but itself, the previous hash included."""
    plain = {name: _plain(row[name]) for name in _HASHED}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.timestamp()
    return str(value) if isinstance(value, UUID) else value


def verify(session: Session, ticket_id: UUID | None = None) -> tuple[Breach, ...]:
    """Every broken link of one ticket's chain, or of all; read in a stream, so any size fits."""
    query = select(*_e).order_by(_e.ticket_id, _e.seq).execution_options(yield_per=500)
    rows = session.execute(query.where(_e.ticket_id == ticket_id) if ticket_id else query).mappings()
    breaches: list[Breach] = []
    before: tuple[UUID | None, int, bytes] = (None, 0, GENESIS)
    for row in rows:
        _, seq, previous = before if before[0] == row["ticket_id"] else (None, 0, GENESIS)
        if digest(row) != row["hash"]:
            breaches.append(Breach(row["ticket_id"], row["seq"], "row"))
        if row["previous_hash"] != previous or row["seq"] != seq + 1:
            breaches.append(Breach(row["ticket_id"], row["seq"], "link"))
        before = (row["ticket_id"], row["seq"], row["hash"])
    return tuple(breaches)
