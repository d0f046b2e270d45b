"""The page (模拟话机): a telephone, a WeChat and text messages in the browser, and everything that happens."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from integrations.simulators.faults import BadFaults, Faults
from integrations.simulators.simulator import Simulator
from integrations.simulators.wechat import openid_of

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {"phone.html": "text/html", "phone.css": "text/css", "phone.js": "text/javascript"} | {
    "icon.svg": "image/svg+xml"
}
_PHONE = re.compile(r"\+?[0-9]{3,15}|anonymous")
_KEYS = re.compile(r"[0-9*#]{1,32}")
_EVENTS = frozenset({"subscribe", "unsubscribe", "CLICK"})
_MEDIA = {"image/jpeg": "image", "image/png": "image", "audio/amr": "voice", "video/mp4": "video"}
_MOST = 2000
_MAX_BODY = 12 * 1024 * 1024
_Fields = Mapping[str, Any]
_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Page:
    """The routes of the page."""

    def __init__(self, simulator: Simulator, words: Mapping[str, str]) -> None:
        self._all, self._words = simulator, dict(words)

    def add(self, app: web.Application) -> None:
        """Add the routes."""
        app.add_routes(
            [
                web.get("/", _to_phone),
                web.get("/phone", _asset),
                web.get("/phone/{name}", _asset),
                web.get("/words", self.words),
                web.get("/log", self.log),
                web.post("/do/{what}", self.do),
            ]
        )

    async def words(self, request: web.Request) -> web.Response:
        """The words of the page by their id."""
        return web.json_response(self._words, headers=_SECURITY)

    async def log(self, request: web.Request) -> web.Response:
        """`GET /log?after=`: what happened since."""
        after = request.query.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
        entries = [entry.to_json() for entry in self._all.journal.after(number)]
        known = {"menu": self._all.wechat.menu, "faults": asdict(self._all.courier.luck.faults)}
        return web.json_response({"entries": entries} | known, headers=_SECURITY)

    async def do(self, request: web.Request) -> web.Response:
        """`POST /do/…`: something the person at the page does; only JSON, so that no other site can."""
        action = _ACTIONS.get(request.match_info["what"])
        if action is None:
            raise web.HTTPNotFound
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            fields = await request.json()
            done = await action(self, fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise web.HTTPBadRequest(text=type(error).__name__) from error
        return web.json_response(done, headers=_SECURITY)

    async def dial(self, fields: _Fields) -> dict[str, Any]:
        """Call the hotline."""
        return {"sid": self._all.carrier.dial(_fitting(_PHONE, fields["caller"])).sid}

    async def speak(self, fields: _Fields) -> dict[str, Any]:
        """Say, press, begin to type, or hang up."""
        call, value = self._all.carrier.calls[fields["sid"]], str(fields.get("value", ""))[:_MOST]
        match fields["act"]:
            case "say" if value.strip():
                self._all.journal.note("phone", call.sid, "citizen", value)
                call.hearing.say(value)
            case "press":
                self._all.journal.note("phone", call.sid, "keys", value)
                call.hearing.press(_fitting(_KEYS, value))
            case "typing":
                call.hearing.typing()
            case "hang_up":
                call.hearing.hang_up()
            case _:
                raise ValueError("act")
        return {}

    async def ring(self, fields: _Fields) -> dict[str, Any]:
        """Pick up what rings, or end it."""
        carrier, ring = self._all.carrier, self._all.carrier.ringing[fields["ring"]]
        if fields["act"] == "answer":
            ring.answer()
        else:
            ring.end()
            carrier.ringing.pop(ring.id, None)
            self._all.journal.note("phone", ring.call, "hung_up", "", ring=ring.id)
        return {}

    async def wechat(self, fields: _Fields) -> dict[str, Any]:
        """A WeChat message."""
        openid, text = openid_of(str(fields["name"])[:64]), str(fields["text"]).strip()[:_MOST]
        if not text:
            raise ValueError("text")
        self._all.wechat.text(openid, text)
        return {"openid": openid}

    async def event(self, fields: _Fields) -> dict[str, Any]:
        """Follow, leave, or tap the menu."""
        openid, event = openid_of(str(fields["name"])[:64]), str(fields["event"])
        if event not in _EVENTS:
            raise ValueError("event")
        self._all.wechat.event(openid, event, str(fields.get("key", ""))[:64])
        return {"openid": openid}

    async def show(self, fields: _Fields) -> dict[str, Any]:
        """A picture, a voice, a video, in base64."""
        kind = _MEDIA[str(fields["type"])]
        try:
            data = base64.b64decode(str(fields["data"]), validate=True)
        except binascii.Error as error:
            raise ValueError("data") from error
        openid = openid_of(str(fields["name"])[:64])
        self._all.wechat.show(openid, kind, data, str(fields["type"]))
        return {"openid": openid}

    async def sms(self, fields: _Fields) -> dict[str, Any]:
        """A text message."""
        phone, text = _fitting(_PHONE, fields["phone"]), str(fields["text"]).strip()[:_MOST]
        if not text:
            raise ValueError("text")
        return {"id": self._all.gateway.text(phone, text)}

    async def faults(self, fields: _Fields) -> dict[str, Any]:
        """What goes wrong from now on."""
        try:
            self._all.courier.luck.faults = Faults.read(str(fields["faults"])[:200])
        except BadFaults as error:
            raise ValueError("faults") from error
        return {}


def make_app(simulator: Simulator, words: Mapping[str, str]) -> web.Application:
    """The page and the providers' APIs."""
    app = web.Application(client_max_size=_MAX_BODY)
    simulator.add(app)
    Page(simulator, words).add(app)
    return app


async def _to_phone(request: web.Request) -> web.Response:
    raise web.HTTPFound("/phone")


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info.get("name", "phone.html")
    if name not in _TYPES:
        raise web.HTTPNotFound
    text = (_ASSETS / name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=_TYPES[name], headers=_SECURITY)


def _fitting(shape: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError("not of the shape")
    return value


_ACTIONS: Mapping[str, Callable[[Page, _Fields], Awaitable[dict[str, Any]]]] = {
    "dial": Page.dial,
    "speak": Page.speak,
    "ring": Page.ring,
    "wechat": Page.wechat,
    "event": Page.event,
    "show": Page.show,
    "sms": Page.sms,
    "faults": Page.faults,
}
