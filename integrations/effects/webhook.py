"""One event for another system: signed, sent, and its end written into the log; what fails is tried again later."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from integrations import webhook_post
from integrations.bootstrap import House
from integrations.webhook_post import PostFailed
from ticketing import jobs, webhook_signatures, webhooks
from ticketing.jobs import Job
from ticketing.models import HookStatus
from ticketing.webhooks import Parcel

log = structlog.get_logger()
_SAYS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "hotline-12345-webhook/1"}


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Send; a failure is written down and raised, so that the outbox backs off and in the end gives up."""
    delivery_id = UUID(job.payload["delivery"])
    with house.database.read() as session:
        parcel = webhooks.parcel(session, delivery_id, now)
    if parcel is None:
        _note(house, delivery_id, HookStatus.STOPPED, now)
        return
    try:
        status = _send(parcel, now, private=house.settings.webhook_private)
    except PostFailed as failure:
        last = job.attempts >= jobs.MAX_ATTEMPTS
        ended = HookStatus.DEAD if last else HookStatus.RETRYING
        _note(house, delivery_id, ended, now, failure.status, str(failure))
        raise
    _note(house, delivery_id, HookStatus.DELIVERED, now, status)
    log.info("webhook_delivered", delivery=str(delivery_id), status=status)


def _send(parcel: Parcel, now: datetime, *, private: bool) -> int:
    signed = webhook_signatures.headers(f"msg_{parcel.id}", parcel.body, parcel.keys, now)
    return webhook_post.post(parcel.url, parcel.body, _SAYS | signed, private=private)


def _note(
    house: House,
    delivery_id: UUID,
    status: HookStatus,
    now: datetime,
    http: int | None = None,
    error: str | None = None,
) -> None:
    with house.database.write() as session:
        webhooks.note(session, delivery_id, status, now, http, error)
