"""Celery as the courier: it carries “wake up”, the outbox and the inbox say what is to be done.

Without a broker the worker and the beat run as threads of the web process (`memory://`); with one they are a process
of their own. A wake-up that gets lost costs a second: the beat rings anyway.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from celery import Celery
from celery.beat import EmbeddedService
from celery.worker import WorkController

from integrations import attachments, effects
from integrations.bootstrap import House
from integrations.channels.letter.collecting import collect
from integrations.reports.desk import make_due
from integrations.settings import Settings
from ticketing import accounts

log = structlog.get_logger()
OUTBOX, INBOX, SESSIONS, ALARMS = "hotline.outbox", "hotline.inbox", "hotline.sessions", "hotline.alarms"
WATCH, CALLBACKS, REPORTS = "hotline.watch", "hotline.callbacks", "hotline.reports"
QUEUE, LETTERS = "hotline.queue", "hotline.letters"
_EVERY = {OUTBOX: 1.0, QUEUE: 1.0, INBOX: 5.0, SESSIONS: 600.0, ALARMS: 5.0, WATCH: 30.0, CALLBACKS: 15.0}
_EVERY |= {REPORTS: 120.0, LETTERS: 30.0}
_TASK_SECONDS = 300


def make_celery(settings: Settings) -> Celery:
    """The Celery application: the broker, and the beat that rings for each lane."""
    app = Celery("hotline", broker=settings.celery_broker_url or "memory://localhost")
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=_TASK_SECONDS,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport(settings),
        beat_schedule={name: {"task": name, "schedule": seconds} for name, seconds in _EVERY.items()},
    )
    return app


def _transport(settings: Settings) -> dict[str, object]:
    if settings.embedded:
        return {"polling_interval": 0.05}
    # A killed worker's message comes back within a second, but never while its task may still run.
    return {"visibility_timeout": _TASK_SECONDS + 60, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}


def register(app: Celery, house: House) -> None:
    """Give each lane its work."""

    @app.task(name=OUTBOX)
    def outbox() -> int:
        return effects.drain(house, _now)

    @app.task(name=INBOX)
    def inbox() -> int:
        return asyncio.run(effects.finish_turns(house, _now))

    @app.task(name=SESSIONS)
    def sessions() -> None:
        with house.database.write() as session:
            accounts.sweep(session, _now())
        attachments.sweep(house, _now())

    @app.task(name=ALARMS)
    def alarms() -> int:
        return effects.escalate_alarms(house, _now)

    @app.task(name=WATCH)
    def watch() -> int:
        return effects.go_round(house, _now)

    @app.task(name=QUEUE)
    def offer_round() -> int:
        return effects.offer_round(house, _now)

    @app.task(name=CALLBACKS)
    def call_back() -> int:
        return effects.call_back(house, _now)

    @app.task(name=REPORTS)
    def report() -> int:
        return make_due(house, _now())

    @app.task(name=LETTERS)
    def letters() -> int:
        return collect(house, _now())

    del outbox, inbox, sessions, alarms, watch, call_back, report, offer_round, letters  # Celery keeps them by name


def waker(app: Celery) -> Callable[[], None]:
    """What to call after a transaction that wrote to the outbox; failing to wake is not failing."""

    def wake() -> None:
        try:
            app.send_task(OUTBOX, retry=False)
        except app.connection_for_write().connection_errors as error:
            log.warning("wake_up_lost", error=str(error))

    return wake


@asynccontextmanager
async def working(app: Celery, house: House) -> AsyncIterator[None]:
    """Worker and beat as threads of this process, until the block ends; running work is finished first."""
    register(app, house)
    worker = WorkController(
        app=app, pool_cls="threads", concurrency=4, hostname=f"worker-{os.getpid()}@hotline", quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True,
    )  # fmt: skip
    beat = EmbeddedService(app, thread=True, max_interval=1, scheduler_cls="celery.beat:Scheduler")
    threading.Thread(target=worker.start, name="celery-worker", daemon=True).start()
    beat.start()
    try:
        yield
    finally:
        await asyncio.to_thread(beat.stop)
        await asyncio.to_thread(worker.stop)


def _now() -> datetime:
    return datetime.now(UTC)
