"""An alarm was raised, escalated or acknowledged: every staff screen looks again, in whichever process it is."""

from __future__ import annotations

from datetime import datetime

import structlog

from integrations.bootstrap import House
from ticketing.jobs import Job

log = structlog.get_logger()
TOPIC = "alarms"


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Tell the screens; the log keeps what happened, without a word of the citizen's."""
    log.warning("alarm", alarm=job.payload["alarm_id"], step=job.payload["step"], at=now.isoformat())
    house.live.publish(TOPIC)
