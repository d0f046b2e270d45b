"""The web chat's protocol: nothing is lost, nothing is doubled, whatever the visitor's network does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from integrations.bootstrap import House
from integrations.channels.web_chat.frames import MAX_FRAME, MAX_TEXT
from integrations.channels.web_chat.page import COOKIE
from integrations.channels.web_chat.socket import BUCKETS
from integrations.limits import Buckets
from ticketing import conversations
from ticketing.announcements import announce

Browser = Callable[[], TestClient]


class Visitor:
    """A chat client as the protocol describes it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}

    async def hello(self, **fields: Any) -> dict[str, Any]:
        await self.socket.send_json({"type": "hello"} | fields)
        self.welcome = await self.next("welcome")
        return self.welcome

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of these types; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                if frame["type"] in kinds:
                    return frame

    async def say(self, text: str, message_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say something; the stored message and the bot's reply."""
        await self.socket.send_json({"type": "say", "id": message_id, "text": text})
        return await self.next("message"), await self.next("message")


@pytest.fixture
def visit(browser: Browser) -> Callable[..., Awaitable[Visitor]]:
    async def come(client: TestClient | None = None, **hello: Any) -> Visitor:
        visitor = Visitor(await (client or browser()).ws_connect("/ws/chat"))
        await visitor.hello(**hello)
        return visitor

    return come


async def test_a_word_is_echoed_with_its_number_and_answered(visit) -> None:
    visitor = await visit()
    assert visitor.welcome["messages"] == [] and visitor.welcome["owner"] == "bot"
    assert len(visitor.welcome["session"]) == 43
    said, reply = await visitor.say("你好", "client-1")
    assert (said["seq"], said["id"], said["author"], said["text"]) == (1, "client-1", "citizen", "你好")
    assert datetime.fromisoformat(said["at"]).tzinfo is not None
    assert (reply["seq"], reply["author"]) == (2, "bot")
    assert reply["reply"]["action"] == "smalltalk" and reply["text"]
    assert set(reply["reply"]) == {"action", "choices", "sources", "ticket_no", "emergency"}


async def test_an_emergency_carries_its_number(visit) -> None:
    _, reply = await (await visit()).say("我家着火了", "client-1")
    assert reply["reply"]["emergency"] == "119"


async def test_a_message_sent_again_is_acknowledged_and_stored_once(visit) -> None:
    visitor = await visit()
    said, _ = await visitor.say("你好", "client-1")
    await visitor.socket.send_json({"type": "say", "id": "client-1", "text": "你好"})
    again = await visitor.next("message")
    assert (again["seq"], again["id"]) == (said["seq"], "client-1")
    _, reply = await visitor.say("谢谢", "client-2")
    assert reply["seq"] == 4


async def test_who_comes_back_gets_what_was_missed_and_no_more(visit) -> None:
    first = await visit()
    session = first.welcome["session"]
    await first.say("你好", "client-1")
    await first.say("谢谢", "client-2")
    await first.socket.close()
    back = await visit(session=session, after=2)
    assert [message["seq"] for message in back.welcome["messages"]] == [3, 4]
    assert back.welcome["messages"][0]["id"] == "client-2"
    assert back.welcome["session"] is None or back.welcome["session"] == session
    again = await visit(session=session, conversation="01234567-0123-7000-8000-0123456789ab", after=4)
    assert [message["seq"] for message in again.welcome["messages"]] == [1, 2, 3, 4]


async def test_a_turn_outlives_its_socket(visit, house: House) -> None:
    first = await visit()
    session = first.welcome["session"]
    await first.socket.send_json({"type": "say", "id": "client-1", "text": "你好"})
    await first.socket.close()
    async with asyncio.timeout(5):
        while len((back := await visit(session=session)).welcome["messages"]) < 2:
            await back.socket.close()
            await asyncio.sleep(0.05)
    assert [message["author"] for message in back.welcome["messages"]] == ["citizen", "bot"]


async def test_two_windows_of_one_visitor_show_the_same(visit) -> None:
    one = await visit()
    await one.say("你好", "client-1")
    two = await visit(session=one.welcome["session"])
    await one.say("谢谢", "client-2")
    assert [(await two.next("message"))["seq"] for _ in range(2)] == [3, 4]
    said, reply = await two.say("再见", "client-3")
    assert (said["seq"], reply["seq"]) == (5, 6)
    assert [(await one.next("message"))["seq"] for _ in range(2)] == [5, 6]


async def test_messages_of_one_visitor_are_answered_in_order(visit) -> None:
    visitor = await visit()
    for n in range(5):
        await visitor.socket.send_json({"type": "say", "id": f"client-{n}", "text": f"你好{n}"})
    frames = [await visitor.next("message") for _ in range(10)]
    assert [frame["seq"] for frame in frames] == list(range(1, 11))
    assert [frame["id"] for frame in frames if frame["author"] == "citizen"] == [f"client-{n}" for n in range(5)]


async def test_a_person_takes_over_and_their_words_arrive_at_once(visit, staff) -> None:
    visitor = await visit()
    await visitor.say("人工", "client-1")
    assert (await visitor.next("owner"))["owner"] == "queue"
    path = f"/console/conversations/{await conversation_of(visitor, visit)}"
    operator = await staff("operator")
    await operator.post(f"{path}/take")
    assert (await visitor.next("owner"))["owner"] == "operator"
    await operator.post(f"{path}/say", text="我是话务员")
    said = await visitor.next("message")
    assert (said["author"], said["text"], said["seq"]) == ("operator", "我是话务员", 3)
    await visitor.socket.send_json({"type": "say", "id": "client-2", "text": "谢谢"})
    assert (await visitor.next("message"))["id"] == "client-2"
    assert "谢谢" in await operator.get(path)
    await operator.post(f"{path}/back")
    assert (await visitor.next("owner"))["owner"] == "bot"


async def conversation_of(visitor: Visitor, visit) -> str:
    other = await visit(session=visitor.welcome["session"])
    await other.socket.close()
    return str(other.welcome["conversation"])


async def test_what_a_late_turn_answered_comes_with_the_next_sign_of_life(visit, house: House) -> None:
    """The sweeper's reply is pushed; should the push be lost, the database still has it."""
    visitor = await visit()
    await visitor.say("你好", "client-1")
    conversation = await conversation_of(visitor, visit)
    with house.database.write() as session:
        seq = announce(session, UUID(conversation), "办理通知", "key-1", datetime.now(UTC))
    house.live.publish(f"conversation:{conversation}", seq)
    told = await visitor.next("message")
    assert (told["author"], told["seq"]) == ("system", 3)


async def test_the_page_gives_a_session_that_scripts_cannot_read(browser: Browser, visit) -> None:
    client = browser()
    async with client.get("/") as response:
        page = await response.text()
        cookie = response.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie.value not in page
    visitor = await visit(client)
    assert visitor.welcome["session"] is None
    await visitor.say("你好", "client-1")
    async with client.get("/") as response:
        assert response.cookies[COOKIE].value == cookie.value
    assert len((await visit(client)).welcome["messages"]) == 2


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '{"type":"dance"}',
        '{"type":"say"}',
        '{"type":"say","id":"<b>","text":"x"}',
        '{"type":"say","id":"client-1","text":""}',
        '{"type":"say","id":"client-1","text":{"a":1}}',
        '{"type":"say","id":"client-1","text":"\\ud800"}',
    ],
)
async def test_a_bad_frame_is_refused_and_the_talk_goes_on(visit, frame: str) -> None:
    visitor = await visit()
    await visitor.socket.send_str(frame)
    assert (await visitor.next("error", "message"))["type"] in {"error", "message"}
    await visitor.socket.send_json({"type": "ping"})
    assert await visitor.next("pong")


async def test_a_flood_of_bad_frames_ends_the_talk(visit) -> None:
    visitor = await visit()
    for _ in range(20):
        await visitor.socket.send_str("no json")
    async with asyncio.timeout(5):
        while (await visitor.socket.receive()).type is WSMsgType.TEXT:
            pass
    assert visitor.socket.close_code == 1008


async def test_too_long_is_said_so_and_too_big_is_cut_off(visit) -> None:
    visitor = await visit()
    await visitor.socket.send_json({"type": "say", "id": "client-1", "text": "长" * (MAX_TEXT + 1)})
    refused = await visitor.next("error")
    assert (refused["code"], refused["id"], refused["retry"]) == ("text_too_long", "client-1", False)
    assert str(MAX_TEXT) in refused["text"]
    await visitor.socket.send_str("x" * (MAX_FRAME + 1))
    assert (await visitor.socket.receive()).type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR}
    assert visitor.socket.close_code == 1009


async def test_a_flood_of_words_is_slowed_down(visit, server: TestServer) -> None:
    visitor = await visit()
    server.app[BUCKETS].__init__(burst=2, per_second=0.001)
    await visitor.say("你好", "client-1")
    await visitor.say("你好", "client-2")
    await visitor.socket.send_json({"type": "say", "id": "client-3", "text": "你好"})
    assert (await visitor.next("error"))["code"] == "chat_too_fast"


def test_a_bucket_fills_again_and_forgets_the_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr("time.monotonic", lambda: moment)
    buckets = Buckets(burst=2, per_second=0.5, most=2)
    assert [buckets.allow("a") for _ in range(3)] == [True, True, False]
    moment = 2.0
    assert [buckets.allow("a") for _ in range(2)] == [True, False]
    assert buckets.allow("b") and buckets.allow("c") and buckets.allow("a")


async def test_another_sites_page_gets_no_socket(browser: Browser) -> None:
    client = browser()
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws/chat", headers={"Origin": "https://elsewhere.example"})
    assert refused.value.status == 403
    async with client.ws_connect("/ws/chat", headers={"Origin": str(client.make_url("/"))[:-1]}) as socket:
        await socket.send_json({"type": "ping"})
        assert (await socket.receive()).type is WSMsgType.CLOSE  # a hello comes first


async def test_a_session_of_another_form_is_refused(browser: Browser) -> None:
    async with browser().ws_connect("/ws/chat") as socket:
        await socket.send_json({"type": "hello", "session": "../../etc/passwd"})
        assert (await socket.receive()).type is WSMsgType.CLOSE


async def test_a_stopping_server_says_so(visit, server: TestServer) -> None:
    visitor = await visit()
    stopping = asyncio.create_task(server.app.shutdown())
    assert (await visitor.socket.receive()).type is WSMsgType.CLOSE
    await stopping
    assert visitor.socket.close_code == 1001


async def test_the_database_holds_what_the_screen_showed(visit, house: House) -> None:
    visitor = await visit()
    _, reply = await visitor.say("你好", "client-1")
    session_address = visitor.welcome["session"]
    with house.database.read() as session:
        view = conversations.running(session, "web", session_address, house.city.code)
        stored = conversations.messages_after(session, view.id, 0)
    assert [message.text for message in stored] == ["你好", reply["text"]]
