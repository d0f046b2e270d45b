"""Guide versions and knowledge tasks survive 0006 in both directions; what people edited is known as theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text

from bot.guides import versions
from bot.guides.guide import Element, Guide
from bot.guides.models import GuideVersion, KnowledgeTask
from bot.guides.tasks import note_gap
from integrations.database import migrate
from integrations.database.engine import Database
from ticketing.models import new_id
from ticketing.privacy import Vault

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
GUIDE = Guide.model_validate(
    {
        "code": "XX001",
        "name": "甲证申领",
        "department": "甲局",
        "cells": {},
        "source": "甲条例",
        "reviewed": date(2026, 1, 1),
        "review_due": date(2027, 1, 1),
    }
)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> Database:
    url = f"sqlite:///{tmp_path / 'rows.db'}"
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"signed_{new_id().hex}"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = Database(url, vault)
    request.addfinalizer(database.close)
    migrate.upgrade(database.engine)
    return database


def test_rows_go_down_and_up(migrated: Database) -> None:
    with migrated.write() as session:
        versions.create(session, GUIDE, "ordos", NOW)
        note_gap(session, city="ordos", item="XX001", elements=(Element.FEE,), reason="missing_cell", question="多少钱",
                 owner="甲局", now=NOW)  # fmt: skip
    migrate.downgrade(migrated.engine, "0005")
    migrate.upgrade(migrated.engine)
    with migrated.read() as session:
        version = session.scalars(select(GuideVersion)).one()
        assert (version.version, version.edited, version.origin, version.author_id) == (1, True, "console", None)
        assert [(task.question, task.outcome) for task in session.scalars(select(KnowledgeTask))] == [("多少钱", None)]
