"""Callers of the API, each with a token of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from integrations.bootstrap import House
from ticketing import api_tokens
from ticketing.api_tokens import Scope


@dataclass
class Caller:
    """Another system with its token."""

    client: TestClient
    token: str

    async def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        async with self.client.request(method, f"/api/v1{path}", headers=headers, **more) as response:
            text = await response.text()
            assert response.status == status, text
            expected = "application/problem+json" if status >= 400 else "application/json"
            assert response.content_type == expected
            return await response.json(content_type=None)

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return await self.call("GET", path, status, params=params)

    async def post(self, path: str, status: int, body: Any, **headers: str) -> Any:
        return await self.call("POST", path, status, json=body, headers=headers)

    async def register(self, key: str, status: int = 201, **changes: Any) -> Any:
        matter = {"kind": "投诉", "content": "小区门口的路灯坏了三天没人修", "phone": "13900000001"} | changes
        return await self.post("/tickets", status, matter, **{"Idempotency-Key": key})


@pytest.fixture
def token(house: House) -> Callable[..., str]:
    """Issues a token."""

    def issue(username: str, *scopes: Scope, **changes: Any) -> str:
        now = changes.pop("now", datetime.now(UTC))
        wanted = {"name": "test", "scopes": scopes or tuple(Scope), "lasts": timedelta(days=1)} | changes
        with house.database.write() as session:
            return api_tokens.issue(session, username=username, now=now, **wanted)

    return issue


@pytest.fixture
def caller(browser: Callable[[], TestClient], token: Callable[..., str]) -> Callable[..., Caller]:
    """Makes callers."""
    return lambda username, *scopes: Caller(browser(), token(username, *scopes))
