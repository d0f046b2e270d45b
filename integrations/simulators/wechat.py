"""WeChat's side (微信服务器): delivers a citizen's messages as WeChat does, and knows what may be sent to whom."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

from integrations.channels.wechat import crypto
from integrations.channels.wechat.messages import read_fields
from integrations.simulators.account import WECHAT_NAME, Account
from integrations.simulators.courier import Courier, Parcel
from integrations.simulators.journal import Journal

PANE = "wechat"
WINDOW, MESSAGES = timedelta(hours=48), 5
_LIFE, _GRACE = timedelta(hours=2), timedelta(minutes=5)
_WAIT, _TRIES = 5.0, 3
_NOTHING = {"", "success"}


def openid_of(name: str) -> str:
    """The openid of a citizen of the page: always the same, and of the shape of a real one."""
    return "o" + urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:27]


@dataclass
class Follower:
    """What WeChat knows of one citizen."""

    heard_at: datetime
    sent: int = 0
    follows: bool = True


@dataclass
class WeChat:
    """One Official Account and its followers."""

    account: Account
    courier: Courier
    journal: Journal
    now: Callable[[], datetime]
    wait: float = _WAIT
    followers: dict[str, Follower] = field(default_factory=dict)
    tokens: list[tuple[str, datetime]] = field(default_factory=list)
    media: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    menu: list[dict[str, object]] = field(default_factory=list)
    _last_id: int = 0

    def token(self) -> str:
        """A new access token; the one before it works five minutes more."""
        self.tokens = [*self.tokens[-1:], ("simulated-" + secrets.token_hex(32), self.now() + _LIFE)]
        return self.tokens[-1][0]

    def knows(self, token: str) -> bool:
        """Whether a token is good."""
        now = self.now()
        if self.tokens and self.tokens[-1][0] == token:
            return now < self.tokens[-1][1]
        issued = self.tokens[-1][1] - _LIFE if self.tokens else now
        return any(old == token for old, _ in self.tokens[:-1]) and now < issued + _GRACE

    def refusal(self, openid: str) -> tuple[int, str] | None:
        """Why a customer-service message cannot reach somebody: 45015 after 48 hours, 45047 after five messages."""
        who = self.followers.get(openid)
        if who is None:
            return 40003, "invalid openid"
        if not who.follows:
            return 43004, "require subscribe"
        if self.now() - who.heard_at > WINDOW:
            return 45015, "response out of time limit or subscription is canceled"
        return (45047, "out of response count limit") if who.sent >= MESSAGES else None

    def text(self, openid: str, words: str) -> int:
        """A citizen writes; the message's id."""
        return self._message(openid, "text", {"Content": words}, words)

    def show(self, openid: str, kind: str, data: bytes, media_type: str) -> int:
        """A citizen sends a picture, a voice or a video."""
        media_id = secrets.token_urlsafe(32)
        self.media[media_id] = (data, media_type)
        return self._message(openid, kind, {"MediaId": media_id, "Format": "amr"}, kind)

    def event(self, openid: str, event: str, key: str = "") -> None:
        """A citizen follows, leaves or taps the menu."""
        self._heard(openid).follows = event != "unsubscribe"
        self._deliver(openid, "event", {"Event": event, "EventKey": key}, f"{event} {key}".strip())

    def _message(self, openid: str, kind: str, fields: Mapping[str, str], shown: str) -> int:
        self._heard(openid)
        self._last_id = max(self._last_id + 1, int(self.now().timestamp() * 1_000_000))
        self._deliver(openid, kind, {**fields, "MsgId": str(self._last_id)}, shown)
        return self._last_id

    def _heard(self, openid: str) -> Follower:
        self.followers[openid] = Follower(self.now())
        return self.followers[openid]

    def _deliver(self, openid: str, kind: str, fields: Mapping[str, str], shown: str) -> None:
        head = {"ToUserName": WECHAT_NAME, "FromUserName": openid, "CreateTime": str(int(self.now().timestamp()))}
        xml = _xml(head | {"MsgType": kind} | dict(fields))
        self.journal.note(PANE, openid, "citizen", shown, type=kind)
        self.courier.start(self._delivered(openid, xml))

    async def _delivered(self, openid: str, xml: str) -> None:
        """Three times in all, five seconds each; the last answer is what the citizen reads."""
        if self.courier.luck.overtaken():
            await self.courier.pause(self.courier.luck.faults.longest)
        answer = await self.courier.deliver(lambda: self._parcel(openid, xml), _TRIES, 0.0, self.wait)
        if not answer.good:
            self.journal.note(PANE, openid, "failed", str(answer.status))
        elif answer.body not in _NOTHING:
            self.journal.note(PANE, openid, "house", self._read(answer.body), passive=True)

    def _parcel(self, openid: str, xml: str) -> Parcel:
        """Signed for this moment, so that every try has a proof of its own."""
        stamp, nonce = str(int(self.now().timestamp())), str(secrets.randbelow(10**10))
        query = {"signature": crypto.signature(self.account.wechat_token, stamp, nonce)}
        query |= {"timestamp": stamp, "nonce": nonce, "openid": openid}
        if self.account.wechat_key:
            sealed = crypto.encrypt(xml.encode(), _key(self.account.wechat_key), self.account.wechat_id)
            proof = crypto.signature(self.account.wechat_token, stamp, nonce, sealed)
            query |= {"encrypt_type": "aes", "msg_signature": proof}
            xml = _xml({"ToUserName": WECHAT_NAME, "Encrypt": sealed})
        url = f"{self.account.house}/channels/wechat?{urlencode(query)}"
        return Parcel(url, xml.encode(), {"Content-Type": "text/xml"}, PANE, openid)

    def _read(self, body: str) -> str:
        """The words of a passive reply, as WeChat reads it."""
        fields = read_fields(body.encode())
        if "Encrypt" in fields:
            proof = crypto.signature(self.account.wechat_token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
            if proof != fields["MsgSignature"]:
                raise ValueError("a reply with a wrong signature")
            opened = crypto.decrypt(fields["Encrypt"], [_key(self.account.wechat_key)], self.account.wechat_id)
            fields = read_fields(opened)
        return fields["Content"]


def _key(text: str) -> bytes:
    return b64decode(text + "=")


def _xml(fields: Mapping[str, str]) -> str:
    root = ElementTree.Element("xml")
    for name, value in fields.items():
        ElementTree.SubElement(root, name).text = value
    return ElementTree.tostring(root, encoding="unicode")
