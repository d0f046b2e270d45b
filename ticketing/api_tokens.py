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

from ticketing.errors import Conflict, Invalid, NotFound
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
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls: the token's id, the account behind it, and what the token is for."""

    token_id: UUID
    actor: Actor
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token for the administrator: whose, what for, how long; never the token."""

    id: UUID
    name: str
    username: str
    display_name: str
    role: str
    account_open: bool
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """running, ended, revoked, or closed with its account."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "ended"
        return "running" if self.account_open else "closed"


def listed(session: Session, limit: int = 200) -> tuple[TokenView, ...]:
    """All tokens, the running ones first, latest first."""
    whose = (Staff.username, Staff.display_name, Staff.role, Staff.active.label("account_open"))
    own = (ApiToken.id, ApiToken.name, ApiToken.scopes, ApiToken.created_at, ApiToken.expires_at, ApiToken.revoked_at)
    order = (ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id)
    query = select(*own, *whose).join(Staff, Staff.id == ApiToken.staff_id).order_by(*order).limit(limit)
    return tuple(TokenView(**row) for row in session.execute(query).mappings())


def issue_once(
    session: Session, *, username: str, name: str, scopes: Iterable[str], lasts: timedelta, now: datetime
) -> str:
    """As `issue`, but a name that runs already is refused: a form sent twice makes one token."""
    named = (Staff.username == username[:40]) & (ApiToken.name == name.strip()) & ApiToken.revoked_at.is_(None)
    running = select(ApiToken.id).join(Staff, Staff.id == ApiToken.staff_id).where(named, ApiToken.expires_at > now)
    if session.execute(running).first() is not None:
        raise Conflict("token_name_taken")
    return issue(session, username=username, name=name, scopes=scopes, lasts=lasts, now=now)


def end(session: Session, token_id: UUID, now: datetime) -> None:
    """Revoke one running token."""
    running = (ApiToken.id == token_id) & ApiToken.revoked_at.is_(None)
    if session.execute(update(ApiToken).where(running).values(revoked_at=now).returning(ApiToken.id)).first() is None:
        raise NotFound("token_not_found")


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
