"""Twilio's text messages: free words, receipts to our address; no links to mainland numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from integrations.channels.sms.port import Receipt, Refused, Template, Trouble, Why, international
from ticketing.models import SmsStatus

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_WHY = {
    20003: Why.CONFIG,
    20404: Why.CONFIG,
    21211: Why.NUMBER,
    21408: Why.CONFIG,
    21606: Why.CONFIG,
    21610: Why.STOPPED,
    21612: Why.NUMBER,
    21614: Why.NUMBER,
}
_TOO_FAST = 429
STATUSES = {
    "accepted": SmsStatus.SENT,
    "scheduled": SmsStatus.SENT,
    "queued": SmsStatus.SENT,
    "sending": SmsStatus.SENT,
    "sent": SmsStatus.SENT,
    "delivered": SmsStatus.DELIVERED,
    "undelivered": SmsStatus.UNDELIVERED,
    "failed": SmsStatus.UNDELIVERED,
    "canceled": SmsStatus.UNDELIVERED,
}


@dataclass(frozen=True, slots=True)
class Twilio:
    """The account; `sender` is a number or a messaging service, `receipts` the address that receipts come to."""

    sid: str
    token: str
    sender: str
    base: str
    receipts: str
    name: str = "twilio"
    needs_template: bool = False
    links: bool = False

    async def send(
        self, phone: str, template: Template, text: str, blanks: Mapping[str, str], reference: str
    ) -> Receipt:
        """Create a message."""
        sender = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        form = {"To": international(phone), sender: self.sender, "Body": text}
        if self.receipts.startswith("https:") or self.base.startswith("http:"):  # Twilio refuses what it cannot reach
            form["StatusCallback"] = f"{self.receipts}?message={reference}"
        url = f"{self.base}/2010-04-01/Accounts/{self.sid}/Messages.json"
        headers = {"Authorization": aiohttp.encode_basic_auth(self.sid, self.token)}
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.post(url, data=form, headers=headers) as response,
        ):
            return _receipt(response.status, await response.read())


def _receipt(status: int, body: bytes) -> Receipt:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise Trouble(f"HTTP {status} without JSON") from error
    if status < 300:
        return Receipt(str(answer["sid"])[:100], STATUSES.get(answer.get("status"), SmsStatus.SENT))
    code = int(answer.get("code") or 0)
    if status >= 500 or status == _TOO_FAST:
        raise Trouble(f"HTTP {status} {code}")
    raise Refused(_WHY.get(code, Why.REFUSED), str(code))
