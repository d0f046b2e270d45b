"""A web visitor may bind a phone by a code sent to it; the visitor stays nameless until then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from integrations.bootstrap import House
from integrations.web import make_app
from ticketing import intake
from ticketing.models import OutboxRow, Role
from ticketing.privacy import unseal_json
from ticketing.workflow import Actor

PHONE = "13800000001"


@pytest.fixture
async def client(house: House, assets: Path) -> AsyncIterator[TestClient]:
    """A visitor of a house that can send texts."""
    able = replace(house, bot=replace(house.bot, texts=True))
    async with TestServer(make_app(able, assets)) as server, TestClient(server) as opened:
        await opened.get("/")
        yield opened


def left_by_phone(house: House) -> str:
    """The number of a ticket somebody left by telephone."""
    draft = intake.AppealDraft(
        kind="投诉", content="楼下路灯不亮", place=None, region=None, happened=None, phone=PHONE, name=None,
        anonymous=False, confidential=False, wants_reply=True, channel="phone", conversation_id=None,
        city=house.city.code,
    )  # fmt: skip
    with house.database.write() as session:
        return intake.register(session, draft, {}, house.city, datetime.now(UTC), Actor(Role.BOT), None).number


def code_sent(house: House) -> str:
    with house.database.read() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "sms")).one()
        return str(unseal_json(session, row.payload_sealed)["blanks"]["code"])


async def test_the_tickets_of_a_phone_are_seen_while_it_is_bound(client: TestClient, house: House) -> None:
    number = left_by_phone(house)
    async with client.ws_connect("/ws/chat") as socket:
        await socket.send_json({"type": "hello"})
        count = iter(range(100))

        async def say(text: str) -> str:
            await socket.send_json({"type": "say", "id": f"client-{next(count)}", "text": text})
            while (frame := await socket.receive_json(timeout=20)).get("author") != "bot":
                assert frame["type"] != "error", frame
            return str(frame["text"])

        assert number not in await say("查我的工单进度")
        await say("取消")
        assert "公用电脑" in await say("绑定手机")
        assert "138****0001" in await say(PHONE)
        assert "绑定成功" in await say(code_sent(house))
        assert number in await say("查我的工单进度")
        assert "不再显示" in await say("解除绑定")
        assert number not in await say("查我的工单进度")
