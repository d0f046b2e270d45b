"""The chat's page in a real browser: bad networks, hostile words, a strict content policy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright, expect

from integrations.bootstrap import House
from integrations.channels.web_chat import OPEN
from integrations.web import make_app
from ticketing import accounts, conversations
from ticketing.models import Conversation, Role


@pytest.fixture
async def page(chromium: str) -> AsyncIterator[Page]:
    """A page that fails the test when its console shows an error (a broken content policy is one)."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = await (await browser.new_context(locale="zh-CN")).new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda line: complaints.append(line.text) if _is_ours(line.type, line.text) else None)
        yield opened
        await browser.close()
        assert complaints == []


def _is_ours(kind: str, text: str) -> bool:
    return kind == "error" and "WebSocket connection" not in text and "ERR_INTERNET_DISCONNECTED" not in text


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")


async def test_a_question_is_answered_with_its_sources(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await expect(page.locator("#text")).to_be_visible()
    await say(page, "身份证丢了怎么补")
    answer = page.locator(".m.bot").nth(1)
    await expect(answer).to_contain_text("补领")
    await answer.locator("summary").click()
    await expect(answer.locator("details li").first).to_contain_text("审核日期")
    await expect(page.locator(".m.citizen .state")).to_be_hidden()


async def test_an_emergency_can_be_dialled_with_one_tap(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await say(page, "我家着火了")
    await expect(page.locator("a.call")).to_have_attribute("href", "tel:119")


async def test_words_said_while_offline_are_kept_and_sent_once(page: Page, house: House, assets: Path) -> None:
    app = make_app(house, assets)
    async with TestServer(app) as server:
        port = server.port
        await page.goto(str(server.make_url("/")))
        await say(page, "你好")
        await expect(page.locator(".m.bot")).to_have_count(2)
    await expect(page.locator("#offline")).to_be_visible()
    await say(page, "谢谢")
    await expect(page.locator(".m.citizen.pending .state")).to_contain_text("未发送")
    async with TestServer(make_app(house, assets), port=port):
        await expect(page.locator("#offline")).to_be_hidden(timeout=20_000)
        await expect(page.locator(".m.bot")).to_have_count(3)
        await expect(page.locator(".m.citizen")).to_have_count(2)
        await expect(page.locator(".m.citizen.pending")).to_have_count(0)
        await page.reload()
        await expect(page.locator(".m.citizen")).to_have_count(2)
        await expect(page.locator(".m.bot")).to_have_count(3)


async def test_a_lost_acknowledgement_doubles_nothing(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await say(page, "你好")
    await expect(page.locator(".m.bot")).to_have_count(2)
    for _ in range(3):
        await say(page, "谢谢")
        for socket in tuple(server.app[OPEN]):
            await socket.close()
        await expect(page.locator("#offline")).to_be_hidden(timeout=10_000)
        await expect(page.locator(".m.citizen.pending")).to_have_count(0)
    await expect(page.locator(".m.citizen")).to_have_count(4)
    await expect(page.locator(".m.bot")).to_have_count(5)


async def test_hostile_words_stay_words(page: Page, server: TestServer) -> None:
    attack = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    await page.goto(str(server.make_url("/")))
    title = await page.title()
    await say(page, attack)
    await expect(page.locator(".m.bot")).to_have_count(2)
    await expect(page.locator(".m.citizen .text")).to_have_text(attack)
    await page.reload()
    await expect(page.locator(".m.citizen .text")).to_have_text(attack)
    assert await page.title() == title and await page.locator("#log img").count() == 0


async def test_large_type_stays_chosen(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await page.click("#big")
    await page.goto(str(server.make_url("/t")))
    await expect(page.locator("html")).to_have_class("elder")
    await expect(page.locator("#big")).to_have_text("标准版")


async def test_an_operators_words_arrive_without_a_reload(page: Page, server: TestServer, house: House) -> None:
    await page.goto(str(server.make_url("/")))
    await say(page, "人工")
    await expect(page.locator("#owner")).to_contain_text("您排在第 1 位")
    with house.database.write() as session:
        now = datetime.now(UTC)
        operator = accounts.create_staff(
            session, username="desk", display_name="x", password="x" * 12, role=Role.OPERATOR, now=now
        )
        conversation = session.query(Conversation.id).scalar()
        conversations.take(session, conversation, operator, now)
        said = conversations.operator_says(session, conversation, operator, "我是话务员", None, now)
    house.live.publish(f"conversation:{conversation}", said.seq)
    await expect(page.locator(".m.operator .text")).to_have_text("我是话务员")
    await expect(page.locator("#owner")).to_contain_text("话务员正在为您服务")


async def test_the_log_in_form_works_and_the_list_refreshes_itself(
    page: Page, server: TestServer, house: House
) -> None:
    await page.goto(str(server.make_url("/console")))
    await page.fill("[name=username]", "operator")
    await page.fill("[name=password]", "correct-horse")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#queue .empty").first).to_contain_text("没有人在等待")
    await asyncio.sleep(0.3)
    with house.database.write() as session:
        now = datetime.now(UTC)
        inbound = conversations.Inbound("web", "somebody", "人工", "m1", house.city.code)
        conversation = conversations.record(session, inbound, now).conversation.id
        conversations.hand_off(session, conversation, "asked", now)
    house.live.publish("queue")
    await expect(page.locator(".q a")).to_have_count(1)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator(".b.citizen")).to_contain_text("人工")
