"""The administrator's screens: people and their places, tokens, webhooks, effects that were given up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from integrations import effects
from integrations.bootstrap import House
from integrations.consoles.routes import CONSOLE
from ticketing import api_tokens, desks, jobs, units
from ticketing.jobs import MAX_ATTEMPTS
from ticketing.models import OutboxRow, Presence, Staff
from ticketing.webhooks import Topic

SignIn = Callable[[str], Awaitable]
MENU = ["办件", "督查", "知识", "报表", "管理"]


def id_of(house: House, username: str) -> UUID:
    with house.database.read() as session:
        return session.execute(select(Staff.id).where(Staff.username == username)).scalar_one()


def once(page: str) -> str:
    """The secret a page shows, this once."""
    return re.search(r'readonly value="([^"]+)"', page)[1]


async def enters(browser: Callable[[], TestClient], username: str, password: str) -> bool:
    client = browser()
    async with client.get("/console/login") as response:
        csrf = (await response.text()).split('name="csrf" value="', 1)[1].split('"', 1)[0]
    data = {"csrf": csrf, "username": username, "password": password}
    async with client.post("/console/login", data=data, allow_redirects=False) as response:
        return response.status == 303


async def test_a_new_colleague_gets_an_account_and_a_place(
    staff: SignIn, browser: Callable[[], TestClient], house: House
) -> None:
    admin = await staff("admin")
    fields = {"username": "newcomer", "display_name": "工号8801", "role": "department", "department": "CG"}
    password = once(await admin.post("/console/people", **fields))
    assert await enters(browser, "newcomer", password)
    page = await admin.get("/console/people?department=CG")
    assert "工号8801" in page and password not in page
    path = f"/console/people/{id_of(house, 'newcomer')}"
    with house.database.read() as session:
        unit = units.of_department(session, house.city, "CG")[0]
    place = {"role": "department", "department": "CG", "unit": unit.id, "post": "liaison"}
    page = await admin.post(f"{path}/place", **place)
    assert "岗位已保存" in page
    assert re.search(r'<option value="liaison" selected>', page) and f'value="{unit.id}" selected' in page
    assert "不属于这个承办单位" in await admin.post(f"{path}/place", 422, **place | {"department": "GA"})
    assert "岗位已保存" in await admin.post(f"{path}/place", **place | {"role": "reviewer"})
    with house.database.read() as session:
        row = session.execute(select(Staff).where(Staff.username == "newcomer")).scalar_one()
        assert (row.role, row.department, row.unit_id, row.post) == ("reviewer", None, None, None)


async def test_a_changed_role_counts_at_once_and_a_closed_account_is_out(
    staff: SignIn, browser: Callable[[], TestClient], house: House
) -> None:
    admin, operator = await staff("admin"), await staff("operator")
    path = f"/console/people/{id_of(house, 'operator')}"
    await operator.get("/console/conversations")
    await admin.post(f"{path}/place", role="reviewer")
    await operator.get("/console/conversations", 403)
    password = once(await admin.post(f"{path}/password"))
    async with operator.client.get("/console", allow_redirects=False) as response:
        assert response.headers["Location"] == "/console/login"
    assert await enters(browser, "operator", password)
    assert "账号已停用" in await admin.post(f"{path}/close")
    assert not await enters(browser, "operator", password)
    await admin.post(f"{path}/reopen")
    assert await enters(browser, "operator", password)


async def test_nobody_locks_themselves_out(staff: SignIn, house: House) -> None:
    admin = await staff("admin")
    path = f"/console/people/{id_of(house, 'admin')}"
    assert "另一位管理员" in await admin.post(f"{path}/place", 409, role="operator")
    assert "另一位管理员" in await admin.post(f"{path}/close", 409)
    assert "停用账号" not in await admin.get(path)


async def test_skills_are_set_before_a_screen_was_ever_open(staff: SignIn, house: House) -> None:
    admin, skill = await staff("admin"), next(iter(house.city.desk.names))
    path = f"/console/people/{id_of(house, 'operator2')}"
    assert "已保存" in await admin.post(f"{path}/skills", skills=skill, chats=2)
    with house.database.read() as session:
        now = datetime.now(UTC)
        desk = desks.desk_of(session, id_of(house, "operator2"), house.city.desk, now)
    assert (desk.skills, desk.capacity, desk.presence) == (frozenset({skill}), 2, Presence.AWAY)
    await admin.post(f"{path}/skills", 422, skills="nothing", chats=2)
    await admin.post(f"/console/people/{id_of(house, 'reviewer')}/skills", 422, skills=skill, chats=2)


async def test_a_token_is_shown_once_works_and_is_taken_back(
    staff: SignIn, browser: Callable[[], TestClient], house: House
) -> None:
    admin = await staff("admin")
    fields = {"username": "operator", "name": "省平台同步", "scopes": "tickets:read", "days": 30}
    token = once(await admin.post("/console/tokens", **fields))
    assert token not in await admin.get("/console/tokens")
    headers = {"Authorization": f"Bearer {token}"}
    async with browser().get("/api/v1/tickets", headers=headers) as response:
        assert response.status == 200
    assert "同名的令牌" in await admin.post("/console/tokens", 409, **fields)
    assert "有效天数" in await admin.post("/console/tokens", 422, **fields | {"name": "x", "days": 9999})
    with house.database.read() as session:
        (row,) = api_tokens.listed(session)
    assert "马上失效" in await admin.post(f"/console/tokens/{row.id}/revoke")
    async with browser().get("/api/v1/tickets", headers=headers) as response:
        assert response.status == 401


async def test_an_address_is_registered_tried_rotated_and_stopped(staff: SignIn, house: House) -> None:
    admin = await staff("admin")
    fields = {"name": "省平台", "url": "https://receiver.invalid/hook", "topics": Topic.CLOSED}
    for wrong in ("http://receiver.invalid/", "https://u:p@receiver.invalid/", "ftp://x/", "https://", "https://a b/"):
        assert "https:// 开头" in await admin.post("/console/webhooks", 422, **fields | {"url": wrong})
    await admin.post("/console/webhooks", 422, **fields | {"topics": "everything"})
    page = await admin.post("/console/webhooks", **fields)
    secret = once(page)
    assert secret.startswith("whsec_")
    assert "已经登记过" in await admin.post("/console/webhooks", 409, **fields)
    path = re.search(r"/console/webhooks/[0-9a-f-]{36}", page)[0]
    assert secret not in await admin.get(path)
    assert "试推已发出" in await admin.post(f"{path}/ping")
    await asyncio.to_thread(effects.drain, house, lambda: datetime.now(UTC))
    page = await admin.get(path)
    assert "重试中" in page and "域名解析不到" in page
    delivery = re.search(r"msg_([0-9a-f-]{36})", page)[1]
    assert "已重新推送" in await admin.post(f"{path}/replay", delivery=delivery)
    await admin.post(f"{path}/replay", 404, delivery=path.rsplit("/", 1)[1])
    page = await admin.post(f"{path}/rotate")
    assert once(page) != secret and "旧密钥" in page
    assert "不再推送" in await admin.post(f"{path}/stop")
    await admin.post(f"{path}/ping", 404)


async def test_what_was_given_up_is_tried_again_or_put_aside_with_a_reason(staff: SignIn, house: House) -> None:
    admin, now = await staff("admin"), datetime.now(UTC)
    with house.database.write() as session:
        for key in ("a", "b"):
            jobs.enqueue(session, "sms", key, {}, now)
        for row in session.scalars(select(OutboxRow)):
            row.run_at, row.dead_at, row.attempts, row.error = None, now, MAX_ATTEMPTS, "provider away"
    page = await admin.get("/console/jobs")
    assert page.count("provider away") == 2
    first, second = re.findall(r"/console/jobs/([0-9a-f-]{36})/revive", page)
    await admin.post(f"/console/jobs/{first}/discard", 422, reason=" ")
    page = await admin.post(f"/console/jobs/{first}/discard", reason="已电话告知")
    assert "已作罢" in page and "已电话告知" in page and f"{first}/revive" not in page
    await admin.post(f"/console/jobs/{first}/revive", 404)
    assert "重新排队" in await admin.post(f"/console/jobs/{second}/revive")
    with house.database.read() as session:
        assert (jobs.counts(session).dead, jobs.dead(session)) == (0, ())


@pytest.mark.parametrize("username", ["supervisor", "admin", "dispatcher", "operator", "dept-cg", "callback"])
async def test_the_menu_loses_no_page(staff: SignIn, house: House, username: str) -> None:
    page = await (await staff(username)).get("/console/tickets")
    menu = page.split('aria-label="主菜单"', 1)[1].split("</nav>", 1)[0]
    role = {"dept-cg": "department"}.get(username, username)
    alone = {"/console", "/console/events", "/console/desk", "/console/inbox", "/console/inbox/count"}
    pages = {
        route.path
        for route in CONSOLE
        if route.method == "GET" and role in (route.roles or ()) and re.fullmatch(r"/console/[a-z]+", route.path)
    }
    assert set(re.findall(r'href="(/console/[a-z]+)"', menu)) == pages - alone
    grouped = [name for name in MENU if f">{name}<" in menu]
    assert grouped == {"admin": MENU, "supervisor": MENU[:4]}.get(username, grouped)
