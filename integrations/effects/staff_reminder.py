"""“This ticket, matter X, for whom”: into the inbox of everybody concerned, whose screens say so at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from integrations.bootstrap import House
from ticketing import staff_notices
from ticketing.jobs import Job

log = structlog.get_logger()


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Write the notices once and tell their readers' screens."""
    told, ticket_id = job.payload, UUID(job.payload["ticket_id"])
    about = {"to": told["to"], "department": told["department"]}
    with house.database.write() as session:
        people = staff_notices.deliver(session, ticket_id, told["matter"], job.key, now, **about)
    log.info("staff_reminded", matter=told["matter"], to=told["to"], people=len(people))
    for staff_id in people:
        house.live.publish(f"inbox:{staff_id}")
    house.live.publish("tickets")
