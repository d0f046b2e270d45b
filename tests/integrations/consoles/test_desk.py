"""The operator's desk: people wait, one operator takes over, the citizen reads it at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from integrations.bootstrap import House
from ticketing import conversations
from ticketing.conversations import Inbound

Staff = Callable[[str], Awaitable]


@pytest.fixture
def waiting(house: House) -> UUID:
    """A conversation that waits for a person."""
    now = datetime.now(UTC)
    with house.database.write() as session:
        said = Inbound("web", "somebody", "我家停水三天了，找人工", "m1", house.city.code)
        conversation = conversations.record(session, said, now).conversation.id
        conversations.hand_off(session, conversation, "asked", now)
    return conversation


async def test_an_operator_takes_answers_and_gives_back(staff: Staff, waiting: UUID, house: House) -> None:
    operator = await staff("operator")
    page = await operator.get("/console/conversations")
    assert str(waiting) in page and "诉求人要求转人工" in page
    path = f"/console/conversations/{waiting}"
    assert "我家停水三天了" in await operator.get(path)
    assert "发送" in await operator.post(f"{path}/take")
    with house.live.subscribe(f"conversation:{waiting}") as pushes:
        assert "您好，马上核实" in await operator.post(f"{path}/say", text="您好，马上核实", key="once-only")
        assert await anext(aiter(pushes)) == (f"conversation:{waiting}", 2)
    assert (await operator.post(f"{path}/say", text="您好，马上核实", key="once-only")).count("您好，马上核实") == 1
    assert "已交还智能客服" in await operator.post(f"{path}/back")
    await operator.get(path, 403)


async def test_who_comes_second_is_told_so(staff: Staff, waiting: UUID) -> None:
    path = f"/console/conversations/{waiting}"
    first, second = await staff("operator"), await staff("operator2")
    await first.post(f"{path}/take")
    assert "已由其他坐席接听" in await second.post(f"{path}/take", 409)
    await second.get(path, 403)
    await second.post(f"{path}/say", 409, text="插话")
    await second.post(f"{path}/register", 409, kind="求助", content="停水")


async def test_a_ticket_is_registered_from_the_conversation_once(staff: Staff, waiting: UUID) -> None:
    operator, path = await staff("operator"), f"/console/conversations/{waiting}"
    await operator.post(f"{path}/take")
    fields = {
        "kind": "求助",
        "content": "某小区停水三天",
        "place": "某小区",
        "phone": "１３９0000 0003",
        "key": "a-form",
    }
    page = await operator.post(f"{path}/register", **fields)
    numbers = set(re.findall(r"/console/tickets/(\d{6}-\d{6}-\d)", page))
    assert len(numbers) == 1 and re.search(r"查询码 <b>\d{6}</b>", page)
    await operator.post(f"{path}/register", **fields)
    assert set(re.findall(r"/console/tickets/(\d{6}-\d{6}-\d)", await operator.get(path))) == numbers
    assert "139****0003" in await operator.get(f"/console/tickets/{numbers.pop()}")


async def test_a_bad_form_says_what_is_wrong_and_keeps_the_rest(staff: Staff, waiting: UUID) -> None:
    operator, path = await staff("operator"), f"/console/conversations/{waiting}"
    await operator.post(f"{path}/take")
    page = await operator.post(f"{path}/register", 422, kind="求助", content="停水了", phone="12")
    assert "电话号码不对" in page and "停水了</textarea>" in page
    assert "有必填内容没有填写" in await operator.post(f"{path}/say", 422, text="  ")


async def test_the_bots_own_conversations_are_nobodys_reading(staff: Staff, house: House) -> None:
    with house.database.write() as session:
        said = Inbound("web", "else", "你好", "m1", house.city.code)
        conversation = conversations.record(session, said, datetime.now(UTC)).conversation.id
    await (await staff("operator")).get(f"/console/conversations/{conversation}", 403)


async def test_lists_are_told_that_something_is_newer(staff: Staff, house: House) -> None:
    operator = await staff("operator")
    async with operator.client.get("/console/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert await stream.content.readline() == b": beat\n"
        house.live.publish("queue")
        await stream.content.readline()
        assert await stream.content.readline() == b"event: queue\n"
    department = await staff("dept-cg")
    async with department.client.get("/console/events") as stream:
        await stream.content.readuntil(b"\n\n")
        house.live.publish("queue")
        house.live.publish("tickets", 3)
        assert await stream.content.readuntil(b"\n\n") == b"event: tickets\ndata: 3\n\n"
