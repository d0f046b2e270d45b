"""Twilio's REST API as the house calls it: calls, participants, messages, recordings."""

from __future__ import annotations

import base64
import hmac
import io
import secrets
import wave
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from integrations.simulators.call import Call
from integrations.simulators.carrier import Carrier
from integrations.simulators.sms import Gateway

_NEEDED = {"To": (21201, "No 'To' number specified"), "From": (21213, "No 'From' number specified")}
_WHERE = (21205, "Url is not a valid URL")
_SCHEMES = ("http://", "https://")


class TwilioApi:
    """The routes of one account."""

    def __init__(self, carrier: Carrier, gateway: Gateway) -> None:
        self._carrier, self._gateway, self._account = carrier, gateway, carrier.account

    def add(self, app: web.Application) -> None:
        """Add the routes."""
        root = "/2010-04-01/Accounts/{account}"
        app.add_routes(
            [
                web.post(f"{root}/Calls.json", self.create),
                web.get(f"{root}/Calls.json", self.listed),
                web.get(root + "/Calls/{sid}.json", self.fetch),
                web.post(root + "/Calls/{sid}.json", self.change),
                web.post(root + "/Conferences/{room}/Participants.json", self.participant),
                web.post(f"{root}/Messages.json", self.message),
                web.get(root + "/Recordings/{sid}", self.recording),
            ]
        )

    async def create(self, request: web.Request) -> web.Response:
        """`POST Calls.json`."""
        form = await self._form(request)
        if wrong := next((no for name, no in _NEEDED.items() if not form.get(name)), None):
            return _error(400, *wrong)
        if not form.get("Url", "").startswith(_SCHEMES):
            return _error(400, *_WHERE)
        if form["From"] != self._account.number:
            return _error(400, 21210, "'From' phone number not verified")
        events = tuple(str(one) for one in (await request.post()).getall("StatusCallbackEvent", ["completed"]))
        return web.json_response(self._shown(self._carrier.place(form, events)), status=201)

    async def listed(self, request: web.Request) -> web.Response:
        """`GET Calls.json`, the newest first."""
        await self._form(request)
        to = request.query.get("To")
        found = [call for call in reversed(self._carrier.calls.values()) if to in (None, call.called)]
        page = {"page": 0, "page_size": 50, "next_page_uri": None, "previous_page_uri": None, "uri": request.path}
        return web.json_response({"calls": [self._shown(call) for call in found[:50]]} | page)

    async def fetch(self, request: web.Request) -> web.Response:
        """`GET Calls/{sid}.json`."""
        await self._form(request)
        call = self._carrier.calls.get(request.match_info["sid"])
        return web.json_response(self._shown(call)) if call else _error(404, 20404, "The resource was not found")

    async def change(self, request: web.Request) -> web.Response:
        """`POST Calls/{sid}.json`: end a call."""
        form = await self._form(request)
        call = self._carrier.calls.get(request.match_info["sid"])
        if call is None:
            return _error(404, 20404, "The resource was not found")
        if form.get("Status") in {"completed", "canceled"}:
            call.hearing.hang_up()
        return web.json_response(self._shown(call))

    async def participant(self, request: web.Request) -> web.Response:
        """`POST Participants.json`."""
        form = await self._form(request)
        if wrong := next((no for name, no in _NEEDED.items() if not form.get(name)), None):
            return _error(400, *wrong)
        call = self._carrier.invite(request.match_info["room"][:128], form["To"][:100])
        told = {"call_sid": call.sid, "account_sid": self._account.sid, "label": form.get("Label"), "status": "queued"}
        return web.json_response(told, status=201)

    async def message(self, request: web.Request) -> web.Response:
        """`POST Messages.json`."""
        form = await self._form(request)
        to, body = form.get("To", ""), form.get("Body", "")
        if not to.startswith("+") or not to[1:].isdigit():
            return _error(400, 21211, f"Invalid 'To' Phone Number: {to[:20]}")
        if not body or len(body) > 1600:
            return _error(400, 21617 if body else 21602, "Message body is missing or too long")
        if to in self._gateway.stopped:
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        sid = "SM" + secrets.token_hex(16)
        self._gateway.sent(to, body, "twilio", sid, form.get("StatusCallback", ""))
        made = {
            "sid": sid,
            "status": "queued",
            "num_segments": "1",
            "to": to,
            "body": body,
            "direction": "outbound-api",
        }
        more = {"account_sid": self._account.sid, "from": form.get("From"), "error_code": None}
        return web.json_response(made | more, status=201)

    async def recording(self, request: web.Request) -> web.Response:
        """A second of silence: nothing is really recorded."""
        made = io.BytesIO()
        with wave.open(made, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0\0" * 8000)
        return web.Response(body=made.getvalue(), content_type="audio/wav")

    async def _form(self, request: web.Request) -> dict[str, str]:
        """The form, once the account's name and token are right."""
        known = base64.b64encode(f"{self._account.sid}:{self._account.token}".encode()).decode()
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {known}".encode()):
            raise web.HTTPUnauthorized(text='{"code": 20003, "message": "Authenticate", "status": 401}')
        if request.match_info["account"] != self._account.sid:
            raise web.HTTPNotFound(text='{"code": 20404, "message": "Not found", "status": 404}')
        return {name: str(value) for name, value in (await request.post()).items()}

    def _shown(self, call: Call) -> dict[str, Any]:
        seconds = int((call.ended - call.started).total_seconds()) if call.ended and call.started else None
        return {
            "sid": call.sid,
            "account_sid": self._account.sid,
            "api_version": "2010-04-01",
            "from": call.caller,
            "to": call.called,
            "status": call.status if call.status != "initiated" else "queued",
            "direction": "outbound-api" if call.outbound else "inbound",
            "answered_by": call.answered_by or None,
            "start_time": format_datetime(call.started) if call.started else None,
            "end_time": format_datetime(call.ended) if call.ended else None,
            "duration": str(seconds) if seconds is not None else None,
            "uri": f"/2010-04-01/Accounts/{self._account.sid}/Calls/{call.sid}.json",
        }


def _error(status: int, code: int, words: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": words, "more_info": more, "status": status}, status=status)
