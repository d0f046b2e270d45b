"""Alibaba Cloud's text messages (阿里云短信): one signed form (RPC signature 1.0, HMAC-SHA1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp

from integrations.channels.sms.port import Receipt, Refused, Template, Trouble, Why
from ticketing.models import SmsStatus

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_WHY = {
    "isv.MOBILE_NUMBER_ILLEGAL": Why.NUMBER,
    "isv.MOBILE_COUNT_OVER_LIMIT": Why.NUMBER,
    "isv.BUSINESS_LIMIT_CONTROL": Why.LIMIT,
    "isv.DAY_LIMIT_CONTROL": Why.LIMIT,
    "isv.MONTH_LIMIT_CONTROL": Why.LIMIT,
    "isv.AMOUNT_NOT_ENOUGH": Why.MONEY,
    "isv.OUT_OF_SERVICE": Why.MONEY,
    "isv.SMS_TEMPLATE_ILLEGAL": Why.TEMPLATE,
    "isv.SMS_SIGNATURE_ILLEGAL": Why.TEMPLATE,
    "isv.TEMPLATE_MISSING_PARAMETERS": Why.TEMPLATE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": Why.TEMPLATE,
    "isv.PARAM_LENGTH_LIMIT": Why.TEMPLATE,
    "isv.BLACK_KEY_CONTROL_LIMIT": Why.TEMPLATE,
    "SignatureDoesNotMatch": Why.CONFIG,
    "InvalidAccessKeyId.NotFound": Why.CONFIG,
    "isp.RAM_PERMISSION_DENY": Why.CONFIG,
}
_LATER = ("isp.SYSTEM_ERROR", "Throttling", "ServiceUnavailable", "InternalError")


@dataclass(frozen=True, slots=True)
class Aliyun:
    """The account; `base` is its address."""

    key_id: str
    key_secret: str
    base: str
    name: str = "aliyun"
    needs_template: bool = True
    links: bool = True

    async def send(
        self, phone: str, template: Template, text: str, blanks: Mapping[str, str], reference: str
    ) -> Receipt:
        """SendSms; the number stands without +86, other countries with their code."""
        form = {
            "Action": "SendSms",
            "Version": "2017-05-25",
            "RegionId": "cn-hangzhou",
            "PhoneNumbers": phone.removeprefix("+"),
            "SignName": template.sign,
            "TemplateCode": template.carrier_id,
            "TemplateParam": json.dumps({name: blanks[name] for name in template.order}, ensure_ascii=False),
            "OutId": reference,
            "Format": "JSON",
            "AccessKeyId": self.key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": secrets.token_hex(16),
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        form["Signature"] = signature("POST", form, self.key_secret)
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http, http.post(self.base + "/", data=form) as response:
            return _receipt(response.status, await response.read())


def signature(method: str, form: Mapping[str, str], secret: str) -> str:
    """The signature of a request's parameters, as Alibaba Cloud computes it."""
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(form.items()))
    signed = f"{method}&{_encoded('/')}&{_encoded(query)}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _receipt(status: int, body: bytes) -> Receipt:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise Trouble(f"HTTP {status} without JSON") from error
    code = str(answer.get("Code", ""))
    if code == "OK":
        return Receipt(str(answer["BizId"])[:100], SmsStatus.SENT)
    if status >= 500 or code.startswith(_LATER):
        raise Trouble(f"HTTP {status} {code}")
    raise Refused(_WHY.get(code, Why.REFUSED), code)
