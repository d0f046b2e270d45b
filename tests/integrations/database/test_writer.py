"""Writes that share a commit: each stands or falls alone, and all of them are durable before anybody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from integrations.database.engine import Database
from integrations.database.writer import BatchLost
from ticketing.models import Base, Citizen
from ticketing.privacy import Vault

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'x.db'}", Vault.create())
    Base.metadata.create_all(found.engine)
    yield found
    found.close()


def _add(session: Session, phone: str) -> str:
    session.add(Citizen(phone_index=phone.encode(), phone_sealed=b"", created_at=NOW))
    return phone


def _phones(session: Session) -> set[str]:
    return {index.decode() for index in session.scalars(select(Citizen.phone_index))}


async def test_every_job_gets_its_own_answer(database: Database) -> None:
    names = [str(number) for number in range(200)]
    assert await asyncio.gather(*(database.writing(_add, name) for name in names)) == names
    assert await database.reading(_phones) == set(names)


async def test_a_failing_job_leaves_nothing_and_disturbs_nobody(database: Database) -> None:
    def fail(session: Session, phone: str) -> None:
        _add(session, phone)
        session.flush()
        raise LookupError(phone)

    jobs = [database.writing(fail if number % 3 == 0 else _add, str(number)) for number in range(30)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(answer, LookupError) for answer in answers] == [number % 3 == 0 for number in range(30)]
    assert await database.reading(_phones) == {str(number) for number in range(30) if number % 3}


async def test_a_broken_constraint_at_the_last_flush_fails_that_job_alone(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.writing(_add, name) for name in ("a", "b", "a", "c")), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [str, str, IntegrityError, str]
    assert await database.reading(_phones) == {"a", "b", "c"}


async def test_a_job_sees_what_the_job_before_it_wrote(database: Database) -> None:
    def count(session: Session) -> int:
        found = session.scalar(select(func.count()).select_from(Citizen)) or 0
        _add(session, str(found))
        return found

    assert await asyncio.gather(*(database.writing(count) for _ in range(50))) == list(range(50))


async def test_nobody_is_told_before_the_commit(database: Database) -> None:
    async def add_and_look(name: str) -> bool:
        await database.writing(_add, name)
        return name in await database.reading(_phones)

    assert all(await asyncio.gather(*(add_and_look(str(number)) for number in range(50))))


async def test_a_transaction_given_up_by_the_database_fails_all_its_jobs(database: Database) -> None:
    def give_up(session: Session) -> None:
        session.execute(text("ROLLBACK"))
        raise OSError("disk full")

    answers = await asyncio.gather(
        database.writing(_add, "before"),
        database.writing(give_up),
        database.writing(_add, "after"),
        return_exceptions=True,
    )
    assert any(isinstance(answer, BatchLost) for answer in answers)
    kept = {answer for answer in answers if isinstance(answer, str)}
    assert await database.reading(_phones) == kept
    assert await database.writing(_add, "later") == "later"


async def test_threads_and_the_event_loop_write_side_by_side(database: Database) -> None:
    def in_a_thread(name: str) -> None:
        with database.write() as session:
            _add(session, name)

    names = [str(number) for number in range(60)]
    await asyncio.gather(
        *(asyncio.to_thread(in_a_thread, name) for name in names[::2]),
        *(database.writing(_add, name) for name in names[1::2]),
    )
    assert await database.reading(_phones) == set(names)


def test_what_is_queued_is_written_before_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'y.db'}"
    first = Database(url, Vault.create())
    Base.metadata.create_all(first.engine)

    async def leave() -> None:
        task = asyncio.create_task(first.writing(_add, "1"))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    first.close()
    second = Database(url, Vault.create())
    with second.read() as session:
        assert _phones(session) == {"1"}
    second.close()
