"""The two Chinese clouds' text APIs as the house calls them; each proves the signature with code of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from aiohttp import web

from integrations.simulators.sms import Gateway

_OLDEST = 900
_NAMES = "content-type;host"


class SmsApi:
    """The routes of both clouds."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._account = gateway, gateway.account

    def add(self, app: web.Application) -> None:
        """Add the routes."""
        app.add_routes([web.post("/aliyun/", self.aliyun), web.post("/tencent/", self.tencent)])

    async def aliyun(self, request: web.Request) -> web.Response:
        """SendSms of Alibaba Cloud."""
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        if not self._aliyun_signed(form):
            return web.json_response({"Code": "SignatureDoesNotMatch", "Message": "no"}, status=400)
        if (form.get("Action"), form.get("Version")) != ("SendSms", "2017-05-25") or not form.get("TemplateCode"):
            return web.json_response({"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "no"})
        phone, sid = _international(form.get("PhoneNumbers", "")), str(secrets.randbelow(10**18))
        blanks = json.loads(form.get("TemplateParam") or "{}")
        text = _told(form.get("SignName", ""), form["TemplateCode"], blanks)
        self._gateway.sent(phone, text, "aliyun", sid, form.get("OutId", ""))
        return web.json_response({"Code": "OK", "Message": "OK", "BizId": sid, "RequestId": secrets.token_hex(16)})

    async def tencent(self, request: web.Request) -> web.Response:
        """SendSms of Tencent Cloud."""
        body = await request.read()
        if not self._tencent_signed(request.headers, body):
            error = {"Code": "AuthFailure.SignatureFailure", "Message": "no"}
            return web.json_response({"Response": {"Error": error, "RequestId": secrets.token_hex(16)}})
        form = json.loads(body)
        phone, sid = str(form["PhoneNumberSet"][0]), f"2640:{secrets.randbelow(10**18)}"
        blanks = {str(number): value for number, value in enumerate(form.get("TemplateParamSet", []), 1)}
        text = _told(str(form.get("SignName", "")), str(form.get("TemplateId", "")), blanks)
        self._gateway.sent(phone, text, "tencent", sid, str(form.get("SessionContext", "")))
        yes = {"SerialNo": sid, "PhoneNumber": phone, "Fee": 1, "Code": "Ok", "Message": "send success"}
        return web.json_response({"Response": {"SendStatusSet": [yes], "RequestId": secrets.token_hex(16)}})

    def _aliyun_signed(self, form: dict[str, str]) -> bool:
        given = form.pop("Signature", "")
        query = "&".join(f"{quote(name, safe='~')}={quote(form[name], safe='~')}" for name in sorted(form))
        signed, key = "POST&%2F&" + quote(query, safe="~"), (self._account.sms_secret + "&").encode()
        expected = base64.b64encode(hmac.digest(key, signed.encode(), hashlib.sha1)).decode()
        try:
            stamp = datetime.strptime(form.get("Timestamp", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return False
        fresh = abs((datetime.now(UTC) - stamp).total_seconds()) < _OLDEST
        return fresh and form.get("AccessKeyId") == self._account.sms_id and hmac.compare_digest(given, expected)

    def _tencent_signed(self, head: Mapping[str, str], body: bytes) -> bool:
        stamp = head.get("X-TC-Timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _OLDEST:
            return False
        day = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
        fields = f"content-type:{head.get('Content-Type', '')}\nhost:{head.get('Host', '')}\n"
        asked = f"POST\n/\n\n{fields}\n{_NAMES}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{day}/sms/tc3_request"
        signed = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        key = ("TC3" + self._account.sms_secret).encode()
        for part in (day, "sms", "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        proof = hmac.new(key, signed.encode(), "sha256").hexdigest()
        credential = f"Credential={self._account.sms_id}/{scope}"
        expected = f"TC3-HMAC-SHA256 {credential}, SignedHeaders={_NAMES}, Signature={proof}"
        return hmac.compare_digest(head.get("Authorization", "").encode(), expected.encode())


def _international(phone: str) -> str:
    return f"+86{phone}" if len(phone) == 11 else f"+{phone}"


def _told(sign: str, template: str, blanks: Mapping[str, Any]) -> str:
    """The carrier has the template's words; the simulator shows its id and what fills it."""
    filled = "；".join(f"{name}={value}" for name, value in blanks.items())
    return f"【{sign}】{template}：{filled}"
