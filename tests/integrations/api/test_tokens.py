"""Tokens are made and ended on the command line, and none of them may flood the house."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from integrations.api import access
from integrations.bootstrap import House
from integrations.cli.__main__ import main
from integrations.database.engine import connect
from integrations.limits import Buckets
from integrations.settings import Settings
from integrations.web import make_app
from ticketing import accounts, api_tokens
from ticketing.api_tokens import Scope
from ticketing.models import Role


def test_the_command_line_issues_and_revokes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    who = ["province", "--name", "省平台"]
    assert main(["account", "token", *who, "--scope", "tickets:import", *data]) == 2
    settings = Settings(data=tmp_path)
    database = connect(settings.database, settings.keys)
    with database.write() as session:
        accounts.create_staff(
            session, username="province", display_name="省平台", password="correct-horse", role=Role.OPERATOR,
            now=datetime.now(UTC),
        )  # fmt: skip
    capsys.readouterr()
    assert main(["account", "token", *who, "--scope", "tickets:import", *data]) == 0
    token = capsys.readouterr().out.strip()
    with database.read() as session:
        found = api_tokens.bearer(session, token, datetime.now(UTC))
    assert found is not None and found.scopes == {Scope.TICKETS_IMPORT}
    assert main(["account", "revoke", *who, *data]) == 0
    with database.read() as session:
        assert api_tokens.bearer(session, token, datetime.now(UTC)) is None
    assert main(["account", "revoke", *who, *data]) == 2
    assert main(["account", "token", *who, "--scope", "tickets:import", "--days", "9999", *data]) == 2
    database.close()


async def test_a_flood_is_stopped(house: House, assets: Path, token: Callable[..., Any]) -> None:
    app = make_app(house, assets)
    app[access.PACE] = Buckets(burst=3, per_second=0.001)
    app[access.STRANGERS] = Buckets(burst=2, per_second=0.001)
    headers = {"Authorization": f"Bearer {token('operator')}"}
    async with TestClient(TestServer(app)) as client:
        for status in (200, 200, 200, 429):
            async with client.get("/api/v1/departments", headers=headers) as response:
                assert response.status == status
        for status in (401, 401, 429):
            async with client.get("/api/v1/departments", headers={"Authorization": "Bearer hl_guess"}) as response:
                assert response.status == status
