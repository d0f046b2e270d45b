"""The widget on a city's own site: ask, complain, lose the line while the web process dies, come back to it all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Product

pytestmark = pytest.mark.journey


@pytest.fixture
def site(product: Product) -> Iterator[str]:
    """The city's own site: the widget's tag on a page whose policy allows nothing inline."""
    socket = product.url.replace("http", "ws", 1)
    policy = f"default-src 'none'; script-src {product.url}; connect-src {product.url} {socket}"
    tag = f'<script src="{product.url}/widget.js" async></script>'
    html = f'<!doctype html><html lang="zh-CN"><title>市政府</title>{tag}<h1>市政府</h1>'

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("localhost", product.site), Portal)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{product.site}/"
    server.shutdown()
    server.server_close()


def inside(page: Page, selector: str) -> Locator:
    """Something in the widget."""
    return page.locator(f"hotline-12345 {selector}")


def say(page: Page, text: str) -> str:
    """Say something; returns the bot's answer."""
    bubbles = inside(page, ".m.bot")
    before = bubbles.count()
    send(page, text)
    expect(bubbles).to_have_count(before + 1)
    return bubbles.nth(before).inner_text()


def send(page: Page, text: str) -> None:
    """Say something without waiting."""
    inside(page, "textarea").fill(text)
    inside(page, "textarea").press("Enter")


def test_a_complaint_from_the_citys_own_site(product: Product, site: str, citizen: Page) -> None:
    citizen.goto(site)
    inside(citizen, ".opener").click()
    assert "居民身份证补领" in say(citizen, "身份证丢了怎么补")
    inside(citizen, ".thumbs button").get_by_text("有帮助").click()
    expect(inside(citizen, ".m.bot")).to_have_count(3)
    assert "什么地方" in say(citizen, "楼下工地半夜施工吵得睡不着")

    product.kill("integrations.cli serve")
    expect(inside(citizen, ".bar").first).to_contain_text("网络断开了")
    send(citizen, "东胜区铁西的一个工地，每天晚上11点到凌晨3点")
    expect(inside(citizen, ".bar").first).to_be_hidden(timeout=180_000)
    expect(inside(citizen, ".m.bot")).to_have_count(5, timeout=60_000)
    expect(inside(citizen, ".m.pending")).to_have_count(0)

    assert "东胜区" in say(citizen, "匿名")
    number = re.search(r"\d{6}-\d{6}-\d", say(citizen, "确认"))
    assert number
    expect(inside(citizen, ".ticket a")).to_have_attribute("href", f"{product.url}/t?number={number[0]}")
    said = inside(citizen, ".m.citizen .text").all_inner_texts()

    citizen.reload()
    inside(citizen, ".opener").click()
    expect(inside(citizen, ".ticket b")).to_have_text(number[0])
    assert inside(citizen, ".m.citizen .text").all_inner_texts() == said
    assert len(said) == len(set(said))
