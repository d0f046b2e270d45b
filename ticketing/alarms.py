"""Alarms for the duty operator (值班告警): durable, acknowledged by a person, else brought before the duty leader.

A risk also has a time until which it must be reported upwards (紧急信息报送).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, aliased

from ticketing import jobs
from ticketing.errors import NotFound
from ticketing.models import AlarmLevel, AlarmRow, Role, Staff, new_id
from ticketing.privacy import seal, unseal
from ticketing.statements import dialect_of, insert_or_skip, table_of

ALARM = "alarm"
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
_MAX_WORDS = 500
_ALARM = table_of(AlarmRow)
_a = _ALARM.c
_RAISE = insert_or_skip(_ALARM, "key", returning=[_a.id])


@dataclass(frozen=True, slots=True)
class AlarmTimes:
    """How long an alarm may wait for a person, and a risk for its report."""

    acknowledge: timedelta
    report: timedelta


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is to be raised; `key` keeps it single (the message's id)."""

    key: str
    city: str
    level: AlarmLevel
    name: str
    number: str | None
    conversation_id: UUID | None
    channel: str
    words: str


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm as the screen shows it."""

    id: UUID
    level: str
    name: str
    number: str | None
    conversation_id: UUID | None
    channel: str
    words: str
    raised_at: datetime
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    report_due: datetime | None
    reported_at: datetime | None
    reported_by: str | None

    @property
    def open(self) -> bool:
        """Whether nobody acknowledged it."""
        return self.acknowledged_at is None


def raise_alarm(session: Session, alarm: Alarm, times: AlarmTimes, now: datetime) -> UUID | None:
    """Store an alarm and wake the screens; None when this message raised it before."""
    risk = alarm.level is AlarmLevel.RISK
    values = {
        "id": new_id(),
        "key": alarm.key,
        "city": alarm.city,
        "level": alarm.level.value,
        "name": alarm.name,
        "number": alarm.number,
        "conversation_id": alarm.conversation_id,
        "channel": alarm.channel,
        "words_sealed": seal(session, alarm.words[:_MAX_WORDS]),
        "raised_at": now,
        "escalate_at": now + times.acknowledge,
        "report_due": now + times.report if risk else None,
    }
    row = session.execute(_RAISE[dialect_of(session)].values(values)).first()
    if row is None:
        return None
    _wake(session, row.id, "raised", now)
    return UUID(str(row.id))


def escalate(session: Session, now: datetime) -> int:
    """Bring what nobody acknowledged in time before the duty leader; returns how many."""
    late = update(_ALARM).where(_a.escalate_at <= now, _a.acknowledged_at.is_(None))
    rows = session.execute(late.values(escalate_at=None, escalated_at=now).returning(_a.id)).all()
    for row in rows:
        _wake(session, row.id, "escalated", now)
    return len(rows)


def next_escalation(session: Session) -> datetime | None:
    """When the next alarm goes to the duty leader, so that looking is enough most of the time."""
    return session.execute(select(_a.escalate_at).where(_a.escalate_at.is_not(None)).order_by(_a.escalate_at)).scalar()


def acknowledge(session: Session, alarm_id: UUID, city: str, staff_id: UUID, now: datetime) -> None:
    """Somebody has seen it and acts; the first one's name stays."""
    _require(session, alarm_id, city)
    mine = update(_ALARM).where(_a.id == alarm_id, _a.acknowledged_at.is_(None))
    session.execute(mine.values(acknowledged_at=now, acknowledged_by=staff_id, escalate_at=None))
    _wake(session, alarm_id, "acknowledged", now)


def reported(session: Session, alarm_id: UUID, city: str, staff_id: UUID, now: datetime) -> None:
    """已报送: the risk went upwards; the first report's time stays."""
    _require(session, alarm_id, city)
    mine = update(_ALARM).where(_a.id == alarm_id, _a.reported_at.is_(None), _a.report_due.is_not(None))
    session.execute(mine.values(reported_at=now, reported_by=staff_id))
    _wake(session, alarm_id, "reported", now)


def ringing(session: Session, city: str, role: Role, limit: int = 20) -> tuple[AlarmView, ...]:
    """What blinks on this role's screen, emergencies first: before leaders only risks and what was escalated."""
    open_ones = (_a.city == city) & _a.acknowledged_at.is_(None)
    if role in LEADERS:
        open_ones &= or_(_a.escalated_at.is_not(None), _a.level == AlarmLevel.RISK.value)
    return tuple(sorted(_views(session, open_ones, limit), key=lambda one: one.level != AlarmLevel.EMERGENCY))


def latest(session: Session, city: str, limit: int = 100) -> tuple[AlarmView, ...]:
    """All alarms, the newest first."""
    return _views(session, _a.city == city, limit)


def _views(session: Session, which: ColumnElement[bool], limit: int) -> tuple[AlarmView, ...]:
    by, told = aliased(Staff), aliased(Staff)
    rows = session.execute(
        select(
            _a.id, _a.level, _a.name, _a.number, _a.conversation_id, _a.channel, _a.words_sealed, _a.raised_at,
            _a.escalated_at, _a.acknowledged_at, by.display_name.label("acknowledged_by"), _a.report_due,
            _a.reported_at, told.display_name.label("reported_by"),
        )
        .outerjoin(by, by.id == _a.acknowledged_by)
        .outerjoin(told, told.id == _a.reported_by)
        .where(which)
        .order_by(_a.raised_at.desc())
        .limit(limit)
    ).mappings()  # fmt: skip
    return tuple(_view(session, dict(row)) for row in rows)


def _view(session: Session, row: dict[str, Any]) -> AlarmView:
    return AlarmView(words=unseal(session, row.pop("words_sealed")), **row)


def _require(session: Session, alarm_id: UUID, city: str) -> None:
    if session.execute(select(_a.id).where(_a.id == alarm_id, _a.city == city)).first() is None:
        raise NotFound("alarm_not_found")


def _wake(session: Session, alarm_id: UUID, step: str, now: datetime) -> None:
    jobs.enqueue(session, ALARM, f"{ALARM}:{alarm_id}:{step}", {"alarm_id": str(alarm_id), "step": step}, now)
