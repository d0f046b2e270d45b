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


async def test_a_line_that_hangs_is_let_go_when_the_device_is_offline(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await say(page, "你好")
    await expect(page.locator(".m.bot")).to_have_count(2)
    await page.context.set_offline(True)
    await expect(page.locator("#offline")).to_be_visible()
    await say(page, "谢谢")
    await expect(page.locator(".m.citizen.pending .state")).to_contain_text("未发送")
    await page.context.set_offline(False)
    await expect(page.locator("#offline")).to_be_hidden(timeout=20_000)
    await expect(page.locator(".m.bot")).to_have_count(3)
    await expect(page.locator(".m.citizen")).to_have_count(2)


async def test_the_verdict_is_under_the_newest_answer_only(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await say(page, "身份证丢了怎么补")
    await expect(page.locator(".thumbs button")).to_have_text(["👍 有帮助", "👎 没帮助"])
    assert "没解决" not in await page.locator(".quick").inner_text()
    await page.locator(".thumbs button").first.click()
    await expect(page.locator(".m.citizen .text").nth(1)).to_have_text("解决了")
    await expect(page.locator(".m.bot")).to_have_count(3)
    await expect(page.locator(".thumbs")).to_have_count(0)


async def test_an_answer_is_read_aloud_and_numbers_to_dial_by_their_digits(page: Page, server: TestServer) -> None:
    await page.add_init_script("""
        window.said = []
        speechSynthesis.speak = (one) => { said.push([one.text, one.lang]); setTimeout(() => one.onstart?.()) }
    """)
    await page.goto(str(server.make_url("/")))
    await say(page, "我家着火了")
    button = page.locator(".m.bot .read").last
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    said = await page.evaluate("said")
    assert len(said) > 1 and {language for _, language in said} == {"zh-CN"}
    assert "1 1 9" in "".join(words for words, _ in said)
    await button.click()
    await expect(button).to_have_text("朗读")


@pytest.mark.parametrize("large", [False, True])
async def test_nobody_is_shut_out(page: Page, server: TestServer, assets: Path, large: bool) -> None:
    await page.add_init_script(path=assets / "checks" / "axe.min.js")
    await page.goto(str(server.make_url("/")))
    if large:
        await page.click("#big")
    await say(page, "身份证丢了怎么补")
    await page.locator(".m.bot summary").click()
    await say(page, "我家着火了")
    await say(page, "人工")
    await expect(page.locator("#owner")).to_be_visible()
    await expect(page.locator("a.call")).to_be_visible()
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]] == []


async def test_keys_alone_are_enough(page: Page, server: TestServer) -> None:
    await page.goto(str(server.make_url("/")))
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("身份证丢了怎么补")
    await page.keyboard.press("Enter")
    await expect(page.locator(".m.bot")).to_have_count(2)
    await page.locator(".m.bot summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("details[open] li").first).to_be_visible()


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
