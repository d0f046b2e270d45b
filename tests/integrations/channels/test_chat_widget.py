"""The widget in a real browser, on a host page of another origin with the strictest content policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect

from integrations.bootstrap import House
from integrations.channels.web_chat import OPEN
from integrations.supervisor import free_port
from integrations.web import make_app
from ticketing import conversations
from ticketing.announcements import announce
from ticketing.models import Conversation
from ticketing.privacy import unseal

MOST_BYTES = 30_000
_EXPECTED = ("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED")


@dataclass
class Embedded:
    """A host page with the widget's tag, the installation it points to, and a browser."""

    host: str
    home: TestServer
    house: House
    context: BrowserContext
    page: Page

    async def come(self, query: str = "") -> None:
        """Open the host page."""
        await self.page.goto(f"{self.host}/?{query}")

    async def open(self) -> None:
        """Open the window."""
        await self.at(".opener").click()
        await expect(self.at(".panel")).to_be_visible()

    async def say(self, text: str) -> None:
        """Type a message and send it."""
        await self.at("textarea").fill(text)
        await self.at("textarea").press("Enter")

    def at(self, selector: str) -> Locator:
        """Something inside the widget's shadow."""
        return self.page.locator(f"hotline-12345 {selector}")


def host_page(home: str, attributes: str) -> web.Application:
    """A site that allows its own and the widget's scripts, and nothing inline; no trusted types either."""
    policy = (
        f"default-src 'none'; script-src {home}; connect-src {home} {home.replace('http', 'ws', 1)}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta name="viewport" content="width=device-width">'
        "<title>某市政府</title>"
        f'<script src="{home}/widget.js" async {attributes}></script></head>'
        "<body><main><h1>某市政府门户</h1><p>通知公告</p><a href='#a'>链接</a></main></body></html>"
    )

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.add_routes([web.get("/", page)])
    return app


@asynccontextmanager
async def embedded(
    house: House, assets: Path, chromium: str, *, attributes: str = "", allowed: bool = True, **context: object
) -> AsyncIterator[Embedded]:
    """Both servers and a browser; an error in the console fails the test (a broken content policy is one)."""
    port = free_port()
    host = f"http://localhost:{port}"
    settings = house.settings.model_copy(update={"widget_origins": host if allowed else "https://www.example.gov.cn"})
    house = replace(house, settings=settings)
    complaints: list[str] = []
    async with TestServer(make_app(house, assets)) as home, async_playwright() as playwright:
        url = f"http://127.0.0.1:{home.port}"
        async with TestServer(host_page(url, attributes), host="localhost", port=port):
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            opened = await browser.new_context(locale="zh-CN", **context)
            await opened.add_init_script(path=assets / "checks" / "axe.min.js")
            page = await opened.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            yield Embedded(host, home, house, opened, page)
            await browser.close()
    if allowed:
        assert [line for line in complaints if not any(known in line for known in _EXPECTED)] == []


@pytest.fixture
async def widget(house: House, assets: Path, chromium: str) -> AsyncIterator[Embedded]:
    async with embedded(house, assets, chromium) as made:
        yield made


async def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is, shadow trees included."""
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


def test_the_built_file_is_small(assets: Path) -> None:
    files = [path.stat().st_size for path in assets.glob("widget-*.js")]
    assert len(files) == 1 and files[0] <= MOST_BYTES


async def test_a_question_is_answered_on_another_site_and_still_there_after_a_reload(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    await expect(widget.at("textarea")).to_be_focused()
    await widget.say("身份证丢了怎么补")
    answer = widget.at(".m.bot").nth(1)
    await expect(answer).to_contain_text("补领")
    await answer.locator("summary").click()
    await expect(answer.locator("details li").first).to_contain_text("审核日期")
    assert await widget.context.cookies() == []
    await widget.page.reload()
    await widget.open()
    await expect(widget.at(".m.citizen .text")).to_have_text("身份证丢了怎么补")
    await expect(widget.at(".m.bot")).to_have_count(2)


async def test_a_page_that_is_only_read_keeps_nothing_and_opens_no_socket(widget: Embedded) -> None:
    await widget.come()
    await expect(widget.at(".opener")).to_be_visible()
    assert await widget.page.evaluate("localStorage.length") == 0
    assert not tuple(widget.home.app[OPEN])


async def test_a_lost_line_loses_and_doubles_nothing(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    await widget.say("你好")
    await expect(widget.at(".m.bot")).to_have_count(2)
    await widget.context.set_offline(True)
    await expect(widget.at(".bar").first).to_contain_text("网络断开了")
    await widget.say("谢谢")
    await expect(widget.at(".m.citizen.pending .state")).to_contain_text("未发送")
    await widget.context.set_offline(False)
    await expect(widget.at(".bar").first).to_be_hidden(timeout=20_000)
    await expect(widget.at(".m.bot")).to_have_count(3)
    for _ in range(2):
        await widget.say("谢谢")
        for socket in tuple(widget.home.app[OPEN]):
            await socket.close()
        await expect(widget.at(".bar").first).to_be_hidden(timeout=10_000)
        await expect(widget.at(".m.citizen.pending")).to_have_count(0)
    await expect(widget.at(".m.citizen")).to_have_count(4)
    await expect(widget.at(".m.bot")).to_have_count(5)
    await widget.page.reload()
    await widget.open()
    await expect(widget.at(".m.citizen")).to_have_count(4)
    await expect(widget.at(".m.bot")).to_have_count(5)


async def test_a_site_that_is_not_allowed_shows_no_widget(house: House, assets: Path, chromium: str) -> None:
    async with embedded(house, assets, chromium, allowed=False) as widget:
        async with widget.page.expect_console_message(lambda line: line.type == "warning") as told:
            await widget.come()
        assert "HOTLINE_WIDGET_ORIGINS" in (await told.value).text
        await expect(widget.at(".opener")).to_have_count(0)
        closed = "url => new Promise(done => { new WebSocket(url).onclose = event => done(event.code) })"
        assert await widget.page.evaluate(closed, f"ws://127.0.0.1:{widget.home.port}/ws/chat") == 1006


async def test_what_was_said_meanwhile_is_counted_on_the_button(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    await widget.say("你好")
    await expect(widget.at(".m.bot")).to_have_count(2)
    await widget.page.keyboard.press("Escape")
    await expect(widget.at(".panel")).to_be_hidden()
    await expect(widget.at(".opener")).to_be_focused()
    announced(widget.house, "办理通知", "key-1")
    await expect(widget.at(".badge")).to_have_text("1")
    await widget.page.reload()
    await expect(widget.at(".badge")).to_have_text("1")
    await expect(widget.at("[role=status].sr")).to_have_text("1 条新消息")
    await widget.open()
    await expect(widget.at(".badge")).to_be_hidden()
    await widget.page.reload()
    await expect(widget.at(".opener")).to_be_visible()
    await expect(widget.at(".m.system")).to_have_count(1)
    await expect(widget.at(".badge")).to_be_hidden()


def announced(house: House, words: str, key: str) -> UUID:
    """Something the house says by itself in the only conversation there is."""
    with house.database.write() as session:
        conversation: UUID = session.query(Conversation.id).scalar()
        seq = announce(session, conversation, words, key, datetime.now(UTC))
    house.live.publish(f"conversation:{conversation}", seq)
    return conversation


async def test_keys_alone_are_enough_and_stay_inside(widget: Embedded) -> None:
    await widget.come()
    await widget.at(".opener").focus()
    await widget.page.keyboard.press("Enter")
    await expect(widget.at("textarea")).to_be_focused()
    inside = "document.activeElement.localName"
    for key in ("Tab", "Shift+Tab"):
        for _ in range(14):
            await widget.page.keyboard.press(key)
            assert await widget.page.evaluate(inside) == "hotline-12345"
    await widget.page.keyboard.press("Escape")
    await expect(widget.at(".opener")).to_be_focused()


async def test_an_emergency_a_person_and_a_place_in_the_queue(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    await widget.say("我家着火了")
    await expect(widget.at("a.call")).to_have_attribute("href", "tel:119")
    await widget.say("人工")
    await expect(widget.at(".bar").nth(1)).to_contain_text("您排在第 1 位")
    with widget.house.database.read() as session:
        found = conversations.view(session, session.query(Conversation.id).scalar())
    assert (found.channel, found.owner) == ("web", "queue")


async def test_the_verdict_on_an_answer_is_one_tap(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    await widget.say("身份证丢了怎么补")
    await widget.at(".thumbs button").get_by_text("没帮助").click()
    await expect(widget.at(".m.citizen .text").nth(1)).to_have_text("没解决")
    await expect(widget.at(".m.bot").nth(2)).to_contain_text("没帮到您")
    await expect(widget.at(".thumbs")).to_have_count(0)


async def test_a_photo_goes_and_comes_back_without_a_cookie(widget: Embedded, tmp_path: Path) -> None:
    picture = tmp_path / "现场.jpg"
    Image.new("RGB", (64, 48), "red").save(picture, "JPEG")
    await widget.come()
    await widget.open()
    await widget.at("input[type=file]").set_input_files(picture)
    await expect(widget.at(".tray .state")).to_contain_text("已上传")
    await widget.at(".send").click()
    await expect(widget.at(".m.citizen canvas")).to_have_attribute("aria-label", "现场.jpg")
    await expect(widget.at(".m.bot .read").last).to_be_in_viewport()  # the log goes on to its end
    async with widget.page.expect_download() as saved:
        await widget.at(".m.citizen .file").click()
    saved_as = tmp_path / "saved"
    await (await saved.value).save_as(saved_as)
    assert same(saved_as, picture)
    await widget.page.reload()
    await widget.open()
    await expect(widget.at(".m.citizen canvas")).to_have_count(1)


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same content."""
    return one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("color", ["", "#b01c24", "#ffd200", "#777777"])
async def test_nobody_is_shut_out(house: House, assets: Path, chromium: str, color: str) -> None:
    attributes = f'data-color="{color}" data-position="left" data-greeting="您好，市民"'
    async with embedded(house, assets, chromium, attributes=attributes) as widget:
        await widget.come()
        await expect(widget.at(".opener")).to_be_visible()
        assert await violations(widget.page) == []
        assert (await widget.at(".opener").bounding_box())["x"] < 50
        await widget.open()
        await expect(widget.at(".m.bot .text").first).to_have_text("您好，市民")
        await widget.say("身份证丢了怎么补")
        await widget.at(".m.bot summary").click()
        await widget.say("我家着火了")
        await expect(widget.at("a.call")).to_be_visible()
        assert await violations(widget.page) == []
        await widget.at("header button").first.click()
        assert await violations(widget.page) == []
        await widget.page.reload()
        await expect(widget.at(".elder")).to_have_count(1)


async def test_a_shared_terminal_forgets_with_the_tab(house: House, assets: Path, chromium: str) -> None:
    async with embedded(house, assets, chromium, attributes='data-memory="tab"') as widget:
        await widget.come()
        await widget.open()
        await widget.say("你好")
        await expect(widget.at(".m.bot")).to_have_count(2)
        assert await widget.page.evaluate("localStorage.length") == 0
        await widget.page.reload()
        await widget.open()
        await expect(widget.at(".m.citizen")).to_have_count(1)
        widget.page = await widget.context.new_page()
        await widget.come()
        await widget.open()
        await expect(widget.at(".m.citizen")).to_have_count(0)


async def test_an_answer_in_a_new_talk_is_news_again(widget: Embedded) -> None:
    await widget.come()
    await widget.open()
    for text in ("你好", "谢谢", "你好"):
        await widget.say(text)
    await expect(widget.at(".m.bot")).to_have_count(4)
    await widget.page.keyboard.press("Escape")
    with widget.house.database.write() as session:
        old = session.query(Conversation).one()
        old.closed_at = datetime.now(UTC)
        address = unseal(session, old.address_sealed)
    with widget.house.database.write() as session:
        inbound = conversations.Inbound("web", address, "喂", "another-tab", widget.house.city.code)
        made = conversations.record(session, inbound, datetime.now(UTC)).conversation.id
        assert made != old.id
        announce(session, made, "办理通知", "key-2", datetime.now(UTC))
    await widget.page.reload()
    await expect(widget.at(".badge")).to_have_text("1")


async def test_on_a_phone_the_window_fills_the_screen(house: House, assets: Path, chromium: str) -> None:
    phone = {"viewport": {"width": 375, "height": 667}, "is_mobile": True, "has_touch": True}
    async with embedded(house, assets, chromium, **phone) as widget:
        await widget.come()
        await widget.open()
        box = await widget.at(".panel").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 375, "height": 667}
        await widget.at("header button").first.click()
        for part in ("textarea", ".send", ".close"):
            await expect(widget.at(part)).to_be_in_viewport(ratio=1)
