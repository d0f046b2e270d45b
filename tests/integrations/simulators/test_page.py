"""The page: what a person does there, what it refuses, and a call made with a browser."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.replies import Replies
from integrations.simulators.account import Account
from integrations.simulators.page import make_app
from integrations.simulators.simulator import Plan, simulating


@pytest.fixture
async def page(nlu_data):
    words = Replies.load(nlu_data / "replies").group("simulate.page")
    account = Account("https://hotline.example", "http://127.0.0.1:1")
    async with (
        simulating(account, Plan()) as simulator,
        TestClient(TestServer(make_app(simulator, words))) as client,
    ):
        yield client, simulator


async def test_the_page_and_its_parts_are_served(page):
    client, _ = page
    for path in ("/phone", "/phone/phone.js", "/phone/phone.css", "/phone/icon.svg", "/words", "/log"):
        async with client.get(path) as response:
            assert response.status == 200, path
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["other.js", "..%2Fpage.py", "phone.html%00"])
async def test_nothing_else_is_served(page, name):
    async with page[0].get(f"/phone/{name}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("dial", {}),
        ("dial", {"caller": "<b>"}),
        ("dial", []),
        ("speak", {"sid": "CA0", "act": "say", "value": "好"}),
        ("ring", {"ring": "0", "act": "answer"}),
        ("wechat", {"name": "市民-0001", "text": "  "}),
        ("event", {"name": "市民-0001", "event": "MASSSENDJOBFINISH"}),
        ("show", {"name": "市民-0001", "type": "text/html", "data": ""}),
        ("show", {"name": "市民-0001", "type": "image/png", "data": "?"}),
        ("sms", {"phone": 12, "text": "好"}),
        ("faults", {"faults": "retry=7"}),
    ],
)
async def test_what_makes_no_sense_is_refused(page, what, fields):
    client, simulator = page
    async with client.post(f"/do/{what}", json=fields) as response:
        assert response.status == 400
    assert list(simulator.journal.entries) == []


async def test_another_site_cannot_act(page):
    client, simulator = page
    async with client.post("/do/dial", data={"caller": "+8614200000001"}) as response:
        assert response.status == 415
    async with client.post("/do/dial", data=b'{"caller": "+8614200000001"}') as response:
        assert response.status == 415
    assert simulator.carrier.calls == {}


async def test_faults_are_set(page):
    client, simulator = page
    async with client.post("/do/faults", json={"faults": "double=0.5,drop=0"}) as response:
        assert response.status == 200
    assert simulator.courier.luck.faults.double == 0.5
    async with client.get("/log") as response:
        assert (await response.json())["faults"]["double"] == 0.5


async def test_an_api_without_its_secret_is_closed(page):
    client, simulator = page
    async with client.post(f"/2010-04-01/Accounts/{simulator.carrier.account.sid}/Messages.json") as response:
        assert response.status == 401
    async with client.get("/cgi-bin/token", params={"grant_type": "client_credential"}) as response:
        assert (await response.json())["errcode"] == 40013
    async with client.post("/aliyun/", data={"Action": "SendSms"}) as response:
        assert response.status == 400
    async with client.post("/tencent/", json={}) as response:
        assert "Error" in (await response.json())["Response"]
