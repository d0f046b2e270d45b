"""The driver against real servers on loopback: one that speaks the web chat, one that speaks Rasa's REST channel."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from benchmarks.driver import drive, rest, web_chat


async def _chat(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for frame in socket:
        said = frame.json()
        if said["type"] == "hello":
            await socket.send_json({"type": "welcome", "session": "s", "owner": "bot", "messages": []})
        elif said["text"] == "坏":
            await socket.send_json({"type": "error", "code": "broken", "text": "出错了"})
        else:
            await socket.send_json({"type": "message", "author": "citizen", "text": said["text"]})
            await asyncio.sleep(0.02)
            await socket.send_json({"type": "message", "author": "bot", "text": "好"})
    return socket


async def _webhook(request: web.Request) -> web.Response:
    said = await request.json()
    return web.json_response([] if said["message"] == "坏" else [{"text": "好"}])


@pytest.fixture
async def url(aiohttp_server) -> str:
    app = web.Application()
    app.router.add_get("/ws/chat", _chat)
    app.router.add_post("/webhooks/rest/webhook", _webhook)
    return str((await aiohttp_server(app)).make_url("")).rstrip("/")


@pytest.mark.parametrize("side", [web_chat, rest])
async def test_every_turn_is_timed(url: str, side) -> None:
    seen = await drive(side, url, [["你好", "再见"]] * 5, 3)
    assert (seen.said, len(seen.latencies), seen.cut_short, seen.failures) == (10, 10, 0, [])
    assert seen.seconds > 0


async def test_a_turn_lasts_until_the_bots_answer(url: str) -> None:
    seen = await drive(web_chat, url, [["你好"]], 1)
    assert seen.latencies[0] >= 0.02


@pytest.mark.parametrize("side", [web_chat, rest])
async def test_a_missing_answer_ends_the_conversation_and_is_counted(url: str, side) -> None:
    seen = await drive(side, url, [["你好", "坏", "再见"], ["你好"]], 2)
    assert (seen.said, len(seen.latencies), seen.cut_short, len(seen.failures)) == (3, 2, 1, 1)


async def test_conversations_run_at_the_same_time(url: str) -> None:
    seen = await drive(web_chat, url, [["一"]] * 20, 20)
    assert seen.seconds < 20 * 0.02
