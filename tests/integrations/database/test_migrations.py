"""Migrations make exactly the tables the models describe, on both databases, and can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from integrations.database import migrate
from integrations.database.engine import Database
from ticketing.models import Base
from ticketing.privacy import Vault

VERSIONS = sorted((Path(migrate.__file__).parent / "migrations" / "versions").glob("*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> Database:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server = request.getfixturevalue("postgres")
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"empty_{tmp_path.name}".lower().replace("-", "_")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = Database(url, vault)
    request.addfinalizer(database.close)
    return database


def test_an_empty_database_becomes_what_the_models_say(empty: Database) -> None:
    migrate.upgrade(empty.engine)
    assert migrate.is_current(empty.engine)


def test_a_second_upgrade_changes_nothing(empty: Database) -> None:
    migrate.upgrade(empty.engine)
    migrate.upgrade(empty.engine)
    assert migrate.is_current(empty.engine)


def test_all_can_be_undone_and_done_again(empty: Database) -> None:
    migrate.upgrade(empty.engine)
    migrate.downgrade(empty.engine, "base")
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(empty.engine)
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())


def test_migrations_are_one_line() -> None:
    numbers = [path.name[:4] for path in VERSIONS]
    assert numbers == [f"{n:04d}" for n in range(1, len(VERSIONS) + 1)]
