"""WeChat's API as the house calls it: HTTP 200 with an errcode, tokens that expire, a budget that runs out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.simulators.wechat import PANE, WeChat

_MAX_BYTES = 2048
_MENU_NAME, _ENTRY_NAME = 16, 60


class WeChatApi:
    """The routes of one Official Account."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat, self._account = wechat, wechat.account

    def add(self, app: web.Application) -> None:
        """Add the routes."""
        app.add_routes(
            [
                web.get("/cgi-bin/token", self.token),
                web.post("/cgi-bin/message/custom/send", self.send),
                web.post("/cgi-bin/message/subscribe/bizsend", self.notice),
                web.post("/cgi-bin/menu/create", self.menu),
                web.get("/cgi-bin/media/get", self.media),
            ]
        )

    async def token(self, request: web.Request) -> web.Response:
        """`GET /cgi-bin/token`."""
        if request.query.get("grant_type") != "client_credential":
            return _error(40002, "invalid grant_type")
        if request.query.get("appid") != self._account.wechat_id:
            return _error(40013, "invalid appid")
        if request.query.get("secret") != self._account.wechat_secret:
            return _error(40125, "invalid appsecret")
        return web.json_response({"access_token": self._wechat.token(), "expires_in": 7200})

    async def send(self, request: web.Request) -> web.Response:
        """`POST …/custom/send`: a customer-service message (客服消息)."""
        if (refused := self._refused(request)) is not None:
            return refused
        raw = (await request.read()).decode()
        body = json.loads(raw)
        openid, words = str(body.get("touser", "")), str(body.get("text", {}).get("content", ""))
        if body.get("msgtype") != "text" or not words:
            return _error(40008, "invalid message type")
        if len(words.encode()) > _MAX_BYTES:
            return _error(45002, "content size out of limit")
        if (no := self._wechat.refusal(openid)) is not None:
            self._wechat.journal.note(PANE, openid, "refused", str(no[0]))
            return _error(*no)
        self._wechat.followers[openid].sent += 1
        # WeChat does not undo \u escapes: what is sent with them is read with them.
        shown = words if "\\u" not in raw else json.dumps(words)[1:-1]
        self._wechat.journal.note(PANE, openid, "house", shown, passive=False)
        return _error(0, "ok")

    async def notice(self, request: web.Request) -> web.Response:
        """`POST …/subscribe/bizsend`: a subscription notice (订阅通知)."""
        if (refused := self._refused(request)) is not None:
            return refused
        body: Mapping[str, Any] = json.loads(await request.read())
        openid = str(body.get("touser", ""))
        who = self._wechat.followers.get(openid)
        if who is None or not who.follows:
            return _error(43101, "user refuse to accept the msg")
        words = "\n".join(str(value.get("value", "")) for value in body.get("data", {}).values())
        self._wechat.journal.note(PANE, openid, "notice", words, page=str(body.get("page", "")))
        return _error(0, "ok")

    async def menu(self, request: web.Request) -> web.Response:
        """`POST …/menu/create`."""
        if (refused := self._refused(request)) is not None:
            return refused
        buttons = json.loads(await request.read())["button"]
        if not 1 <= len(buttons) <= 3:
            return _error(40016, "invalid button size")
        for button in buttons:
            entries = button.get("sub_button", [])
            if len(button["name"].encode()) > _MENU_NAME or len(entries) > 5:
                return _error(40018, "invalid button name size")
            if any(len(one["name"].encode()) > _ENTRY_NAME for one in entries):
                return _error(40024, "invalid sub button name size")
        self._wechat.menu = buttons
        return _error(0, "ok")

    async def media(self, request: web.Request) -> web.Response:
        """`GET …/media/get`: what a citizen sent."""
        if (refused := self._refused(request)) is not None:
            return refused
        found = self._wechat.media.get(request.query.get("media_id", ""))
        if found is None:
            return _error(40007, "invalid media_id")
        return web.Response(body=found[0], content_type=found[1])

    def _refused(self, request: web.Request) -> web.Response | None:
        if self._wechat.knows(request.query.get("access_token", "")):
            return None
        return _error(40001, "invalid credential, access_token is invalid or not latest")


def _error(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})
