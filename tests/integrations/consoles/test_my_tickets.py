"""One's own tickets by phone and code: the same answer for every phone, nothing without the code."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from integrations.web import make_app
from ticketing import intake
from ticketing.models import OutboxRow, Role
from ticketing.privacy import unseal_json
from ticketing.workflow import Actor

PHONE = "13800000001"


@pytest.fixture
async def client(house, assets):
    given = {
        "sms_provider": "aliyun",
        "aliyun_access_key_id": "k",
        "aliyun_access_key_secret": SecretStr("s"),
    }
    house = replace(house, settings=house.settings.model_copy(update=given))
    async with TestClient(TestServer(make_app(house, assets))) as running:
        yield running


def _ticket(house) -> str:
    now = datetime.now(UTC)
    draft = intake.AppealDraft(
        kind="投诉", content="楼下路灯不亮", place=None, region=None, happened=None, phone=PHONE, name=None,
        anonymous=False, confidential=False, wants_reply=True, channel="phone", conversation_id=None,
        city=house.city.code,
    )  # fmt: skip
    with house.database.write() as session:
        return intake.register(session, draft, {}, house.city, now, Actor(Role.BOT), None).number


def _code(house) -> str | None:
    with house.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "sms")).all()
        return unseal_json(session, rows[-1].payload_sealed)["blanks"]["code"] if rows else None


async def _post(client, path, status=200, **data) -> str:
    async with client.post(path, data=data) as response:
        assert response.status == status, await response.text()
        return re.sub(r"\d{11}", "…", await response.text())


async def test_phone_then_code_then_the_tickets(client, house):
    number = _ticket(house)
    async with client.get("/t") as response:
        assert "/t/mine" in await response.text()
    assert "填写验证码" in await _post(client, "/t/mine/code", phone="138 0000 0001")
    page = await _post(client, "/t/mine", phone=PHONE, code=_code(house))
    assert number in page and "办理经过" in page


async def test_the_same_answer_for_an_unknown_phone(client, house):
    _ticket(house)
    known = await _post(client, "/t/mine/code", phone=PHONE)
    again = await _post(client, "/t/mine/code", phone=PHONE)
    unknown = await _post(client, "/t/mine/code", phone="13800000009")
    assert known == unknown == again
    wrong = await _post(client, "/t/mine", 422, phone=PHONE, code="x")
    assert wrong == await _post(client, "/t/mine", 422, phone="13800000009", code="x")
    assert "验证码不对" in wrong
    with house.database.read() as session:
        assert len(session.scalars(select(OutboxRow).where(OutboxRow.kind == "sms")).all()) == 1


async def test_a_land_line_and_a_flood(client):
    assert "手机号" in await _post(client, "/t/mine/code", 422, phone="04770000000")
    statuses = []
    for _ in range(12):
        async with client.post("/t/mine/code", data={"phone": "13800000009"}) as response:
            statuses.append(response.status)
    assert statuses[-1] == 429


async def test_without_texts_there_is_no_such_page(house, assets):
    async with TestClient(TestServer(make_app(house, assets))) as running:
        async with running.get("/t") as response:
            assert "/t/mine" not in await response.text()
        async with running.get("/t/mine") as response:
            assert response.status == 404
