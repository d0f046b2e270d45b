"""WeChat's side of the wire: a server that checks what the real one checks, and deliveries as it makes them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from integrations.bootstrap import House
from integrations.channels.wechat import crypto
from integrations.web import make_app

APP_ID, SECRET, TOKEN = "wxba5fad812f8e6fb9", "0123456789abcdef0123456789abcdef", "AAAAA"
KEY = "lNqJ1D5Ha3ZqYkNDAwFR6H3UNbQZTJUSOzvxhv1vKZn"
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
OURS = "gh_680bdefc8c5d"
MAX_BYTES = 2048


@dataclass
class FakeWeChat:
    """The API as WeChat answers it: HTTP 200 with an errcode, tokens that expire, openids that must look like ones."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    menus: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    asked: int = 0

    async def token(self, request: web.Request) -> web.Response:
        self.asked += 1
        query = request.query
        if query.get("grant_type") != "client_credential":
            return _error(40002, "invalid grant_type")
        if query.get("appid") != APP_ID:
            return _error(40013, "invalid appid")
        if query.get("secret") != SECRET:
            return _error(40125, "invalid appsecret")
        self.tokens.append(f"ACCESS_TOKEN_{self.asked}")
        return web.json_response({"access_token": self.tokens[-1], "expires_in": 7200})

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.query.get("access_token") not in self.tokens[-1:]:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        return _error(self.refusals.pop(0), "refused") if self.refusals else None

    async def send(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        raw = (await request.read()).decode()
        body = json.loads(raw)
        if not re.fullmatch(r"o[A-Za-z0-9_-]{27}", body.get("touser", "")):
            return _error(40003, "invalid openid")
        if body.get("msgtype") != "text" or not body["text"]["content"]:
            return _error(40008, "invalid message type")
        if len(body["text"]["content"].encode()) > MAX_BYTES:
            return _error(45002, "content size out of limit")
        assert "\\u" not in raw, "WeChat would show the escapes"
        self.sent.append((body["touser"], body["text"]["content"]))
        return _error(0, "ok")

    async def menu(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        menu = json.loads(await request.read())
        if not 1 <= len(menu["button"]) <= 3:
            return _error(40016, "invalid button size")
        for button in menu["button"]:
            if len(button["name"].encode()) > 16 or not 1 <= len(button["sub_button"]) <= 5:
                return _error(40018, "invalid button name size")
            for entry in button["sub_button"]:
                if len(entry["name"].encode()) > 60 or entry["type"] not in {"click", "view"}:
                    return _error(40017, "invalid button type")
        self.menus.append(menu)
        return _error(0, "ok")


def _error(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})


@dataclass
class Deliverer:
    """WeChat delivering to our webhook: signed, plain or encrypted."""

    client: TestClient
    key: bytes | None = None

    def query(self, nonce: str = "486452656", stamp: int | None = None, token: str = TOKEN) -> dict[str, str]:
        timestamp = str(int(time.time()) if stamp is None else stamp)
        signature = crypto.signature(token, timestamp, nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce, "openid": OPENID}

    async def post(self, xml: str, status: int = 200, query: dict[str, str] | None = None, plain: str = "") -> str:
        """Deliver a message; the text our server answers, decrypted."""
        query = query or self.query(nonce=str(time.time_ns()))
        body = xml
        if self.key is not None:
            encrypted = crypto.encrypt(xml.encode(), self.key, APP_ID)
            proof = crypto.signature(TOKEN, query["timestamp"], query["nonce"], encrypted)
            query = query | {"encrypt_type": "aes", "msg_signature": query.get("msg_signature", proof)}
            body = f"<xml><ToUserName>{OURS}</ToUserName>{plain}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        async with self.client.post("/channels/wechat", params=query, data=body.encode()) as response:
            text = await response.text()
            assert response.status == status, text
        return self.opened(text) if self.key is not None and text.startswith("<xml>") else text

    def opened(self, text: str) -> str:
        fields = {leaf.tag: leaf.text or "" for leaf in ElementTree.fromstring(text)}
        proof = crypto.signature(TOKEN, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
        assert proof == fields["MsgSignature"]
        return crypto.decrypt(fields["Encrypt"], [self.key], APP_ID).decode()


@pytest.fixture
async def wechat() -> AsyncIterator[tuple[FakeWeChat, str]]:
    """The fake and its address."""
    fake, app = FakeWeChat(), web.Application()
    app.router.add_get("/cgi-bin/token", fake.token)
    app.router.add_post("/cgi-bin/message/custom/send", fake.send)
    app.router.add_post("/cgi-bin/menu/create", fake.menu)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


@pytest.fixture
def fake(wechat) -> FakeWeChat:
    return wechat[0]


@pytest.fixture
def account_house(house: House, wechat) -> House:
    """The house with an account in plain mode."""
    given = {
        "wechat_app_id": APP_ID,
        "wechat_app_secret": SecretStr(SECRET),
        "wechat_token": SecretStr(TOKEN),
        "wechat_api_base": wechat[1],
    }
    return replace(house, settings=house.settings.model_copy(update=given))


@pytest.fixture
async def deliver(account_house: House, assets) -> AsyncIterator[Deliverer]:
    """Deliveries in plain mode."""
    async with TestClient(TestServer(make_app(account_house, assets))) as client:
        yield Deliverer(client)


@pytest.fixture
async def sealed(account_house: House, assets) -> AsyncIterator[Callable[[str], Deliverer]]:
    """Deliveries in the secure mode, under a given key; the house knows the current and the previous one."""
    keys = {"wechat_aes_key": SecretStr(KEY), "wechat_aes_key_previous": SecretStr(OLD_KEY)}
    house = replace(account_house, settings=account_house.settings.model_copy(update=keys))
    async with TestClient(TestServer(make_app(house, assets))) as client:
        yield lambda key: Deliverer(client, key)
