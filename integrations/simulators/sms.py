"""Text messages (短信网关): what the house sends reaches a telephone of the page, receipts and answers go back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.simulators.account import Account
from integrations.simulators.carrier import signed
from integrations.simulators.courier import Courier, Parcel
from integrations.simulators.journal import Journal

PANE = "sms"
_TRIES, _AFTER, _SECONDS = 3, 2.0, 10.0
_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
_START = frozenset({"START", "YES", "UNSTOP"})


@dataclass
class Gateway:
    """One account with every provider; `arrives` is whether a telephone gets what is sent to it."""

    account: Account
    courier: Courier
    journal: Journal
    now: Callable[[], datetime]
    stopped: set[str] = field(default_factory=set)
    arrives: bool = True

    def sent(self, phone: str, text: str, provider: str, sid: str, report: str) -> None:
        """The house sent a text: it is shown, and its receipts go back, in an order of their own."""
        self.journal.note(PANE, phone, "house" if self.arrives else "undelivered", text, provider=provider, id=sid)
        parcels = _RECEIPTS[provider](self, phone, sid, report) if report else []
        if self.courier.luck.overtaken():
            parcels.reverse()
        for parcel in parcels:
            self.courier.start(self.courier.deliver(lambda parcel=parcel: parcel, _TRIES, _AFTER, _SECONDS))

    def text(self, phone: str, words: str) -> str:
        """A citizen texts the hotline; the message's id."""
        self.journal.note(PANE, phone, "citizen", words)
        sid = "SM" + secrets.token_hex(16)
        parcel = _TEXTS[self.account.sms_provider](self, phone, words, sid)
        self.courier.start(self.courier.deliver(lambda: parcel, _TRIES, _AFTER, _SECONDS))
        return sid

    def twilio_text(self, phone: str, words: str, sid: str) -> Parcel:
        """Twilio's webhook; it obeys the English stop words itself and says so."""
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self.account.sid, "From": phone, "Body": words}
        form |= {"To": self.account.number, "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01"}
        word = words.strip().upper()
        if word in _STOP:
            self.stopped.add(phone)
            form["OptOutType"] = "STOP"
        elif word in _START:
            self.stopped.discard(phone)
            form["OptOutType"] = "START"
        return signed(self.account, f"{self.account.house}/channels/twilio/sms", form, PANE, phone)

    def aliyun_text(self, phone: str, words: str, sid: str) -> Parcel:
        """SmsUp, a list with one row."""
        row = {"phone_number": phone.removeprefix("+86"), "send_time": self._stamp(), "content": words}
        row |= {"sign_name": "12345", "dest_code": "12345", "sequence_id": str(int(sid[2:17], 16))}
        return self._json("aliyun", "inbound", [row], phone)

    def tencent_text(self, phone: str, words: str, sid: str) -> Parcel:
        """短信回复通知; it has no id, only its second."""
        row = {"nationcode": "86", "mobile": phone.removeprefix("+86"), "text": words, "sign": "12345"}
        row |= {"time": str(int(self.now().timestamp())), "extend": ""}
        return self._json("tencent", "inbound", row, phone)

    def twilio_receipts(self, phone: str, sid: str, report: str) -> list[Parcel]:
        """sent, then delivered or undelivered."""
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self.account.sid, "To": phone}
        form |= {"From": self.account.number, "ApiVersion": "2010-04-01"}
        last = (
            {"MessageStatus": "delivered"} if self.arrives else {"MessageStatus": "undelivered", "ErrorCode": "30003"}
        )
        words: list[dict[str, str]] = [{"MessageStatus": "sent"}, last]
        return [
            signed(self.account, report, form | one | {"SmsStatus": one["MessageStatus"]}, PANE, phone) for one in words
        ]

    def aliyun_receipts(self, phone: str, sid: str, reference: str) -> list[Parcel]:
        """SmsReport."""
        row = {"phone_number": phone.removeprefix("+86"), "send_time": self._stamp(), "report_time": self._stamp()}
        code = "DELIVERED" if self.arrives else "UNDELIVERED"
        row |= {"success": self.arrives, "err_code": code, "biz_id": sid, "out_id": reference, "sms_size": "1"}
        return [self._json("aliyun", "receipt", [row], phone)]

    def tencent_receipts(self, phone: str, sid: str, reference: str) -> list[Parcel]:
        """短信下发状态通知."""
        row = {"nationcode": "86", "mobile": phone.removeprefix("+86"), "user_receive_time": self._stamp(), "sid": sid}
        status = "SUCCESS" if self.arrives else "FAIL"
        row |= {"report_status": status, "errmsg": "DELIVRD" if self.arrives else "UNDELIV", "ext": reference}
        return [self._json("tencent", "receipt", [row], phone)]

    def _json(self, provider: str, what: str, body: Any, phone: str) -> Parcel:
        url = f"{self.account.house}/channels/sms/{provider}/{what}?key={self.account.receipt_key}"
        data = json.dumps(body, ensure_ascii=False).encode()
        return Parcel(url, data, {"Content-Type": "application/json; charset=utf-8"}, PANE, phone)

    def _stamp(self) -> str:
        return self.now().strftime("%Y-%m-%d %H:%M:%S")


_RECEIPTS = {
    "twilio": Gateway.twilio_receipts,
    "aliyun": Gateway.aliyun_receipts,
    "tencent": Gateway.tencent_receipts,
}
_TEXTS = {"twilio": Gateway.twilio_text, "aliyun": Gateway.aliyun_text, "tencent": Gateway.tencent_text}
