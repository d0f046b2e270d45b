"""Nobody opens a console page unless the table names their role."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from aiohttp.test_utils import TestClient, TestServer

from integrations.consoles.access import COOKIE
from integrations.consoles.routes import CONSOLE
from ticketing import accounts
from ticketing.models import Role

SOMEWHERE = {
    "id": "01234567-0123-7000-8000-0123456789ab",
    "number": "260101-000001-2",
    "deed": "urge",
    "format": "pdf",
    "item": "GA001",
    "region": "150600",
    "action": "accept",
}
GUARDED = [route for route in CONSOLE if route.roles is not None]
USERNAMES = {
    Role.OPERATOR: "operator",
    Role.DISPATCHER: "dispatcher",
    Role.REVIEWER: "reviewer",
    Role.CALLBACK: "callback",
    Role.DEPARTMENT: "dept-cg",
    Role.SUPERVISOR: "supervisor",
    Role.ADMIN: "admin",
}


def at(path: str) -> str:
    return re.sub(r"\{(\w+):[^/]*\}", lambda name: SOMEWHERE[name[1]], path)


def test_every_console_route_is_in_the_table(server: TestServer) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in server.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/console") and route.method != "HEAD"
    }
    listed = {(route.method, re.sub(r"\{(\w+):[^/]*\}", r"{\1}", route.path)) for route in CONSOLE}
    assert served == listed


def test_only_the_log_in_is_open_and_every_role_is_a_persons() -> None:
    assert {route.path for route in CONSOLE if route.roles is None} == {"/console/login"}
    for route in GUARDED:
        assert route.roles and route.roles <= accounts.PEOPLE


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_a_stranger_is_sent_to_the_log_in(browser: Callable[[], TestClient], route) -> None:
    async with browser().request(route.method, at(route.path), allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/console/login")


@pytest.mark.parametrize("role", USERNAMES)
async def test_a_role_opens_its_own_pages_only(staff: Callable[[str], Awaitable], role: Role) -> None:
    person = await staff(USERNAMES[role])
    for route in GUARDED:
        if role not in route.roles:
            async with person.client.request(route.method, at(route.path), data={"csrf": person.csrf}) as response:
                assert response.status == 403, route


async def test_a_form_without_its_own_pages_token_is_refused(staff: Callable[[str], Awaitable]) -> None:
    person = await staff("operator")
    for data in ({}, {"csrf": "x"}, {"csrf": person.csrf[:-1]}):
        async with person.client.post("/console/logout", data=data) as response:
            assert response.status == 403
    assert "话务员" in await person.get("/console")


async def test_another_sites_form_is_refused(staff: Callable[[str], Awaitable]) -> None:
    person = await staff("operator")
    headers = {"Origin": "https://elsewhere.example"}
    async with person.client.post("/console/logout", data={"csrf": person.csrf}, headers=headers) as response:
        assert response.status == 403


async def log_in(client: TestClient, password: str, username: str = "operator") -> tuple[int, str]:
    async with client.get("/console/login") as response:
        csrf = (await response.text()).split('name="csrf" value="', 1)[1].split('"', 1)[0]
    data = {"csrf": csrf, "username": username, "password": password}
    async with client.post("/console/login", data=data) as response:
        return response.status, await response.text()


async def test_a_wrong_name_and_a_wrong_password_look_the_same(browser: Callable[[], TestClient]) -> None:
    status, unknown = await log_in(browser(), "wrong", "nobody")
    assert (status, "账号或密码不对" in unknown) == (403, True)
    assert "账号或密码不对" in (await log_in(browser(), "wrong"))[1]


async def test_five_wrong_passwords_lock_the_account_for_a_while(browser: Callable[[], TestClient]) -> None:
    client = browser()
    for _ in range(accounts.MAX_FAILURES):
        await log_in(client, "wrong")
    status, page = await log_in(client, "correct-horse")
    assert status == 403
    assert "登录失败次数过多" in page


async def test_the_cookie_is_signed_and_out_of_reach_of_scripts(
    staff: Callable[[str], Awaitable], browser: Callable[[], TestClient]
) -> None:
    person = await staff("operator")
    cookie = next(cookie for cookie in person.client.session.cookie_jar if cookie.key == COOKIE)
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/console"
    for value, home in ((cookie.value, "/console/conversations"), (cookie.value[:-2], "/console/login")):
        async with browser().get(
            "/console", headers={"Cookie": f"{COOKIE}={value}"}, allow_redirects=False
        ) as response:
            assert response.headers["Location"] == home


async def test_logging_out_ends_the_session_on_the_server(
    staff: Callable[[str], Awaitable], browser: Callable[[], TestClient]
) -> None:
    person = await staff("operator")
    token = next(cookie.value for cookie in person.client.session.cookie_jar if cookie.key == COOKIE)
    await person.post("/console/logout")
    async with browser().get("/console", headers={"Cookie": f"{COOKIE}={token}"}, allow_redirects=False) as response:
        assert response.headers["Location"] == "/console/login"
