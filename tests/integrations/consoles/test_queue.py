"""The desk as people meet it: offered, handed on, whispered to; and the ways out of the queue for who waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from bot import dialogue
from integrations import effects
from integrations.bootstrap import House
from integrations.channels.web_chat.page import new_session
from ticketing import conversations, return_calls
from ticketing.conversations import Inbound
from ticketing.models import Owner
from ticketing.models import Staff as Account

Staff = Callable[[str], Awaitable]


@dataclass
class Visitor:
    """A visitor's socket, and everything it was sent."""

    socket: ClientWebSocketResponse
    heard: list[str] = field(default_factory=list)

    async def send(self, **frame: object) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def until(self, kind: str, **fields: object) -> dict:
        """The next frame of a kind with these fields."""
        async with asyncio.timeout(30):
            while True:
                self.heard.append(await self.socket.receive_str())
                frame = json.loads(self.heard[-1])
                if frame["type"] == kind and fields.items() <= frame.items():
                    return frame


def now() -> datetime:
    return datetime.now(UTC)


def wait(house: House, address: str, at: datetime | None = None) -> UUID:
    """Somebody who waits for a person."""
    at = at or now()
    with house.database.write() as session:
        said = Inbound("web", address, "我家停水三天了，找人工", f"m-{address}", house.city.code)
        conversation = conversations.record(session, said, at).conversation.id
        conversations.hand_off(session, conversation, "asked", at)
    return conversation


def owner(house: House, conversation: UUID) -> Owner:
    with house.database.read() as session:
        return conversations.view(session, conversation).owner


async def say(house: House, text: str, key: str, address: str = "a") -> dialogue.TurnResult:
    return await dialogue.turn(house.bot, Inbound("web", address, text, key, house.city.code), now)


async def test_an_offer_passed_on_handed_on_and_whispered_to(staff: Staff, house: House) -> None:
    waiting = wait(house, "a")
    path = f"/console/conversations/{waiting}"
    first, second, chief = await staff("operator"), await staff("operator2"), await staff("supervisor")
    assert "有新的会话请您接" in await first.get("/console/desk")
    assert "有新的会话请您接" not in await second.get("/console/desk")
    await first.post(f"{path}/decline")
    assert "有新的会话请您接" in await second.get("/console/desk")
    assert "刚说的" in await second.post(f"{path}/take")
    board = await chief.get("/console/queue")
    assert "正在接待" in board and "operator2" in board
    await chief.post(f"/console/queue/{waiting}/whisper", note="请核实地址")
    assert "请核实地址" in await second.get(path)
    assert "转下一位" in await chief.get(f"/console/queue/{waiting}"), "the record of offers"
    me = await _staff_id(house, "operator")
    assert "请写说明" in await second.post(f"{path}/transfer", 422, to=str(me), note="")
    assert "请选择转给" in await second.post(f"{path}/transfer", 422, to="nobody", note="停水")
    await second.post(f"{path}/transfer", to=str(me), note="停水三天，已报供水公司")
    assert "有新的会话请您接" in await first.get("/console/desk")
    assert "停水三天，已报供水公司" in await first.post(f"{path}/take")
    with house.database.read() as session:
        said = [message.text for message in conversations.messages_after(session, waiting, 0)]
    assert not [text for text in said if "核实地址" in text or "已报供水公司" in text]
    await first.post(f"{path}/back")
    with house.database.read() as session:
        assert "人工服务已结束" in conversations.messages_after(session, waiting, 0)[-1].text


async def _staff_id(house: House, username: str) -> UUID:
    with house.database.read() as session:
        return session.scalars(select(Account.id).where(Account.username == username)).one()


async def test_who_may_see_the_queue_and_equip_desks(staff: Staff, house: House) -> None:
    operator, chief = await staff("operator"), await staff("supervisor")
    await operator.get("/console/desk")
    await operator.get("/console/queue", 403)
    me = await _staff_id(house, "operator")
    page = await chief.post(f"/console/queue/desks/{me}", skills="mn", chats=2)
    assert 'value="mn" checked' in page and 'name="chats" value="2"' in page
    await operator.post("/console/desk", presence="busy")
    assert "忙碌" in await chief.get("/console/queue")
    with house.database.write() as session:
        said = Inbound("web", "private", "你好", "m1", house.city.code)
        alone = conversations.record(session, said, now()).conversation.id
    await chief.get(f"/console/queue/{alone}", 403)


async def test_uncivil_words_are_asked_about_before_they_are_sent(staff: Staff, house: House) -> None:
    waiting, operator = wait(house, "a"), await staff("operator")
    path = f"/console/conversations/{waiting}"
    await operator.post(f"{path}/take")
    page = await operator.post(f"{path}/say", 422, text="这个我不清楚，你自己去问")
    assert "文明用语规范" in page and "这个我不清楚" in page and "我帮您核实一下" in page
    with house.database.read() as session:
        assert len(conversations.messages_after(session, waiting, 0)) == 1
    assert "这个我不清楚" in await operator.post(f"{path}/say", text="这个我不清楚，你自己去问", sure=1)


async def test_a_citizen_who_waits_leaves_word_or_is_called_back(staff: Staff, house: House) -> None:
    result = await say(house, "转人工", "k1")
    assert result.owner == "queue" and "没有工作人员在线" in result.reply.text
    assert [choice.label for choice in result.reply.choices] == ["留言登记", "预约回拨"]
    assert (await say(house, "在吗", "k2")).reply is None, "the bot is silent"
    back = await say(house, "我要反映问题", "k3")
    assert back.owner == "bot" and back.reply is not None
    await say(house, "算了 转人工", "k4")
    if owner(house, back.conversation_id) == Owner.BOT:
        await say(house, "人工", "k5")
    assert "电话" in (await say(house, "预约回拨", "k6")).reply.text
    noted = await say(house, "13900000000", "k7")
    assert noted.owner == "bot" and "给您打电话" in noted.reply.text
    with house.database.read() as session:
        assert len(return_calls.open_calls(session, house.city.code)) == 1
    operator = await staff("operator")
    assert "诉求人预约回拨" in await operator.get("/console/conversations")


async def test_nothing_is_chosen_after_a_person_took_over(staff: Staff, house: House) -> None:
    conversation = (await say(house, "转人工", "k1")).conversation_id
    operator = await staff("operator")
    await operator.post(f"/console/conversations/{conversation}/take")
    result = await say(house, "预约回拨", "k2")
    assert (result.reply, result.owner) == (None, "operator")


async def test_after_a_while_a_choice_is_offered_once_and_absent_operators_lose_the_talk(
    staff: Staff, house: House
) -> None:
    waiting, operator = wait(house, "a"), await staff("operator")
    late = now() + house.city.desk.choice
    assert effects.offer_round(house, lambda: late) > 0
    effects.offer_round(house, lambda: late)
    with house.database.read() as session:
        said = conversations.messages_after(session, waiting, 0)
    assert len(said) == 2 and "预约回拨" in said[-1].text and len(said[-1].reply["choices"]) == 2
    await operator.post(f"/console/conversations/{waiting}/take")
    gone = now() + house.city.desk.absent + timedelta(seconds=1)
    assert effects.offer_round(house, lambda: gone) > 0
    assert owner(house, waiting) == Owner.QUEUE
    with house.database.read() as session:
        assert "暂时离开" in conversations.messages_after(session, waiting, 0)[-1].text


async def test_places_and_typing_reach_the_visitor_and_whispers_never_do(
    staff: Staff, house: House, browser: Callable[[], TestClient]
) -> None:
    wait(house, "before", now() - timedelta(minutes=1))
    client = browser()
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.send(type="hello", session=new_session())
        await visitor.send(type="say", id="id-000001", text="转人工")
        assert (await visitor.until("queue"))["position"] == 2
        operator, chief = await staff("operator"), await staff("supervisor")
        with house.database.read() as session:
            mine = conversations.waiting(session, house.city.code)[1].id
        await operator.post(f"/console/conversations/{mine}/take")
        await visitor.until("owner", owner="operator")
        await chief.post(f"/console/queue/{mine}/whisper", note="悄悄话一句")
        await operator.post(f"/console/conversations/{mine}/typing", 204)
        await visitor.until("typing", on=True)
        with house.live.subscribe(f"citizen-typing:{mine}") as pushes:
            await visitor.send(type="typing")
            async with asyncio.timeout(20):
                assert (await anext(aiter(pushes)))[0] == f"citizen-typing:{mine}"
        await operator.post(f"/console/conversations/{mine}/say", text="您好", key="k")
        await visitor.until("message", text="您好", author="operator")
        assert "悄悄话" not in "".join(visitor.heard)
