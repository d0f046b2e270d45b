"""What citizens show on WeChat: fetched by the outbox with the shared token, kept once, and the ticket's."""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import select

from integrations import effects
from integrations.bootstrap import House
from integrations.channels.wechat import media
from ticketing import attachment_views, conversations
from ticketing.conversations import Inbound
from ticketing.models import OutboxRow

TYPES = {"photo": "image/jpeg", "voice": "audio/amr", "video": "text/plain", "gone": "application/json"}
Now = Callable[[], datetime]


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return out.getvalue()


def clip() -> bytes:
    return struct.pack(">I", 20) + b"ftypisom" + bytes(4) + b"isom" + bytes(100)


class Materials:
    """WeChat's material endpoint: binary bodies, errors as JSON with status 200, videos by a second address."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens = 0
        self.failing = 0
        self.elsewhere = ""
        self.url = ""

    async def token(self, _request: web.Request) -> web.Response:
        self.tokens += 1
        return web.json_response({"access_token": f"T{self.tokens}", "expires_in": 7200})

    async def get(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != f"T{self.tokens}":
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        name = request.query["media_id"]
        self.asked.append(name)
        if self.failing:
            self.failing -= 1
            return web.Response(status=502)
        bodies = {"photo": photo(), "voice": b"#!AMR\n" + bytes(50), "program": b"MZ" + bytes(50)}
        if name in bodies:
            return web.Response(body=bodies[name], content_type="image/jpeg")
        if name == "video":
            return web.Response(text=f'{{"video_url":"{self.elsewhere or self.url + "/clip"}"}}')
        return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})

    async def clip(self, _request: web.Request) -> web.Response:
        return web.Response(body=clip(), content_type="video/mp4")


@pytest.fixture
async def materials() -> AsyncIterator[Materials]:
    fake, app = Materials(), web.Application()
    app.router.add_get("/cgi-bin/token", fake.token)
    app.router.add_get("/cgi-bin/media/get", fake.get)
    app.router.add_get("/clip", fake.clip)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake


@pytest.fixture
def shop(house: House, materials: Materials, tmp_path) -> House:
    given = {
        "data": tmp_path,
        "wechat_app_id": "wxba5fad812f8e6fb9",
        "wechat_app_secret": SecretStr("secret"),
        "wechat_token": SecretStr("AAAAA"),
        "wechat_api_base": materials.url,
    }
    return replace(house, settings=house.settings.model_copy(update=given))


def shown(house: House, kind: str, media_id: str, external: str = "1"):
    inbound = Inbound("wechat", "openid-1", "〔图片〕", external, "ordos", {"kind": kind, "media_id": media_id})
    with house.database.write() as session:
        recorded = conversations.record(session, inbound, datetime.now(UTC))
        media.ask(session, recorded, dict(inbound.data), datetime.now(UTC))
    return recorded


async def drain(house: House, after: timedelta = timedelta()) -> None:
    import asyncio

    await asyncio.to_thread(effects.drain, house, lambda: datetime.now(UTC) + after)


def kept(house: House, recorded):
    with house.database.read() as session:
        return attachment_views.of_messages(session, [recorded.message_id]).get(recorded.message_id, ())


@pytest.mark.parametrize(
    ("kind", "media_id", "name"),
    [("image", "photo", "微信.jpg"), ("voice", "voice", "微信.amr"), ("video", "video", "微信.mp4")],
)
async def test_what_is_shown_is_fetched_and_kept_once(shop: House, materials, kind, media_id, name) -> None:
    recorded = shown(shop, kind, media_id)
    await drain(shop)
    assert [one.name for one in kept(shop, recorded)] == [name]
    shown(shop, kind, media_id)  # WeChat delivers it again
    await drain(shop)
    assert materials.asked == [media_id] and len(kept(shop, recorded)) == 1


async def test_a_failure_is_tried_again(shop: House, materials: Materials) -> None:
    materials.failing = 1
    recorded = shown(shop, "image", "photo")
    await drain(shop)
    assert kept(shop, recorded) == ()
    await drain(shop, timedelta(minutes=1))
    assert len(kept(shop, recorded)) == 1


@pytest.mark.parametrize("media_id", ["gone", "program"])
async def test_what_is_gone_or_refused_is_not_asked_for_ever(shop: House, materials, media_id) -> None:
    recorded = shown(shop, "image", media_id)
    await drain(shop)
    assert kept(shop, recorded) == ()
    with shop.database.read() as session:
        (row,) = session.scalars(select(OutboxRow).where(OutboxRow.kind == media.WECHAT_MEDIA))
        assert row.done_at is not None


async def test_an_address_that_is_not_wechats_is_not_asked(shop: House, materials: Materials) -> None:
    materials.elsewhere = "http://169.254.169.254/latest/meta-data"
    recorded = shown(shop, "video", "video")
    await drain(shop)
    assert kept(shop, recorded) == ()
    with shop.database.read() as session:
        (row,) = session.scalars(select(OutboxRow).where(OutboxRow.kind == media.WECHAT_MEDIA))
        assert row.done_at is None and "no address of WeChat" in row.error
