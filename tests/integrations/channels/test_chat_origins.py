"""Which sites may talk to the chat: our own pages by cookie, allowed ones by the session they carry, no others."""

from __future__ import annotations

import io
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, FormData, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from integrations.bootstrap import House
from integrations.channels.web_chat.uploads import UPLOADS_FROM
from integrations.settings import Settings, SettingsError
from integrations.web import make_app

Browser = Callable[[], TestClient]
ALLOWED, FOREIGN = "https://www.example.gov.cn", "https://elsewhere.example"
NEIGHBOURS = [
    FOREIGN,
    "null",
    "http://www.example.gov.cn",
    "https://www.example.gov.cn:8443",
    "https://www.example.gov.cn.elsewhere.example",
    "https://sub.www.example.gov.cn",
]
FILE = "/chat/attachments/01234567-0123-7000-8000-0123456789ab"
READS = ["/chat/setup", FILE, f"{FILE}/thumbnail"]


@pytest.fixture
async def server(house: House, assets: Path) -> AsyncIterator[TestServer]:
    """The application of a house that lets one site in."""
    settings = house.settings.model_copy(update={"widget_origins": f"{ALLOWED}/, https://other.example.gov.cn"})
    async with TestServer(make_app(replace(house, settings=settings), assets)) as running:
        yield running


def photo() -> FormData:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    form = FormData({"id": uuid.uuid4().hex}, quote_fields=False)
    form.add_field("file", out.getvalue(), filename="a.png", content_type="image/png")
    return form


def bearer(session: str, origin: str = ALLOWED) -> dict[str, str]:
    return {"Origin": origin, "Authorization": f"Bearer {session}", "Accept": "application/json"}


async def talk(client: TestClient, origin: str, **hello: object) -> tuple[ClientWebSocketResponse, dict]:
    socket = await client.ws_connect("/ws/chat", headers={"Origin": origin})
    await socket.send_json({"type": "hello"} | hello)
    return socket, await socket.receive_json(timeout=10)


@pytest.mark.parametrize("origin", NEIGHBOURS)
async def test_no_other_site_gets_anything(browser: Browser, origin: str) -> None:
    client = browser()
    await client.get("/")  # with our cookie, as a browser that was here before
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws/chat", headers={"Origin": origin})
    assert refused.value.status == 403
    for path in READS:
        async with client.get(path, headers=bearer(secrets.token_urlsafe(32), origin)) as answer:
            assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers["Vary"] == "Origin"
    async with client.post("/chat/attachments", data=photo(), headers={"Origin": origin}) as answer:
        assert answer.status == 403
    async with client.options("/chat/attachments", headers={"Origin": origin}) as answer:
        assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers


async def test_an_allowed_site_talks_with_the_session_it_carries(browser: Browser) -> None:
    client, session = browser(), secrets.token_urlsafe(32)
    socket, welcome = await talk(client, ALLOWED, session=session)
    assert welcome["session"] is None and welcome["messages"] == []
    await socket.send_json({"type": "say", "id": "client-1", "text": "你好"})
    while (await socket.receive_json(timeout=10)).get("author") != "bot":
        pass
    _, again = await talk(client, ALLOWED, session=session)
    assert [one["author"] for one in again["messages"]] == ["citizen", "bot"]


async def test_our_cookie_is_worth_nothing_on_another_site(browser: Browser) -> None:
    client = browser()
    await client.get("/")
    socket, _ = await talk(client, str(client.make_url("/"))[:-1])
    await socket.send_json({"type": "say", "id": "client-1", "text": "你好"})
    while (await socket.receive_json(timeout=10)).get("author") != "bot":
        pass
    _, elsewhere = await talk(client, ALLOWED)
    assert elsewhere["messages"] == [] and len(elsewhere["session"]) == 43
    async with client.post("/chat/attachments", data=photo(), headers={"Origin": ALLOWED}) as answer:
        assert answer.status == 403


async def test_files_go_and_come_with_the_session_alone(browser: Browser) -> None:
    client, session = browser(), secrets.token_urlsafe(32)
    async with client.post("/chat/attachments", data=photo(), headers=bearer(session)) as answer:
        assert answer.status == 201 and answer.headers["Access-Control-Allow-Origin"] == ALLOWED
        path = f"/chat/attachments/{(await answer.json())['id']}/thumbnail"
    async with client.get(path, headers=bearer(session)) as answer:
        assert answer.status == 200 and answer.content_type == "image/jpeg"
        assert "Access-Control-Allow-Credentials" not in answer.headers and answer.headers["Vary"] == "Origin"
    async with client.get(path, headers=bearer(secrets.token_urlsafe(32))) as answer:
        assert answer.status == 404 and answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    async with client.get(path, headers=bearer("../../etc/passwd")) as answer:
        assert answer.status == 403


async def test_made_up_sessions_do_not_help_a_flood(browser: Browser, server: TestServer) -> None:
    server.app[UPLOADS_FROM].__init__(burst=2, per_second=0.001)
    statuses = []
    for _ in range(3):
        headers = bearer(secrets.token_urlsafe(32))
        async with browser().post("/chat/attachments", data=photo(), headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [201, 201, 429]


async def test_a_refused_file_tells_the_widget_why(browser: Browser) -> None:
    form = FormData({"id": uuid.uuid4().hex}, quote_fields=False)
    form.add_field("file", b"MZ\x90", filename="a.png", content_type="image/png")
    async with browser().post("/chat/attachments", data=form, headers=bearer(secrets.token_urlsafe(32))) as answer:
        assert answer.status == 422 and answer.headers["Access-Control-Allow-Origin"] == ALLOWED
        assert (await answer.json())["code"] == "file_program"


async def test_a_preflight_allows_what_the_widget_sends(browser: Browser) -> None:
    for path in ("/chat/attachments", FILE, f"{FILE}/thumbnail"):
        async with browser().options(path, headers={"Origin": ALLOWED}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization"


async def test_nothing_but_the_chat_opens_to_the_allowed_site(browser: Browser) -> None:
    client = browser()
    for path in ("/console/login", "/t"):
        async with client.post(path, data={}, headers={"Origin": ALLOWED}) as answer:
            assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers


async def test_the_script_may_be_loaded_anywhere_and_kept_for_minutes(browser: Browser) -> None:
    for path, kind in (("/widget.js", "text/javascript"), ("/widget.css", "text/css")):
        async with browser().get(path, headers={"Origin": FOREIGN}) as answer:
            assert answer.status == 200 and answer.content_type == kind
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert answer.headers["Cache-Control"] == "public, max-age=300"


async def test_the_setup_has_every_word_and_nothing_about_anybody(browser: Browser) -> None:
    async with browser().get("/chat/setup", headers={"Origin": ALLOWED}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED and "Set-Cookie" not in answer.headers
        setup = await answer.json()
    assert set(setup) == {"words", "elements", "verdicts", "first", "notices"}
    assert setup["verdicts"] == ["解决了", "没解决"] and "{city}" not in setup["words"]["greeting"]


@pytest.mark.parametrize(
    "origins", ["*", "www.example.gov.cn", "https://a.cn/path", "https://*.gov.cn", "https://a.cn;b"]
)
def test_what_is_no_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(SettingsError, match="widget_origins"):
        Settings.load({"HOTLINE_WIDGET_ORIGINS": origins})


def test_origins_are_read_as_browsers_write_them() -> None:
    settings = Settings.load({"HOTLINE_WIDGET_ORIGINS": "https://A.example/ http://b.example:8080,"})
    assert settings.widget_sites == {"https://a.example", "http://b.example:8080"}
    assert Settings().widget_sites == frozenset()
