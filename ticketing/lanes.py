"""Lanes with a rate (限速通道): so many effects a second over all workers, by one row that they share."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.models import Lane
from ticketing.statements import dialect_of, insert_or_skip, table_of

_LANE = table_of(Lane)
_l = _LANE.c
_MAKE = insert_or_skip(_LANE, "name", returning=[_l.name])


def enter(session: Session, name: str, apart: timedelta, now: datetime) -> datetime | None:
    """Take the lane for one effect: None when it may happen now, else when to try again."""
    session.execute(_MAKE[dialect_of(session)], {"name": name, "free_at": now})
    mine = update(_LANE).where(_l.name == name, _l.free_at <= now).values(free_at=now + apart)
    if session.execute(mine.returning(_l.name)).first() is not None:
        return None
    free_at: datetime = session.execute(select(_l.free_at).where(_l.name == name)).scalar_one()
    return free_at
