"""Requests that nobody decided yet (未决申请): what ends a matter ends them too."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from ticketing.models import Request, RequestStatus
from ticketing.statements import table_of

REQUEST = table_of(Request)
OPEN = frozenset({RequestStatus.PENDING, RequestStatus.APPROVED})


def lapse(session: Session, ticket_id: UUID, now: datetime) -> None:
    """The ticket moved on: requests on it that did not take effect lapse (失效), a pause is over."""
    mine = REQUEST.c.ticket_id == ticket_id
    lapsed = update(REQUEST).where(mine, REQUEST.c.status.in_(OPEN))
    session.execute(lapsed.values(status=RequestStatus.LAPSED, ended_at=now))
    paused = (REQUEST.c.kind == "suspension") & (REQUEST.c.status == RequestStatus.EFFECTIVE)
    session.execute(update(REQUEST).where(mine, paused).values(status=RequestStatus.ENDED, ended_at=now))
