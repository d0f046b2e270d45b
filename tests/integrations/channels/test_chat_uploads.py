"""Files in the web chat: bound to the visitor's cookie, sent with a message, kept for the ticket, never run."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import Image

from integrations.channels.web_chat.page import COOKIE
from integrations.channels.web_chat.uploads import UPLOADS
from integrations.limits import Buckets
from integrations.storage import storage_of

Browser = Callable[[], TestClient]


def photo(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


async def upload(client: TestClient, data: bytes, name: str = "现场.jpg", status: int = 201, key: str = "") -> dict:
    form = FormData({"id": key or uuid.uuid4().hex}, quote_fields=False)
    form.add_field("file", data, filename=name, content_type="text/html")
    async with client.post("/chat/attachments", data=form, headers={"Accept": "application/json"}) as response:
        told = await response.json()
        assert response.status == status, told
        return told


class Visitor:
    def __init__(self, client: TestClient) -> None:
        self.client = client

    async def come(self) -> Visitor:
        await self.client.get("/")
        self.socket = await self.client.ws_connect("/ws/chat")
        await self.socket.send_json({"type": "hello", "after": 0})
        self.welcome = await self.next("welcome")
        return self

    async def next(self, *kinds: str) -> dict:
        while True:
            frame = await self.socket.receive_json(timeout=15)
            if frame["type"] in kinds:
                return frame

    async def say(self, text: str = "", *files: dict) -> tuple[dict, dict]:
        message = {"type": "say", "id": uuid.uuid4().hex, "text": text, "attachments": [one["id"] for one in files]}
        await self.socket.send_json(message)
        said = await self.next("message", "error")
        return said, (await self.next("message") if said["type"] == "message" else {})


@pytest.fixture
async def visitor(browser: Browser) -> Visitor:
    return await Visitor(browser()).come()


async def test_a_photo_is_uploaded_shown_and_said(visitor: Visitor, house) -> None:
    one = await upload(visitor.client, photo())
    assert one | {"id": ""} == {"id": "", "name": "现场.jpg", "medium": "image", "size": one["size"], "thumbnail": True}
    said, reply = await visitor.say("", one)
    assert said["attachments"][0]["id"] == one["id"] and said["text"] == "〔1 个附件〕"
    assert "登记后这些材料会附在工单上" in reply["text"]
    async with visitor.client.get(f"/chat/attachments/{one['id']}/thumbnail") as small:
        assert small.status == 200 and small.content_type == "image/jpeg"
        assert small.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    async with visitor.client.get(f"/chat/attachments/{one['id']}") as whole:
        assert await whole.read() == photo()
        assert whole.headers["Content-Disposition"].startswith("attachment;")
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
    again = await Visitor(visitor.client).come()
    assert again.welcome["messages"][0]["attachments"][0]["id"] == one["id"]


async def test_what_lies_in_the_storage_is_sealed(visitor: Visitor, house) -> None:
    await upload(visitor.client, photo("green"))
    import hashlib

    name = hashlib.sha256(photo("green")).hexdigest()
    stored = storage_of(house.settings).get(name)
    assert stored and photo("green") not in stored and house.vault.unseal_bytes(stored) == photo("green")
    file = house.settings.data / "attachments" / name[:2] / name
    assert file.stat().st_mode & 0o777 == 0o600


async def test_files_of_the_conversation_are_its_tickets(visitor: Visitor, house, staff) -> None:
    one = await upload(visitor.client, photo())
    _said, reply = await visitor.say("我要投诉，东胜区天骄路的路灯坏了三天没人修", one)
    assert reply["reply"]["action"] == "ticket"
    two = await upload(visitor.client, photo("blue"))
    _, kept = await visitor.say("", two)
    assert kept["text"].startswith("收到了，会附在您这件诉求上。") and kept["reply"]["action"] == "ticket"
    number = None
    for words in ("不清楚", "不清楚", "匿名", "确认", "确认"):
        _, reply = await visitor.say(words)
        if number := reply["reply"]["ticket_no"]:
            break
    assert number, reply
    page = await (await staff("operator")).get(f"/console/tickets/{number}")
    assert page.count("/thumbnail") == 2
    three = await upload(visitor.client, photo("black"))
    _, more = await visitor.say("", three)
    assert more["reply"]["ticket_no"] == number


async def test_only_the_visitor_sees_it(visitor: Visitor, browser: Browser) -> None:
    one = await upload(visitor.client, photo())
    other = await Visitor(browser()).come()
    for path in (f"/chat/attachments/{one['id']}", f"/chat/attachments/{one['id']}/thumbnail"):
        async with other.client.get(path) as response:
            assert response.status == 404
    refused, _ = await other.say("", one)
    assert refused["type"] == "error" and refused["code"] == "attachment_not_found"


async def test_without_the_cookie_nothing_is_taken(browser: Browser) -> None:
    assert (await upload(browser(), photo(), status=403))["code"] == "upload_session"


@pytest.mark.parametrize(
    ("data", "name", "code", "words"),
    [
        (b"PK\x03\x04" + bytes(30), "照片.jpg", "file_archive", "不能上传压缩包"),
        (b"<script>alert(1)</script>", "说明.txt", "file_program", "不能上传程序"),
        (b"MZ\x90", "a.png", "file_program", "不能上传程序"),
        (b"\x00\x01\x02", "a.jpg", "file_unknown", "认不出"),
        (b"", "a.jpg", "file_empty", "空的"),
    ],
)
async def test_what_is_refused_is_said_in_chinese(visitor: Visitor, data, name, code, words) -> None:
    told = await upload(visitor.client, data, name, status=422)
    assert told["code"] == code and words in told["detail"]


async def test_an_upload_sent_twice_is_one(visitor: Visitor) -> None:
    first, second = [await upload(visitor.client, photo(), key="same-key-1") for _ in range(2)]
    assert first["id"] == second["id"]


async def test_a_flood_is_slowed(visitor: Visitor, server) -> None:
    server.app[UPLOADS]._burst = 0
    server.app[UPLOADS]._buckets.clear()
    assert isinstance(server.app[UPLOADS], Buckets)
    assert (await upload(visitor.client, photo(), status=429))["code"] == "uploads_too_fast"


async def test_another_site_cannot_upload(visitor: Visitor) -> None:
    form = FormData({"id": "abcdefgh"})
    form.add_field("file", photo(), filename="a.jpg")
    async with visitor.client.post("/chat/attachments", data=form, headers={"Origin": "https://evil.example"}) as told:
        assert told.status == 403
    assert visitor.client.session.cookie_jar.filter_cookies(visitor.client.make_url("/"))[COOKIE].value
