"""The one writer of the embedded database: transactions that wait for each other anyway are made durable together.

SQLite lets one transaction write at a time, and making it durable costs as much as everything else in a short one. So
the jobs that queue while one batch is written become the next batch: each runs in a savepoint of its own, a failing one
leaves nothing and disturbs nobody, and nobody is told of success before the common commit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

_LONGEST_BATCH = 64

Work = Callable[[Session], Any]
Told = tuple[asyncio.Future[Any], Any, BaseException | None]


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class BatchLost(Exception):
    """The database gave the whole transaction up (disk full, broken file); none of its jobs is stored."""


class BatchWriter:
    """Runs writing jobs one after the other in one thread; `exclusive` keeps other writers of the process away."""

    def __init__(self, engine: Engine, exclusive: AbstractContextManager[Any], info: dict[str, Any]) -> None:
        self._engine, self._exclusive, self._info = engine, exclusive, info
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Work) -> Any:
        """The result of `work(session)` once it is durable; the work ends even if the caller left."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return await asyncio.shield(future)

    def close(self) -> None:
        """Finish what was queued, then end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch = self._next()
            jobs = [job for job in batch if job is not None]
            if jobs:
                _tell(jobs, self._results(jobs))
            if len(jobs) < len(batch):
                return

    def _next(self) -> list[_Job | None]:
        batch = [self._jobs.get()]
        with contextlib.suppress(Empty):
            while batch[-1] is not None and len(batch) < _LONGEST_BATCH:
                batch.append(self._jobs.get_nowait())
        return batch

    def _results(self, jobs: Sequence[_Job]) -> list[Told]:
        """What each job is told; when the transaction as a whole fails, every job is told so."""
        try:
            with self._exclusive, self._engine.begin() as connection:
                return [self._result(connection, job) for job in jobs]
        except Exception as error:
            return [(job.future, None, error) for job in jobs]

    def _result(self, connection: Connection, job: _Job) -> Told:
        try:
            with self._savepoint(connection) as session:
                result = job.work(session)
            return job.future, result, None
        except BaseException as error:  # whatever it is, it belongs to the caller, and the thread lives on
            if not connection.connection.dbapi_connection.in_transaction:
                raise BatchLost from error
            return job.future, None, error

    @contextlib.contextmanager
    def _savepoint(self, connection: Connection) -> Iterator[Session]:
        with (
            Session(
                connection, info=self._info.copy(), expire_on_commit=False, join_transaction_mode="create_savepoint"
            ) as session,
            session.begin(),
        ):
            yield session


def _tell(jobs: Sequence[_Job], told: Sequence[Told]) -> None:
    """Wake the callers, all of a loop at once; a loop that has closed meanwhile has nobody left to tell."""
    for loop in {job.loop for job in jobs}:
        mine = [answer for answer in told if answer[0].get_loop() is loop]
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(partial(_settle, mine))


def _settle(told: Sequence[Told]) -> None:
    for future, result, error in told:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
