"""Why a ticket is due when it is (时限说明): every revision of every clock, its rule, its basis and its days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.models import Clock


@dataclass(frozen=True, slots=True)
class ClockView:
    """One revision of one clock: `explanation` lists the counted and the skipped days, and a pause."""

    name: str
    revision: int
    started_at: datetime
    due_at: datetime
    rule: str
    basis: str
    provisional: bool
    cause: str
    explanation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClockStory:
    """One clock from its first revision to the one that counts now."""

    name: str
    revisions: tuple[ClockView, ...]

    @property
    def latest(self) -> ClockView:
        """The revision that counts now."""
        return self.revisions[-1]


def explain(session: Session, ticket_id: UUID) -> tuple[ClockStory, ...]:
    """Each clock of a ticket with the whole of its history."""
    rows = session.scalars(select(Clock).where(Clock.ticket_id == ticket_id).order_by(Clock.name, Clock.revision))
    return tuple(
        ClockStory(name, tuple(_view(clock) for clock in revisions))
        for name, revisions in groupby(rows, key=lambda clock: clock.name)
    )


def _view(clock: Clock) -> ClockView:
    return ClockView(
        clock.name,
        clock.revision,
        clock.started_at,
        clock.due_at,
        clock.rule,
        clock.basis,
        clock.provisional,
        clock.cause,
        clock.explanation,
    )
