"""The page where people write letters: without a script, sent twice, sent by strangers, and with danger in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from integrations import effects
from integrations.bootstrap import House
from integrations.web import make_app
from tests.integrations.channels.letter.conftest import CITIZEN, Smtp, rows
from ticketing.identity import contact_of
from ticketing.models import AlarmRow, Ticket
from ticketing.privacy import unseal

GIVEN = {"content": "东胜区西街的路灯坏了五天，请维修", "place": "西街银行门口", "kind": "", "name": "市民-0001"}


@pytest.fixture
async def opened(assets: Path) -> AsyncIterator[Callable[[House], Awaitable[TestClient]]]:
    clients: list[TestClient] = []

    async def start(house: House) -> TestClient:
        clients.append(TestClient(TestServer(make_app(house, assets))))
        await clients[-1].start_server()
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


async def fields(client: TestClient) -> dict[str, str]:
    async with client.get("/letter") as response:
        text = await response.text()
        assert response.status == 200 and "<script" not in text.split("<main", 1)[1]
    return {name: re.search(f'name="{name}" value="([^"]+)"', text)[1] for name in ("csrf", "key")}


async def post(client: TestClient, data: dict[str, str], file: tuple[str, bytes] | None = None) -> tuple[int, str]:
    body = aiohttp.FormData(default_to_multipart=True)
    for name, value in data.items():
        body.add_field(name, value)
    if file:
        body.add_field("uploads", file[1], filename=file[0])
    async with client.post("/letter", data=body) as response:
        return response.status, await response.text()


async def test_a_letter_is_registered_once_with_its_files_and_confirmed(town: House, smtp: Smtp, opened) -> None:
    plain = town.settings.model_copy(update={"public_url": ""})  # a cookie for https is not sent to this test's server
    client = await opened(replace(town, settings=plain))
    data = GIVEN | await fields(client) | {"phone": "139 0000 0001", "email": "Citizen-0001@mail.test"}
    for _ in range(2):
        status, text = await post(client, data, ("经过.txt", "十一月起不亮".encode()))
        assert status == 200 and "您的信已收到" in text and "查询码" in text
    await asyncio.to_thread(effects.drain, town, lambda: datetime.now(UTC))
    (ticket,) = rows(town, "Ticket")
    assert ticket.number in text and ticket.channel == "letter" and ticket.kind and ticket.evidence["department"]
    with town.database.read() as session:
        contact = contact_of(session, session.get_one(Ticket, ticket.id))
        assert (contact.phone, contact.name) == ("13900000001", "市民-0001")
        assert unseal(session, ticket.place_sealed) == "西街银行门口"
    (kept,) = rows(town, "Attachment")
    assert kept.ticket_id == ticket.id
    ((to, message),) = smtp.sent
    assert to == CITIZEN and ticket.number in message["Subject"]


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(house: House, opened) -> None:
    client = await opened(house)
    status, text = await post(client, GIVEN | await fields(client))
    assert status == 422 and "至少一样" in text and GIVEN["content"] in text and 'aria-invalid="true"' in text
    wrongs = (
        {"phone": "12"},
        {"email": "a@b"},
        {"email": "a@b.cc\nBcc: x@y.zz"},
        {"phone": "13900000001", "kind": "x"},
    )
    for wrong in wrongs:
        status, text = await post(client, GIVEN | await fields(client) | wrong)
        assert status == 422, wrong
    status, text = await post(client, GIVEN | {"content": "<script>alert(1)</script>"} | await fields(client))
    assert "<script>alert" not in text
    assert rows(house, "Ticket") == []


async def test_other_sites_and_too_many_letters_are_refused(house: House, opened) -> None:
    client = await opened(house)
    good = GIVEN | {"phone": "13900000001"}
    assert (await post(client, good | {"csrf": "x", "key": "abcdefgh"}))[0] == 403
    data = good | await fields(client)
    async with client.post("/letter", data=data, headers={"Origin": "https://evil.test"}) as response:
        assert response.status == 403
    for _ in range(6):
        status, text = await post(client, good | {"csrf": "x", "key": "abcdefgh"})
    assert status == 429 and "太频繁" in text
    assert rows(house, "Ticket") == []


async def test_danger_is_answered_at_once_and_the_letter_kept(house: House, opened) -> None:
    client = await opened(house)
    words = {"content": "我家着火了，人被困在屋里，快来救人"}
    status, text = await post(client, GIVEN | words | await fields(client))
    assert status == 422 and text.index('tel:119"') < text.index("至少一样")
    status, text = await post(client, GIVEN | words | {"phone": "13900000001"} | await fields(client))
    assert status == 200 and text.split("<main", 1)[1].index('tel:119"') < text.split("<main", 1)[1].index("工单编号")
    with house.database.read() as session:
        assert session.query(AlarmRow).one().channel == "letter"


async def test_without_a_mailbox_the_form_works_and_sends_nothing(house: House, opened) -> None:
    client = await opened(house)
    status, text = await post(client, GIVEN | await fields(client) | {"email": CITIZEN})
    assert status == 200 and "已发到您的邮箱" not in text
    assert [row for row in rows(house, "OutboxRow") if row.kind == "letter"] == []
