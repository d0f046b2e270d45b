"""The database as the rest of the house sees it: short transactions in threads, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from integrations.database.dialect import light
from integrations.database.writer import BatchWriter
from ticketing.privacy import Vault

P = ParamSpec("P")
T = TypeVar("T")
Opener = Callable[[], AbstractContextManager[Session]]
_BUSY_MS = 10_000


class Database:
    """Implements `ticketing.sessions.Database`.

    The pool has as many connections as the executor has threads, so a hop never waits for a connection. SQLite knows
    one writer at a time: writers of this process queue at a lock instead of polling the file, those that come from the
    event loop share commits (`BatchWriter`), and `BEGIN IMMEDIATE` keeps those of other processes apart.
    """

    def __init__(self, url: str, vault: Vault, *, threads: int = 8) -> None:
        self.engine = _engine(url, threads)
        self.vault = vault
        self._immediate = self.engine.execution_options(immediate=True)
        self._writers: AbstractContextManager[Any] = Lock() if self.is_sqlite else nullcontext()
        self._batches = BatchWriter(self._immediate, self._writers, {"vault": vault}) if self.is_sqlite else None
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="database")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only looks."""
        with Session(self.engine, info={"vault": self.vault}, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one immediate transaction: commits at the end, or leaves nothing."""
        with (
            self._writers,
            Session(self._immediate, info={"vault": self.vault}, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    async def reading(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` in a thread, looking only."""
        return await self._hop(self.read, work, *args, **kwargs)

    async def writing(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` in a thread, in one transaction; once started it ends, even if the caller left."""
        if self._batches:
            return await self._batches.run(lambda session: work(session, *args, **kwargs))
        return await asyncio.shield(self._hop(self.write, work, *args, **kwargs))

    async def _hop(
        self, open_session: Callable[[], AbstractContextManager[Session]], work: Any, *a: Any, **k: Any
    ) -> Any:
        def run() -> Any:
            with open_session() as session:
                return work(session, *a, **k)

        return await asyncio.get_running_loop().run_in_executor(self._executor, run)

    def close(self) -> None:
        """Finish what runs and let go of every connection."""
        if self._batches:
            self._batches.close()
        self._executor.shutdown(wait=True)
        self.engine.dispose()


def connect(url: str, keys: Path) -> Database:
    """The database of a URL, with the vault of a key file (made if there is none)."""
    return Database(url, Vault.open(keys))


def _engine(url: str, threads: int) -> Engine:
    # An error's text ends in logs and in the outbox: what a citizen said has no place there, so parameters are hidden.
    options: dict[str, Any] = {
        "pool_size": threads,
        "max_overflow": threads,
        "pool_timeout": 10,
        "hide_parameters": True,
    }
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, **options)
    engine = create_engine(light(make_url(url)), **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late and deferred
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
