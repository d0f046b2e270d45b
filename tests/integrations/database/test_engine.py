"""Writes are immediate transactions: nothing is lost between threads, and what fails leaves nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from integrations.database.engine import Database
from ticketing.models import Citizen, Unit
from ticketing.privacy import keyed_hash, seal, unseal

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def _add(session: Session, phone: str) -> None:
    session.add(
        Citizen(phone_index=keyed_hash(session, "phone", phone), phone_sealed=seal(session, phone), created_at=NOW)
    )


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Citizen)) or 0


def _lengthen(session: Session) -> None:
    citizen = session.scalars(select(Citizen).with_for_update()).one()
    longer = unseal(session, citizen.phone_sealed) + "1"
    session.execute(update(Citizen).values(phone_sealed=seal(session, longer)))


async def test_concurrent_read_modify_write_loses_no_update(database: Database) -> None:
    await database.writing(_add, "")
    await asyncio.gather(*(database.writing(_lengthen) for _ in range(100)))

    sealed = await database.reading(lambda session: session.scalars(select(Citizen.phone_sealed)).one())
    with database.read() as session:
        assert unseal(session, sealed) == "1" * 100


async def test_a_failing_write_leaves_nothing(database: Database) -> None:
    def fail(session: Session) -> None:
        _add(session, "1")
        raise LookupError

    with pytest.raises(LookupError):
        await database.writing(fail)
    assert await database.reading(_count) == 0


async def test_a_write_ends_even_when_its_caller_left(database: Database) -> None:
    task = asyncio.create_task(database.writing(_add, "2"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while await database.reading(_count) == 0:
            await asyncio.sleep(0.01)


def test_moments_come_back_aware(database: Database) -> None:
    with database.write() as session:
        _add(session, "3")
    with database.read() as session:
        assert session.scalars(select(Citizen.created_at)).one() == NOW


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(database: Database) -> None:
    unit = {"city": "c", "code": "same", "name": "spoken words", "department": "GA", "region": "150600", "active": True}
    with pytest.raises(IntegrityError) as failed, database.write() as session:
        session.execute(insert(Unit), unit)
        session.execute(insert(Unit), unit)
    assert "spoken words" not in str(failed.value)
