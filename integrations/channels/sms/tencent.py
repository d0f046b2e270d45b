"""Tencent Cloud's text messages (腾讯云短信): one signed JSON call (TC3-HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from integrations.channels.sms.port import Receipt, Refused, Template, Trouble, Why, international
from ticketing.models import SmsStatus

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_TYPE = "application/json; charset=utf-8"
_WHY = (
    ("FailedOperation.PhoneNumberInBlacklist", Why.STOPPED),
    ("InvalidParameterValue.IncorrectPhoneNumber", Why.NUMBER),
    ("LimitExceeded.", Why.LIMIT),
    ("FailedOperation.InsufficientBalanceInSmsPackage", Why.MONEY),
    ("FailedOperation.TemplateIncorrectOrUnapproved", Why.TEMPLATE),
    ("FailedOperation.SignatureIncorrectOrUnapproved", Why.TEMPLATE),
    ("FailedOperation.ContainSensitiveWord", Why.TEMPLATE),
    ("InvalidParameterValue.TemplateParameter", Why.TEMPLATE),
    ("AuthFailure", Why.CONFIG),
    ("UnauthorizedOperation", Why.CONFIG),
)
_LATER = ("InternalError", "RequestLimitExceeded", "ResourceUnavailable")


@dataclass(frozen=True, slots=True)
class Tencent:
    """The account; `base` is its address."""

    secret_id: str
    secret_key: str
    app_id: str
    region: str
    base: str
    name: str = "tencent"
    needs_template: bool = True
    links: bool = True

    async def send(
        self, phone: str, template: Template, text: str, blanks: Mapping[str, str], reference: str
    ) -> Receipt:
        """SendSms; the template's blanks are numbered, so their order counts."""
        body = json.dumps(
            {
                "PhoneNumberSet": [international(phone)],
                "SmsSdkAppId": self.app_id,
                "SignName": template.sign,
                "TemplateId": template.carrier_id,
                "TemplateParamSet": [blanks[name] for name in template.order],
                "SessionContext": reference,
            }
        )
        headers = self._headers(body, int(time.time()))
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.post(self.base + "/", data=body.encode(), headers=headers) as response,
        ):
            return _receipt(response.status, await response.read())

    def _headers(self, body: str, stamp: int) -> dict[str, str]:
        host = urlsplit(self.base).netloc
        proof = authorization(self.secret_id, self.secret_key, "sms", host, body, stamp)
        return {
            "Authorization": proof,
            "Content-Type": _TYPE,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": self.region,
            "X-TC-Timestamp": str(stamp),
        }


def authorization(secret_id: str, secret_key: str, service: str, host: str, body: str, stamp: int) -> str:
    """The Authorization header of a JSON call; type and host are signed with the body."""
    day, names = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d"), "content-type;host"
    request = f"POST\n/\n\ncontent-type:{_TYPE}\nhost:{host}\n\n{names}\n{_digest(body)}"
    scope = f"{day}/{service}/tc3_request"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signed = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{_digest(request)}"
    proof = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={proof}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _receipt(status: int, body: bytes) -> Receipt:
    try:
        answer = json.loads(body)["Response"]
    except (ValueError, KeyError, TypeError) as error:
        raise Trouble(f"HTTP {status} without an answer") from error
    sent = (answer.get("SendStatusSet") or [{}])[0]
    code = str(answer["Error"]["Code"] if "Error" in answer else sent.get("Code", ""))
    if code == "Ok":
        return Receipt(str(sent["SerialNo"])[:100], SmsStatus.SENT)
    if not code or code.startswith(_LATER):
        raise Trouble(f"HTTP {status} {code}")
    raise Refused(next((why for start, why in _WHY if code.startswith(start)), Why.REFUSED), code)
