"""Accounts (账号): passwords by argon2 with a lock-out, log-ins as server-side sessions known by a hashed token."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ticketing.errors import Conflict, Forbidden, Invalid, NotFound, TooManyAttempts
from ticketing.models import LoginSession, Role, Staff, new_id
from ticketing.sessions import Database
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import Actor

MAX_FAILURES = 5
LOCKED = timedelta(minutes=15)
LIFETIME = timedelta(hours=12)
IDLE = timedelta(minutes=60)
SEEN_EVERY = timedelta(minutes=1)
MIN_PASSWORD, MAX_PASSWORD = 10, 200
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,39}", re.ASCII)
_HASHER = PasswordHasher()
_STAFF = table_of(Staff)
_HIRE = insert_or_skip(_STAFF, "username", returning=[_STAFF.c.id])
PEOPLE = frozenset(Role) - {Role.CITIZEN, Role.BOT, Role.SYSTEM}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in: the account's owner, role and department, and the value every form must carry."""

    staff_id: UUID
    username: str
    display_name: str
    role: Role
    department: str | None
    csrf: str

    @property
    def actor(self) -> Actor:
        """The person as the workflow knows them."""
        return Actor(self.role, self.staff_id, self.department)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh log-in; `token` goes into the cookie and is kept nowhere else."""

    token: str
    person: Person
    expires_at: datetime


def create_staff(
    session: Session,
    *,
    username: str,
    display_name: str,
    password: str,
    role: Role,
    now: datetime,
    department: str | None = None,
    demo: bool = False,
) -> UUID:
    """A new account; a department's person names the department, nobody else does."""
    if _USERNAME.fullmatch(username) is None:
        raise Invalid("username_invalid", field="username")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid("password_length", field="password", least=MIN_PASSWORD)
    if role not in PEOPLE or (role is Role.DEPARTMENT) != (department is not None):
        raise Invalid("role_invalid", field="role")
    row = {
        "id": new_id(),
        "username": username,
        "display_name": display_name[:40],
        "password_hash": _HASHER.hash(password),
        "role": role,
        "department": department,
        "active": True,
        "demo": demo,
        "failures": 0,
        "created_at": now,
    }
    made = session.execute(_HIRE[dialect_of(session)], row).scalar()
    if made is None:
        raise Conflict("username_taken")
    return UUID(str(made))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in under way: counted before the password is looked at, so that many at once are counted too."""

    staff_id: UUID | None
    password_hash: str


def log_in(database: Database, username: str, password: str, now: datetime) -> LoggedIn | None:
    """Sign in who knows the password; None when name or password are wrong, `TooManyAttempts` during a lock-out.

    The slow hash is checked between two short transactions, with no lock held.
    """
    with database.write() as session:
        attempt = begin(session, username, now)
    if not _fits(attempt.password_hash, password) or attempt.staff_id is None:
        return None
    with database.write() as session:
        return open_session(session, attempt.staff_id, now)


def begin(session: Session, username: str, now: datetime) -> Attempt:
    """Count an attempt against the account; after too many it is locked for a while."""
    staff = session.execute(
        select(Staff).where(Staff.username == username[:40], Staff.active).with_for_update()
    ).scalar_one_or_none()
    if staff is None:
        return Attempt(None, _nobodys_hash())
    if staff.locked_until is not None and staff.locked_until > now:
        raise TooManyAttempts("account_locked", until=staff.locked_until)
    staff.failures += 1
    if staff.failures >= MAX_FAILURES:
        staff.failures, staff.locked_until = 0, now + LOCKED
    session.flush()
    return Attempt(staff.id, staff.password_hash)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """Checked when there is no such account, so that the time taken tells nothing."""
    return _HASHER.hash(secrets.token_hex(16))


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password[:MAX_PASSWORD])
    except VerificationError:
        return False


def open_session(session: Session, staff_id: UUID, now: datetime) -> LoggedIn:
    """A fresh session for somebody whose password was right; failures are forgotten."""
    staff = session.get_one(Staff, staff_id)
    staff.failures, staff.locked_until = 0, None
    token, csrf, expires_at = secrets.token_urlsafe(32), secrets.token_urlsafe(24), now + LIFETIME
    known = LoginSession(token_hash=_hash(token), staff_id=staff_id, csrf=csrf, created_at=now, seen_at=now)
    known.expires_at = expires_at
    session.add(known)
    session.flush()
    return LoggedIn(token, _person(staff, csrf), expires_at)


def who(session: Session, token: str, now: datetime) -> Person | None:
    """The person behind a cookie's token; None when it is unknown, ran out, lay idle or the account was closed."""
    alive = (LoginSession.expires_at > now) & (LoginSession.seen_at > now - IDLE) & Staff.active
    row = session.execute(
        select(Staff, LoginSession.csrf)
        .join(LoginSession, LoginSession.staff_id == Staff.id)
        .where(LoginSession.token_hash == _hash(token), alive)
    ).first()
    return _person(row[0], row[1]) if row else None


def touch(session: Session, token: str, now: datetime) -> None:
    """Remember that the session is in use; written once a minute at most."""
    old = (LoginSession.token_hash == _hash(token)) & (LoginSession.seen_at < now - SEEN_EVERY)
    session.execute(update(LoginSession).where(old).values(seen_at=now))


def log_out(session: Session, token: str) -> None:
    """End the session of a token."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _hash(token)))


def close_account(session: Session, staff_id: UUID) -> None:
    """Nobody signs in with this account any more; its history stays."""
    closed = update(Staff).where(Staff.id == staff_id).values(active=False).returning(Staff.id)
    if session.execute(closed).first() is None:
        raise NotFound("account_not_found")
    session.execute(delete(LoginSession).where(LoginSession.staff_id == staff_id))


def sweep(session: Session, now: datetime) -> None:
    """Forget the sessions that ran out."""
    over = (LoginSession.expires_at <= now) | (LoginSession.seen_at <= now - IDLE)
    session.execute(delete(LoginSession).where(over))


def check_csrf(person: Person, given: str) -> None:
    """Refuse a form that did not come from the person's own page."""
    if not hmac.compare_digest(person.csrf.encode(), given.encode()):
        raise Forbidden("csrf")


def hash_password(password: str) -> str:
    """A password as it is kept."""
    return _HASHER.hash(password)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token[:200].encode()).digest()


def _person(staff: Staff, csrf: str) -> Person:
    return Person(staff.id, staff.username, staff.display_name, Role(staff.role), staff.department, csrf)
