"""What holds for every page: headers, probes, static files, errors, templates without inline code."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from aiohttp.test_utils import TestClient

from integrations.consoles.pages import TEMPLATES
from integrations.consoles.static import read_manifest

Browser = Callable[[], TestClient]
_TAG = re.compile(r"<(?!script\b)[a-z][^>]*\s(?:style|on[a-z]+)\s*=", re.IGNORECASE)
_INLINE = re.compile(r"<style|<script(?![^>]*\b(?:src=|type=\"application/json\"))|javascript:", re.IGNORECASE)
_AWAY = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//""", re.IGNORECASE)


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_have_nothing_inline_and_nothing_from_elsewhere(template) -> None:
    text = template.read_text(encoding="utf-8")
    assert not _TAG.search(text) and not _INLINE.search(text) and not _AWAY.search(text)


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_its_token(template) -> None:
    text = template.read_text(encoding="utf-8")
    if template.name in {"survey.html", "progress.html", "my_tickets.html", "chat.html"}:
        return  # the link, the query code or the code by text message is the proof; the chat's form is the script's
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
        assert "hidden()" in form or 'name="csrf"' in form, form[:120]


@pytest.mark.parametrize("path", ["/", "/t", "/console/login", "/nowhere", "/healthz"])
async def test_every_answer_has_its_security_headers(browser: Browser, path: str) -> None:
    async with browser().get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])
        assert "Server" not in response.headers


async def test_a_request_keeps_a_sane_id_and_no_other(browser: Browser) -> None:
    client = browser()
    async with client.get("/healthz", headers={"X-Request-ID": "abc-12345"}) as response:
        assert response.headers["X-Request-ID"] == "abc-12345"
    async with client.get("/healthz", headers={"X-Request-ID": "x" * 500}) as response:
        assert len(response.headers["X-Request-ID"]) == 32


async def test_probes_and_figures(browser: Browser) -> None:
    client = browser()
    async with client.get("/healthz") as response:
        assert await response.json() == {"status": "ok"}
    async with client.get("/readyz") as response:
        assert (response.status, await response.json()) == (200, {"status": "degraded", "database": True, "nlu": False})
    async with client.get("/metrics") as response:
        figures = await response.text()
    assert 'hotline_http_requests_total{method="GET",route="/healthz",status="200"}' in figures


async def test_built_files_are_kept_for_ever_and_nothing_else_is_served(browser: Browser, assets) -> None:
    client, manifest = browser(), read_manifest(assets)
    scripts, styles = {"chat", "citizen", "console", "widget"}, {"chat", "citizen", "console", "widget"}
    assert {f"{name}.js" for name in scripts | {"report"}} | {f"{name}.css" for name in styles} == set(manifest)
    for name in manifest.values():
        async with client.get(f"/static/{name}") as response:
            assert response.status == 200 and "immutable" in response.headers["Cache-Control"]
    for path in ("/static/none.js", "/static/..%2f..%2fpyproject.toml", "/static/."):
        async with client.get(path) as response:
            assert response.status == 404


async def test_people_read_a_sentence_and_programs_a_problem(browser: Browser) -> None:
    client = browser()
    async with client.get("/nowhere") as response:
        assert (response.status, response.content_type) == (404, "text/html")
        assert "没有这个页面" in await response.text()
    async with client.get("/api/nowhere") as response:
        problem = await response.json()
        assert (response.status, response.content_type) == (404, "application/problem+json")
        assert problem["code"] == "http_404" and problem["request_id"] == response.headers["X-Request-ID"]
    async with client.post("/t", data=b"\xff\xfe", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 422
    async with client.post("/t", data={"number": "1" * 300_000}) as response:
        assert response.status == 413
