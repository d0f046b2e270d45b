"""A superior platform's number becomes one ticket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from integrations.bootstrap import House
from ticketing.api_tokens import Scope
from ticketing.models import Ticket

MATTER = {"kind": "投诉", "content": "小区供暖不热", "place": "康巴什区", "phone": "13900000001"}


async def test_a_number_is_taken_over_once(house: House, caller: Callable[..., Any]) -> None:
    platform = caller("dispatcher", Scope.TICKETS_IMPORT)
    path = "/imports/province/NM-2026-0001"
    made = await asyncio.gather(*(platform.call("PUT", path, 200, json=MATTER) for _ in range(3)))
    assert len({one["number"] for one in made}) == 1
    refused = await platform.call("PUT", path, 409, json=MATTER | {"content": "别的事"})
    assert refused["code"] == "idempotency_reused"
    other = await platform.call("PUT", "/imports/nation/NM-2026-0001", 200, json=MATTER)
    assert other["number"] != made[0]["number"]
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2
    found = await platform.get(path)
    assert (found["number"], found["channel"], found["status"]) == (made[0]["number"], "superior", "registered")
    await platform.get("/imports/province/NM-2026-0002", 404)
    await platform.call("PUT", "/imports/province/a%20b", 404, json=MATTER)


async def test_import_needs_its_own_scope(caller: Callable[..., Any]) -> None:
    await caller("operator", Scope.TICKETS_WRITE).call("PUT", "/imports/province/1", 403, json=MATTER)
