"""Operators' desks (坐席): who is there, what they take, how much they hold. Without an open screen one is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ticketing.desk_rules import DeskRules, Need
from ticketing.errors import Invalid, NotFound
from ticketing.messages import CONVERSATION
from ticketing.models import Desk, Owner, Presence, Role, Staff
from ticketing.statements import dialect_of, insert_or_skip, table_of

PHONE = "phone"
MAX_CHATS = 8
_DESK, _STAFF = table_of(Desk), table_of(Staff)
_d = _DESK.c
_SIT = insert_or_skip(_DESK, "staff_id", returning=[_d.staff_id])


@dataclass(frozen=True, slots=True)
class DeskView:
    """One desk: `presence` as it counts now, and what its operator holds."""

    staff_id: UUID
    name: str
    presence: Presence
    skills: frozenset[str]
    capacity: int
    seen_at: datetime
    chats: int = 0
    calls: int = 0

    @property
    def free(self) -> int:
        """How many more chats this desk takes now; none beside a call."""
        return 0 if self.presence is not Presence.ONLINE or self.calls else max(0, self.capacity - self.chats)

    def has_room(self, channel: str) -> bool:
        """Whether one more fits: a call fills a desk alone."""
        return self.free > 0 and (channel != PHONE or self.chats == 0)

    def may_take(self, need: Need, rules: DeskRules, *, overflowing: bool = False) -> bool:
        """Whether this person can take it; who has no group takes every group's, a language needs its speaker."""
        if need.language is not None and need.language not in self.skills:
            return False
        mine = self.skills & rules.groups.keys()
        return need.skill is None or overflowing or not mine or need.skill in mine


def touch(session: Session, staff_id: UUID, city: str, rules: DeskRules, now: datetime) -> None:
    """The person's screen is open; the first time it makes their desk. Only operators are online by themselves."""
    seen = update(_DESK).where(_d.staff_id == staff_id).values(seen_at=now, city=city).returning(_d.staff_id)
    if session.execute(seen).first() is not None:
        return
    role = session.execute(select(_STAFF.c.role).where(_STAFF.c.id == staff_id)).scalar_one()
    presence = Presence.ONLINE if role == Role.OPERATOR else Presence.BUSY
    row = {"staff_id": staff_id, "city": city, "presence": presence, "seen_at": now}
    session.execute(_SIT[dialect_of(session)], row | {"skills": [], "capacity": rules.chats})


def seat(session: Session, staff_id: UUID, city: str, rules: DeskRules, now: datetime) -> None:
    """A desk for somebody whose screen was never open: they are away until it is."""
    row = {"staff_id": staff_id, "city": city, "presence": Presence.ONLINE, "seen_at": now - rules.screen}
    session.execute(_SIT[dialect_of(session)], row | {"skills": [], "capacity": rules.chats})


def be(session: Session, staff_id: UUID, presence: str, now: datetime) -> None:
    """在线, 忙碌 or 离开, as the person says."""
    if presence not in set(Presence):
        raise Invalid("code_unknown", field="presence")
    _change(session, staff_id, presence=presence, seen_at=now)


def equip(session: Session, rules: DeskRules, staff_id: UUID, skills: Sequence[str], chats: int) -> None:
    """What a person can take and how many chats at once; a supervisor says so."""
    if not set(skills) <= rules.names.keys():
        raise Invalid("code_unknown", field="skills")
    if not 1 <= chats <= MAX_CHATS:
        raise Invalid("code_unknown", field="chats")
    _change(session, staff_id, skills=sorted(set(skills)), capacity=chats)


def _change(session: Session, staff_id: UUID, **values: Any) -> None:
    changed = update(_DESK).where(_d.staff_id == staff_id).values(**values).returning(_d.staff_id)
    if session.execute(changed).first() is None:
        raise NotFound("desk_not_found")


def desks(session: Session, city: str, rules: DeskRules, now: datetime) -> tuple[DeskView, ...]:
    """All desks of a city, by the person's name."""
    return _read(session, city, rules, now, locked=False)


def free_desks(session: Session, city: str, rules: DeskRules, now: datetime) -> tuple[DeskView, ...]:
    """The desks with room, locked; those somebody else is changing are left out."""
    return tuple(desk for desk in _read(session, city, rules, now, locked=True) if desk.free)


def desk_of(session: Session, staff_id: UUID, rules: DeskRules, now: datetime) -> DeskView | None:
    """One person's desk."""
    city = session.execute(select(_d.city).where(_d.staff_id == staff_id)).scalar()
    found = desks(session, city, rules, now) if city else ()
    return next((desk for desk in found if desk.staff_id == staff_id), None)


def room_of(session: Session, staff_id: UUID) -> tuple[int, int, int] | None:
    """Capacity, chats and calls of a person, their desk locked; None for one without a desk."""
    capacity = session.execute(select(_d.capacity).where(_d.staff_id == staff_id).with_for_update()).scalar()
    return None if capacity is None else (capacity, *_held(session).get(staff_id, (0, 0)))


def _read(session: Session, city: str, rules: DeskRules, now: datetime, *, locked: bool) -> tuple[DeskView, ...]:
    query = (
        select(*_DESK.c, _STAFF.c.display_name)
        .join_from(_DESK, _STAFF, _STAFF.c.id == _d.staff_id)
        .where(_d.city == city, _STAFF.c.active)
        .order_by(_STAFF.c.display_name, _d.staff_id)
    )
    if locked:
        query = query.where(_d.presence == Presence.ONLINE, _d.seen_at > now - rules.screen)
        query = query.with_for_update(of=_DESK, skip_locked=True)
    rows = session.execute(query).all()
    held = _held(session)  # read after the lock, so that what was just taken is seen
    return tuple(_view(row, held.get(row.staff_id, (0, 0)), rules, now) for row in rows)


def _view(row: Any, held: tuple[int, int], rules: DeskRules, now: datetime) -> DeskView:
    there = row.seen_at > now - rules.screen
    presence = Presence(row.presence) if there else Presence.AWAY
    skills = frozenset(row.skills)
    return DeskView(row.staff_id, row.display_name, presence, skills, row.capacity, row.seen_at, *held)


def _held(session: Session) -> dict[UUID, tuple[int, int]]:
    """Chats and calls by person."""
    c = CONVERSATION.c
    rows = session.execute(
        select(c.operator_id, c.channel, func.count())
        .where(c.owner == Owner.OPERATOR, c.closed_at.is_(None))
        .group_by(c.operator_id, c.channel)
    )
    held: dict[UUID, tuple[int, int]] = {}
    for staff_id, channel, count in rows:
        chats, calls = held.get(staff_id, (0, 0))
        held[staff_id] = (chats, calls + count) if channel == PHONE else (chats + count, calls)
    return held
