"""kill -9 of Rasa, then of the web process, in the middle of a conversation: nothing said is lost, it goes on."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import aiohttp
import pytest

from tests.journeys.conftest import Product

pytestmark = pytest.mark.journey
_PATIENCE = 120.0


class Citizen:
    """A web-chat client that keeps its session and reconnects, as the page does."""

    def __init__(self, product: Product, http: aiohttp.ClientSession) -> None:
        self._url, self._http = f"{product.url}/ws/chat", http
        self._session: str | None = None
        self.messages: dict[int, dict[str, Any]] = {}

    async def connect(self) -> aiohttp.ClientWebSocketResponse:
        """Connect, trying again while the server is away; what came meanwhile is replayed."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket = await self._http.ws_connect(self._url)
                break
            except aiohttp.ClientError:
                assert time.monotonic() < deadline, "the web process did not come back"
                await asyncio.sleep(0.2)
        hello: dict[str, Any] = {"type": "hello", "after": max(self.messages, default=0)}
        await socket.send_json(hello | ({"session": self._session} if self._session else {}))
        await self._until(socket, lambda frame: frame["type"] == "welcome")
        return socket

    async def say(self, socket: aiohttp.ClientWebSocketResponse, id_: str, text: str) -> None:
        """Send one message without waiting for its answer."""
        await socket.send_json({"type": "say", "id": id_, "text": text})

    async def stored(self, socket: aiohttp.ClientWebSocketResponse, id_: str) -> None:
        """Until the server has echoed a message of ours: it is stored, though not yet answered."""
        while not any(m.get("id") == id_ for m in self.messages.values()):
            await self._until(socket, lambda frame: frame["type"] == "message")

    async def answer_to(self, socket: aiohttp.ClientWebSocketResponse, id_: str) -> dict[str, Any]:
        """The bot's answer to a message of ours, wherever it comes from."""
        while (answer := self._answer(id_)) is None:
            await self._until(socket, lambda frame: frame["type"] == "message")
        return answer

    def _answer(self, id_: str) -> dict[str, Any] | None:
        own = next((seq for seq, m in self.messages.items() if m.get("id") == id_), None)
        later = (m for seq, m in sorted(self.messages.items()) if own and seq > own and m["author"] == "bot")
        return next(later, None)

    async def _until(self, socket: aiohttp.ClientWebSocketResponse, wanted: Any) -> None:
        while True:
            frame = await socket.receive_json(timeout=_PATIENCE)
            assert frame["type"] != "error", frame
            if frame["type"] == "welcome":
                self._session = frame["session"]
            for message in [*frame.get("messages", []), *([frame] if frame["type"] == "message" else [])]:
                self.messages[message["seq"]] = message
            if wanted(frame):
                return


async def test_killing_rasa_and_the_web_process(product: Product) -> None:
    async with aiohttp.ClientSession() as http:
        citizen = Citizen(product, http)
        m1, m2, m3, m4 = (str(uuid.uuid4()) for _ in range(4))
        socket = await citizen.connect()
        await citizen.say(socket, m1, "身份证丢了怎么补")
        assert (await citizen.answer_to(socket, m1))["reply"]["action"] == "answer"

        product.kill("serve.py")
        await citizen.say(socket, m2, "那要多少钱")
        assert "40元" in (await citizen.answer_to(socket, m2))["text"]

        await citizen.say(socket, m3, "楼下工地半夜施工吵得睡不着")
        await citizen.stored(socket, m3)
        product.kill("integrations.cli serve")
        await socket.close()

        socket = await citizen.connect()
        third = await citizen.answer_to(socket, m3)
        await citizen.say(socket, m3, "楼下工地半夜施工吵得睡不着")  # the page sends again what was not acknowledged
        await citizen.say(socket, m4, "东胜区铁西的工地")
        fourth = await citizen.answer_to(socket, m4)
        assert third["reply"]["action"] == fourth["reply"]["action"] == "ticket"

        said = [m.get("id") for m in citizen.messages.values() if m["author"] == "citizen"]
        assert said == [m1, m2, m3, m4]
        assert sorted(citizen.messages) == list(range(1, 9))
        await socket.close()
