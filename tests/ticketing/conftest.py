from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.database.engine import Database
from ticketing.models import Base
from ticketing.privacy import Vault


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}", Vault.create())
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def now():
    return datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
