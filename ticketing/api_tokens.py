"""API tokens (接口令牌): another system acts as one account, within scopes, until the token ends or is revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.errors import Invalid, NotFound
from ticketing.models import ApiToken, Role, Staff, new_id
from ticketing.workflow import Actor

PREFIX = "hl_"
LONGEST = timedelta(days=730)
_MAX_NAME = 60
_MAX_TOKEN = 200


class Scope(StrEnum):
    """What a token may be used for; the account's role still bounds what it sees."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    TICKETS_IMPORT = "tickets:import"
    PROGRESS = "progress"
    CONVERSATIONS = "conversations"
    KNOWLEDGE = "knowledge"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls: the token's id, the account behind it, and what the token is for."""

    token_id: UUID
    actor: Actor
    scopes: frozenset[Scope]


def issue(session: Session, *, username: str, name: str, scopes: Iterable[str], lasts: timedelta, now: datetime) -> str:
    """A new token of an account, told this once and kept as a hash."""
    if not name.strip() or len(name) > _MAX_NAME:
        raise Invalid("token_name", field="name", limit=_MAX_NAME)
    wanted = set(scopes)
    if not wanted or wanted - set(Scope):
        raise Invalid("token_scopes", field="scopes")
    if not timedelta() < lasts <= LONGEST:
        raise Invalid("token_lasts", field="days", limit=LONGEST.days)
    staff_id = session.execute(select(Staff.id).where(Staff.username == username[:40], Staff.active)).scalar()
    if staff_id is None:
        raise NotFound("account_not_found")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(id=new_id(), token_hash=_hash(token), name=name.strip(), staff_id=staff_id, created_at=now)
    row.scopes, row.expires_at = sorted(wanted), now + lasts
    session.add(row)
    session.flush()
    return token


def bearer(session: Session, token: str, now: datetime) -> Bearer | None:
    """Who a token stands for; None when it is unknown, ran out, was revoked or its account was closed."""
    alive = ApiToken.revoked_at.is_(None) & (ApiToken.expires_at > now) & Staff.active
    row = session.execute(
        select(ApiToken.id, ApiToken.scopes, Staff.id.label("staff_id"), Staff.role, Staff.department)
        .join(Staff, Staff.id == ApiToken.staff_id)
        .where(ApiToken.token_hash == _hash(token), alive)
    ).first()
    if row is None:
        return None
    return Bearer(row.id, Actor(Role(row.role), row.staff_id, row.department), frozenset(map(Scope, row.scopes)))


def revoke(session: Session, username: str, name: str, now: datetime) -> int:
    """End every running token of this name; returns how many."""
    account = select(Staff.id).where(Staff.username == username[:40]).scalar_subquery()
    running = (ApiToken.staff_id == account) & (ApiToken.name == name) & ApiToken.revoked_at.is_(None)
    ended = session.execute(update(ApiToken).where(running).values(revoked_at=now).returning(ApiToken.id)).all()
    if not ended:
        raise NotFound("token_not_found")
    return len(ended)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token[:_MAX_TOKEN].encode()).digest()
