"""Reports over the API are those of the console, for whom they are there; the API's page for people says it all."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient

from integrations.api import API
from integrations.bootstrap import House
from integrations.reports import desk
from ticketing.api_tokens import Scope
from ticketing.measuring import Question
from ticketing.metrics import Accounting
from ticketing.models import Role
from ticketing.workflow import Actor

NOW = datetime.now(UTC)


@pytest.fixture
def made(house: House) -> list[UUID]:
    """Five reports, the latest last."""
    question = Question(Accounting.COHORT, NOW - timedelta(days=7), NOW, NOW, None)
    boss = Actor(Role.SUPERVISOR)
    return [desk.make(house, boss, "week", question, NOW + timedelta(minutes=n // 2), "") for n in range(5)]


async def test_reports_are_listed_page_by_page(caller: Callable[..., Any], made: list[UUID]) -> None:
    boss, found, cursor = caller("supervisor", Scope.REPORTS), [], {}
    while True:
        page = await boss.get("/reports", kind="week", limit=2, **cursor)
        found += [one["id"] for one in page["reports"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(found) == sorted(str(one) for one in made) and found[0] == str(made[-1])
    assert (await boss.get("/reports", kind="day"))["reports"] == []
    assert (await boss.get("/reports", cursor=str(uuid4())))["reports"] == []
    await boss.get("/reports", 422, kind="gossip")


async def test_one_report_and_its_files(caller: Callable[..., Any], made: list[UUID]) -> None:
    boss = caller("supervisor", Scope.REPORTS)
    report = await boss.get(f"/reports/{made[0]}")
    assert report["content"]["sections"] and report["formats"] == ["pdf", "docx", "xlsx", "csv"]
    files = {name: await boss.get(f"/reports/{made[0]}/files/{name}") for name in report["formats"]}
    data = {name: base64.b64decode(file["content"]) for name, file in files.items()}
    assert data["pdf"].startswith(b"%PDF")
    assert all(zipfile.ZipFile(io.BytesIO(data[name])).testzip() is None for name in ("docx", "xlsx"))
    assert files["csv"]["media_type"].startswith("text/csv") and files["pdf"]["name"].endswith(".pdf")
    await boss.get(f"/reports/{uuid4()}", 404)
    await boss.get(f"/reports/{made[0]}/files/exe", 404)


async def test_who_may_not_read_reports_gets_none(caller: Callable[..., Any], made: list[UUID]) -> None:
    await caller("operator", Scope.REPORTS).get("/reports", 403)
    await caller("supervisor", Scope.METRICS).get("/reports", 403)
    department = caller("dept-cg", Scope.REPORTS)
    assert (await department.get("/reports"))["reports"] == []
    await department.get(f"/reports/{made[0]}", 404)


async def test_the_page_for_people_has_every_operation_and_needs_nothing_from_elsewhere(
    browser: Callable[[], TestClient],
) -> None:
    async with browser().get("/api/v1/docs") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        page = await response.text()
    for path, methods in API.describe()["paths"].items():
        for one in methods.values():
            assert f'id="{one["operationId"]}"' in page and path in page
    assert "<script" not in page
    assert not [link for link in re.findall(r'(?:href|src)="([^"]+)"', page) if link.startswith(("http", "//"))]
