"""Leaving the queue for people (离开排队), however the caller does it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from ticketing import queueing
from ticketing.errors import Conflict
from ticketing.models import Left

log = structlog.get_logger()


def wait_no_more(session: Session, conversation_id: UUID | None, how: Left, now: datetime) -> bool:
    """Take a conversation out of the queue; False where it does not wait."""
    if conversation_id is None:
        return False
    try:
        queueing.leave(session, conversation_id, how, now)
    except Conflict:
        log.info("not_in_queue", conversation=str(conversation_id))
        return False
    return True
