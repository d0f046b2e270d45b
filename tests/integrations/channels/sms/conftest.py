"""The carriers' side of the wire: each fake proves the signature as the real one does, with a code of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from integrations import effects
from integrations.bootstrap import House
from integrations.channels.sms import outgoing
from integrations.web import make_app
from ticketing.models import SmsMessage

ALIYUN = ("LTAI-test", "aliyun-secret")
TENCENT = ("AKID-test", "tencent-secret", "1400006666")
TWILIO = ("AC" + "0" * 32, "twilio-token", "+18005551212")
RECEIPT_KEY = "receipt-secret"
PHONE = "13800000001"


@dataclass
class Carrier:
    """What a fake has taken, and what it says next instead of yes."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    says: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0

    def answer(self, taken: dict[str, Any], yes: dict[str, Any], status: int = 200) -> web.Response:
        self.asked += 1
        if self.says:
            status, no = self.says.pop(0)
            return web.json_response(no, status=status)
        self.sent.append(taken)
        return web.json_response(yes, status=status)

    async def aliyun(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        given = form.pop("Signature")
        query = "&".join(f"{quote(k, safe='~')}={quote(form[k], safe='~')}" for k in sorted(form))
        signed = "POST&%2F&" + quote(query, safe="~")
        expected = base64.b64encode(hmac.digest((ALIYUN[1] + "&").encode(), signed.encode(), hashlib.sha1)).decode()
        age = datetime.now(UTC) - datetime.strptime(form["Timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if given != expected or form["AccessKeyId"] != ALIYUN[0] or abs(age.total_seconds()) > 900:
            return web.json_response({"Code": "SignatureDoesNotMatch", "Message": "no"}, status=400)
        if (form["Action"], form["Version"]) != ("SendSms", "2017-05-25") or not form["TemplateCode"]:
            return web.json_response({"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "no"})
        form["TemplateParam"] = json.loads(form["TemplateParam"])
        return self.answer(form, {"Code": "OK", "Message": "OK", "BizId": f"biz-{self.asked}", "RequestId": "r"})

    async def tencent(self, request: web.Request) -> web.Response:
        body, head = await request.read(), request.headers
        day = time.strftime("%Y-%m-%d", time.gmtime(int(head["X-TC-Timestamp"])))
        names = "content-type;host"
        canonical = (
            f"POST\n/\n\ncontent-type:{head['Content-Type']}\nhost:{head['Host']}\n\n{names}\n"
            + hashlib.sha256(body).hexdigest()
        )
        scope = f"{day}/sms/tc3_request"
        signed = (
            f"TC3-HMAC-SHA256\n{head['X-TC-Timestamp']}\n{scope}\n" + hashlib.sha256(canonical.encode()).hexdigest()
        )
        key = hmac.digest(("TC3" + TENCENT[1]).encode(), day.encode(), "sha256")
        key = hmac.digest(hmac.digest(key, b"sms", "sha256"), b"tc3_request", "sha256")
        proof = hmac.new(key, signed.encode(), "sha256").hexdigest()
        expected = f"TC3-HMAC-SHA256 Credential={TENCENT[0]}/{scope}, SignedHeaders={names}, Signature={proof}"
        if head["Authorization"] != expected:
            error = {"Code": "AuthFailure.SignatureFailure", "Message": "no"}
            return web.json_response({"Response": {"Error": error, "RequestId": "r"}})
        form = json.loads(body)
        yes = {"SerialNo": f"serial-{self.asked}", "PhoneNumber": form["PhoneNumberSet"][0], "Fee": 1, "Code": "Ok"}
        return self.answer(form, {"Response": {"SendStatusSet": [yes], "RequestId": "r"}})

    async def twilio(self, request: web.Request) -> web.Response:
        expected = "Basic " + base64.b64encode(f"{TWILIO[0]}:{TWILIO[1]}".encode()).decode()
        if request.headers.get("Authorization") != expected or request.match_info["sid"] != TWILIO[0]:
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not form["To"].startswith("+") or not form["Body"]:
            return web.json_response({"code": 21211, "message": "Invalid 'To'", "status": 400}, status=400)
        return self.answer(form, {"sid": f"SM{self.asked:032d}", "status": "queued", "num_segments": "1"}, 201)


@pytest.fixture
async def carrier() -> AsyncIterator[tuple[Carrier, str]]:
    """The fake of all three, and its address."""
    fake, app = Carrier(), web.Application()
    app.router.add_post("/aliyun/", fake.aliyun)
    app.router.add_post("/tencent/", fake.tencent)
    app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", fake.twilio)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


@pytest.fixture
def fake(carrier) -> Carrier:
    return carrier[0]


@pytest.fixture
def city_folder(house: House, tmp_path: Path) -> Path:
    """The city's pack with carrier templates filled in."""
    folder = tmp_path / "city"
    shutil.copytree(house.settings.city, folder)
    pack = yaml.safe_load((folder / "messages.yml").read_text(encoding="utf-8"))
    for number, ids in enumerate(pack["sms"]["templates"].values()):
        ids |= {"aliyun": f"SMS_{1000 + number}", "tencent": str(2000 + number)}
    pack["wechat_notice"]["template"] = "NOTICE_TEMPLATE"
    (folder / "messages.yml").write_text(yaml.safe_dump(pack, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture
def with_provider(house: House, carrier, city_folder: Path) -> Callable[[str], House]:
    """The house with one of the providers."""

    def of(provider: str, **more: object) -> House:
        given = {
            "city": city_folder,
            "sms_provider": provider,
            "sms_receipt_secret": SecretStr(RECEIPT_KEY),
            "public_url": "https://12345.example.test",
            "aliyun_access_key_id": ALIYUN[0],
            "aliyun_access_key_secret": SecretStr(ALIYUN[1]),
            "aliyun_sms_base": carrier[1] + "/aliyun",
            "tencent_secret_id": TENCENT[0],
            "tencent_secret_key": SecretStr(TENCENT[1]),
            "tencent_sms_app_id": TENCENT[2],
            "tencent_sms_base": carrier[1] + "/tencent",
            "twilio_account_sid": TWILIO[0],
            "twilio_auth_token": SecretStr(TWILIO[1]),
            "twilio_from": TWILIO[2],
            "twilio_api_base": carrier[1],
        }
        return replace(house, settings=house.settings.model_copy(update=given | more))

    return of


@pytest.fixture
async def serve(assets) -> AsyncIterator[Callable[[House], Any]]:
    """Runs the web application of a house."""
    clients: list[TestClient] = []

    async def start(house: House) -> TestClient:
        client = TestClient(TestServer(make_app(house, assets)))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


async def drained(house: House, at: datetime | None = None) -> int:
    """Carry out what is due at a moment, as the worker's thread does."""
    return await asyncio.to_thread(effects.drain, house, lambda: at or datetime.now(UTC))


def ask(house: House, *, phone: str = PHONE, key: str = "k1", template: str = "closed", **more: Any) -> bool:
    """Ask for one text about a ticket."""
    blanks = {"number": "261120-000001-4", "department": "城管局", "until": "11月30日", "progress": "https://x.test/t"}
    blanks |= {"survey": "https://x.test/s/abc", "code": "123456", "minutes": "10"}
    with house.database.write() as session:
        return outgoing.send(session, phone, template, blanks, key, more.pop("now", datetime.now(UTC)), **more)


def texts(house: House) -> list[SmsMessage]:
    """The rows of the texts, oldest first."""
    with house.database.read() as session:
        rows = list(session.query(SmsMessage).order_by(SmsMessage.id))
        session.expunge_all()
    return rows
