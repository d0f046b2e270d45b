"""Twilio's API as we call it: with a timeout, at the address of the settings, no words of the citizen's in any log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from integrations.channels.twilio.account import Account

_TIMEOUT = 8.0
_CLOCKS_APART = timedelta(minutes=2)
_EVENTS = ["initiated", "ringing", "answered", "completed"]


class CallFailed(Exception):
    """Twilio did not take the call: away, too slow, or it said no; `refused` when it will say no again."""

    def __init__(self, words: str, *, refused: bool = False) -> None:
        super().__init__(words[:200])
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Placed:
    """A call as Twilio has it."""

    sid: str
    status: str


class _Redirected(HttpClient):
    """Sends what twilio's client builds for its own hosts to the base of the settings instead."""

    def __init__(self, base: str, timeout: float) -> None:
        self._base, self._timeout = urlsplit(base), timeout

    def request(  # the signature is twilio's
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request; nothing is logged, for it carries numbers."""
        path = self._base.path.rstrip("/") + urlsplit(url).path
        url = urlunsplit((self._base.scheme, self._base.netloc, path, "", ""))
        answer = requests.request(
            method, url, params=params, data=data, headers=headers, auth=auth, timeout=timeout or self._timeout,
            allow_redirects=allow_redirects,
        )  # fmt: skip
        return Response(answer.status_code, answer.text, answer.headers)


class Rest:
    """The calls the house makes; they block, so the web uses a thread."""

    def __init__(self, account: Account, timeout: float = _TIMEOUT) -> None:
        self._account = account
        self._client = Client(account.sid, account.token, http_client=_Redirected(account.api_base, timeout))

    def call(self, to: str, first: str, status: str, *, seconds: int = 30, machines: bool = True) -> Placed:
        """Place a call that asks `first` for its documents and reports to `status` (paths below our root)."""
        root = self._account.voice.root
        options: dict[str, Any] = {
            "to": to,
            "from_": self._account.number,
            "url": root + first,
            "fallback_url": root + "/fallback",
            "status_callback": root + status,
            "status_callback_event": _EVENTS,
            "timeout": seconds,
        }
        options |= {"machine_detection": "Enable"} if machines else {}
        return self._placed(lambda: self._client.calls.create(**options))

    def invite(self, room: str, to: str, label: str, *, seconds: int = 30, ends: bool = False) -> Placed:
        """Ring somebody into a room; a second one with the same label in the same room is refused by Twilio."""
        options = {"from_": self._account.number, "to": to, "label": label, "timeout": seconds, "beep": "false"}
        flow = {"early_media": True, "end_conference_on_exit": ends}
        return self._placed(lambda: self._client.conferences(room).participants.create(**options | flow))

    def status(self, sid: str) -> str:
        """What Twilio says of a call now."""
        return self._placed(lambda: self._client.calls(sid).fetch()).status

    def find(self, to: str, since: datetime) -> Placed | None:
        """The call that was placed to a number since a moment, whose answer never reached us."""
        wanted = {"to": to, "start_time_after": since - _CLOCKS_APART, "limit": 20}
        try:
            found = self._client.calls.list(**wanted)
        except (TwilioException, requests.RequestException) as error:
            raise CallFailed(type(error).__name__) from error
        ours = [call for call in found if str(call.direction).startswith("outbound")]
        return Placed(str(ours[0].sid), str(ours[0].status)) if ours else None

    @staticmethod
    def _placed(ask: Any) -> Placed:
        try:
            made = ask()
        except TwilioException as error:
            status = getattr(error, "status", 0)
            refused = 400 <= status < 500 and status != requests.codes.too_many_requests
            raise CallFailed(
                f"{type(error).__name__} {status} {getattr(error, 'code', '')}", refused=refused
            ) from error
        except requests.RequestException as error:
            raise CallFailed(type(error).__name__) from error
        return Placed(str(getattr(made, "sid", None) or made.call_sid), str(made.status))
