"""“This ticket, matter X, for whom”: the screens of those people look again at once."""

from __future__ import annotations

from datetime import datetime

import structlog

from integrations.bootstrap import House
from ticketing.jobs import Job

log = structlog.get_logger()


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Make the consoles refresh; the reminder itself stands in the ticket's history and in the lists of 督查."""
    log.info("staff_reminded", matter=job.payload["matter"], to=job.payload["to"], at=now.isoformat())
    house.live.publish("tickets")
