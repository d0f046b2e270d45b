"""The outbox (发件箱): effects that leave the house, done at least once, each under a lease, none lost.

A worker claims when it starts the work. A lease that ran out means that worker died; its token no longer counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from ticketing.errors import Invalid, NotFound
from ticketing.models import OutboxRow, Staff, new_id
from ticketing.privacy import seal_json, unseal_json
from ticketing.statements import dialect_of, insert_or_skip, table_of

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 10
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)
_MAX_ERROR = 500

_OUTBOX, _STAFF = table_of(OutboxRow), table_of(Staff)
_o = _OUTBOX.c
_IS_DEAD = _o.dead_at.is_not(None) & _o.discarded_at.is_(None)
_ENQUEUE = insert_or_skip(_OUTBOX, "key", returning=[_o.id])


@dataclass(frozen=True, slots=True)
class Job:
    """One effect to carry out; `token` proves the lease."""

    id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    secret: dict[str, Any]
    attempts: int
    token: UUID


@dataclass(frozen=True, slots=True)
class DeadJob:
    """An effect that was given up, for the console."""

    id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    dead_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class PutAside:
    """A given-up effect that a person put aside: by whom and why."""

    id: UUID
    kind: str
    key: str
    at: datetime
    by: str
    reason: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The state of the outbox: 待办, 重试中, 已放弃."""

    waiting: int
    retrying: int
    dead: int


def enqueue(
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    run_at: datetime | None = None,
    secret: Mapping[str, Any] | None = None,
) -> bool:
    """Ask for an effect in this very transaction; False when the same `key` was asked for before.

    Personal data goes into `secret`, which is sealed.
    """
    row = {
        "id": new_id(),
        "kind": kind,
        "key": key,
        "payload": dict(payload),
        "payload_sealed": seal_json(session, dict(secret)) if secret else None,
        "created_at": now,
        "run_at": run_at or now,
        "attempts": 0,
    }
    return session.execute(_ENQUEUE[dialect_of(session)], row).first() is not None


def claim(session: Session, now: datetime, *, limit: int = 1, kinds: frozenset[str] | None = None) -> tuple[Job, ...]:
    """Lease the jobs that are due, oldest first; what killed its worker too often is given up."""
    due = _due(now, kinds).order_by(_o.run_at).limit(limit).with_for_update(skip_locked=True).correlate(None)
    rows = session.execute(
        update(_OUTBOX)
        .where(_o.id.in_(due))
        .values(lease_until=now + LEASE, lease_token=uuid4(), attempts=_o.attempts + 1)
        .returning(_o.id, _o.kind, _o.key, _o.payload, _o.payload_sealed, _o.attempts, _o.lease_token)
    ).all()
    for row in rows:
        if row.attempts > MAX_ATTEMPTS:
            _bury(session, row.id, "the worker died every time", now)
    return tuple(_job(session, row) for row in rows if row.attempts <= MAX_ATTEMPTS)


def _due(now: datetime, kinds: frozenset[str] | None) -> Any:
    free = or_(_o.lease_until.is_(None), _o.lease_until <= now)
    due = select(_o.id).where(_o.run_at <= now, free)
    return due.where(_o.kind.in_(kinds)) if kinds is not None else due


def _job(session: Session, row: Any) -> Job:
    secret = unseal_json(session, row.payload_sealed) if row.payload_sealed else {}
    return Job(row.id, row.kind, row.key, row.payload, secret, row.attempts, row.lease_token)


def done(session: Session, job: Job, now: datetime) -> bool:
    """The effect is carried out; False when the lease was lost meanwhile."""
    return _close(session, _held(job), done_at=now, run_at=None, error=None)


def fail(session: Session, job: Job, error: str, now: datetime) -> bool:
    """The effect failed: try again later, longer each time, or give it up; False when the lease was lost."""
    if job.attempts >= MAX_ATTEMPTS:
        return _close(session, _held(job), dead_at=now, run_at=None, error=error[:_MAX_ERROR])
    return _close(session, _held(job), run_at=now + back_off(job.attempts), error=error[:_MAX_ERROR])


def postpone(session: Session, job: Job, until: datetime) -> bool:
    """The effect may not happen now (quiet hours, a rate): the attempt does not count."""
    return _close(session, _held(job), run_at=until, attempts=job.attempts - 1)


def back_off(attempts: int) -> timedelta:
    """The pause after so many attempts: doubled each time, at most an hour."""
    pause: timedelta = _FIRST_PAUSE * 2 ** min(attempts - 1, 12)
    return min(pause, _LONGEST_PAUSE)


def dead(session: Session, limit: int = 100) -> tuple[DeadJob, ...]:
    """The jobs that were given up, latest first."""
    columns = (_o.id, _o.kind, _o.key, _o.payload, _o.attempts, _o.dead_at, _o.error)
    rows = session.execute(select(*columns).where(_IS_DEAD).order_by(_o.dead_at.desc()).limit(limit))
    return tuple(DeadJob(*row) for row in rows)


def counts(session: Session) -> Counts:
    """How many effects wait, were tried in vain so far, and were given up."""
    waiting, tried = _o.run_at.is_not(None), _o.attempts > 0
    row = session.execute(
        select(
            func.count().filter(waiting & ~tried), func.count().filter(waiting & tried), func.count().filter(_IS_DEAD)
        ).where(_o.done_at.is_(None))
    ).one()
    return Counts(*row)


def revive(session: Session, job_id: UUID, now: datetime) -> None:
    """Try a given-up job again from the start."""
    if not _close(session, (_o.id == job_id) & _IS_DEAD, dead_at=None, run_at=now, attempts=0):
        raise NotFound("job_not_found")


def discard(session: Session, job_id: UUID, by: UUID, reason: str, now: datetime) -> None:
    """作罢: a given-up job is put aside by a person, who says why; the row stays."""
    if not reason.strip():
        raise Invalid("field_missing", field="reason")
    put_aside = {"discarded_at": now, "discarded_by": by, "discard_reason": reason.strip()[:_MAX_ERROR]}
    if not _close(session, (_o.id == job_id) & _IS_DEAD, **put_aside):
        raise NotFound("job_not_found")


def discarded(session: Session, limit: int = 50) -> tuple[PutAside, ...]:
    """What was put aside, latest first."""
    columns = (_o.id, _o.kind, _o.key, _o.discarded_at, _STAFF.c.display_name, _o.discard_reason, _o.error)
    query = select(*columns).join(_STAFF, _STAFF.c.id == _o.discarded_by).where(_o.discarded_at.is_not(None))
    return tuple(PutAside(*row) for row in session.execute(query.order_by(_o.discarded_at.desc()).limit(limit)))


def repeat(session: Session, key: str, now: datetime) -> None:
    """Carry out a job once more from the start, done or given up; one that is still waiting is tried now."""
    fresh = {"done_at": None, "dead_at": None, "discarded_at": None, "discarded_by": None, "discard_reason": None}
    if not _close(session, _o.key == key, run_at=now, attempts=0, error=None, **fresh):
        raise NotFound("job_not_found")


def next_run(session: Session) -> datetime | None:
    """When the next job is due, so that a worker knows how long to sleep."""
    return session.execute(select(_o.run_at).where(_o.run_at.is_not(None)).order_by(_o.run_at).limit(1)).scalar()


def _held(job: Job) -> ColumnElement[bool]:
    return (_o.id == job.id) & (_o.lease_token == job.token)


def _close(session: Session, which: ColumnElement[bool], **values: Any) -> bool:
    released = update(_OUTBOX).where(which).values(lease_until=None, lease_token=None, **values)
    return session.execute(released.returning(_o.id)).first() is not None


def _bury(session: Session, job_id: UUID, error: str, now: datetime) -> None:
    _close(session, _o.id == job_id, dead_at=now, run_at=None, error=error)
