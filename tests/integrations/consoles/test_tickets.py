"""A ticket's life as staff drive it through the pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from sqlalchemy import update

from integrations.bootstrap import House
from integrations.consoles.actions import STEPS
from ticketing import intake
from ticketing.intake import AppealDraft, Registered
from ticketing.models import Role, Ticket
from ticketing.workflow import TABLE, Action, Actor

Staff = Callable[[str], Awaitable]
CONTENT = "楼下工地半夜施工吵得睡不着"
DRAFT = AppealDraft(
    kind="投诉",
    content=CONTENT,
    place="某小区北门",
    region=None,
    happened="昨晚十点",
    phone="13900000001",
    name="市民-0001",
    anonymous=False,
    confidential=False,
    wants_reply=True,
    channel="web",
    conversation_id=None,
    city="ordos",
)


@pytest.fixture
def register(house: House) -> Callable[..., Registered]:
    def make(**changes: object) -> Registered:
        draft = replace(DRAFT, **changes)
        advice = house.bot.router.recommend(draft.content).to_json()
        with house.database.write() as session:
            return intake.register(session, draft, advice, house.city, datetime.now(UTC), Actor(Role.BOT), None)

    return make


def hidden(page: str, action: str) -> dict[str, str]:
    """The fields the page put into the form of an action."""
    form = page.split(f'/{action}">', 1)[1].split("</form>", 1)[0]
    return {name: re.search(rf'name="{name}" value="([^"]*)"', form)[1] for name in ("key", "version", "seen")}


async def act(person, number: str, action: str, status: int = 200, **fields: object) -> str:
    page = await person.get(f"/console/tickets/{number}")
    return await person.post(f"/console/tickets/{number}/{action}", status, **hidden(page, action) | fields)


async def test_from_registration_to_the_callback(staff: Staff, register) -> None:
    number = register().number
    dispatcher = await staff("dispatcher")
    page = await dispatcher.get(f"/console/tickets/{number}")
    assert page.count('type="radio" name="lead_department"') == 3
    assert "139****0001" in page and "13900000001" not in page
    assert "城市管理综合执法局" in page and "审计链完整" in page

    assert "“派单”已完成" in await act(dispatcher, number, "dispatch", lead_department="CG", assisting="GA")
    department = await staff("dept-cg")
    assert number in await department.get("/console/tickets")
    await act(department, number, "sign")
    await act(department, number, "answer", outcome_code="solved", answer="已责令停工。", basis="某条")
    page = await act(await staff("reviewer"), number, "pass")
    assert "待回访" in page and "已责令停工。" in page and "协办：公安局" in page
    assert "时限与依据" in page and "工作日" in page


async def test_another_department_may_be_chosen_than_the_three(staff: Staff, register) -> None:
    number = register().number
    page = await act(await staff("dispatcher"), number, "dispatch", lead_department="CG", other_department="FL")
    assert "主办：妇女联合会" in page


async def test_a_department_sees_only_its_own(staff: Staff, register) -> None:
    number = register().number
    await act(await staff("dispatcher"), number, "dispatch", lead_department="CG")
    stranger = await staff("dept-ga")
    assert number not in await stranger.get("/console/tickets?status=all")
    await stranger.get(f"/console/tickets/{number}", 404)
    await stranger.post(f"/console/tickets/{number}/sign", 404, version=2, seen=3)
    await stranger.post(f"/console/tickets/{number}/contact", 404, purpose="看看")


async def test_what_a_department_reads_of_a_confidential_report(staff: Staff, register) -> None:
    content = "我是市民，电话13900000002，举报单位虚报"
    number = register(kind="举报", content=content, confidential=True).number
    await act(await staff("dispatcher"), number, "dispatch", lead_department="CG")
    page = await (await staff("dept-cg")).get(f"/console/tickets/{number}")
    assert "身份保密" in page and "13900000002" not in page and "139****" not in page


async def test_who_comes_second_is_told_so(staff: Staff, register) -> None:
    number = register().number
    first, second = await staff("dispatcher"), await staff("operator")
    stale = hidden(await second.get(f"/console/tickets/{number}"), "reject")
    await act(first, number, "dispatch", lead_department="CG")
    page = await second.post(f"/console/tickets/{number}/reject", 409, reason_code="outside", note="不属于", **stale)
    assert "刚刚被别人更新" in page and "已派单" in page


async def test_a_double_click_is_done_once(staff: Staff, register) -> None:
    number = register().number
    dispatcher = await staff("dispatcher")
    fields = hidden(await dispatcher.get(f"/console/tickets/{number}"), "dispatch") | {"lead_department": "CG"}
    await dispatcher.post(f"/console/tickets/{number}/dispatch", **fields)
    page = await dispatcher.post(f"/console/tickets/{number}/dispatch", **fields)
    assert page.count("<b>派单</b>") == 1 and "已完成" in page


async def test_a_refused_action_keeps_what_was_typed(staff: Staff, register) -> None:
    number = register().number
    page = await act(await staff("operator"), number, "reject", 422, note="这件事归法院")
    assert "有必填内容没有填写" in page and "这件事归法院" in page


async def test_an_action_the_role_may_not_do_is_refused(staff: Staff, register) -> None:
    number = register().number
    reviewer = await staff("reviewer")
    assert f"{number}/dispatch" not in await reviewer.get(f"/console/tickets/{number}")
    await reviewer.post(f"/console/tickets/{number}/dispatch", 403, version=0, seen=1, lead_department="CG")
    await reviewer.post(f"/console/tickets/{number}/close", 404, version=0, seen=1)


async def test_looking_at_the_number_goes_into_the_history(staff: Staff, register) -> None:
    number = register().number
    operator = await staff("operator")
    page = await operator.post(f"/console/tickets/{number}/contact", purpose="核实地址")
    assert "13900000001" in page and "核实地址" in page
    assert "13900000001" not in await operator.get(f"/console/tickets/{number}")
    await (await staff("supervisor")).post(f"/console/tickets/{number}/contact", 403, purpose="看看")


async def test_a_number_leads_to_its_ticket_however_it_is_typed(staff: Staff, register) -> None:
    number = register().number
    operator = await staff("operator")
    assert CONTENT in await operator.get(f"/console/tickets?q={number.replace('-', '')}")
    await operator.get("/console/tickets?q=123", 404)
    await operator.get("/console/tickets?status=nonsense", 422)
    await operator.get("/console/tickets?before=nonsense", 422)


async def test_the_overdue_come_first(staff: Staff, register, house: House) -> None:
    late, fresh = register(content="早先的事情").number, register(content="刚来的事情").number
    dispatcher = await staff("dispatcher")
    for number in (late, fresh):
        await act(dispatcher, number, "dispatch", lead_department="CG")
    with house.database.write() as session:
        past = datetime.now(UTC) - timedelta(days=1)
        session.execute(update(Ticket).where(Ticket.number == late).values(finish_due=past))
    page = await dispatcher.get("/console/tickets?status=open")
    assert page.index(late) < page.index(fresh) and "超期 1 件" in page
    assert fresh not in await dispatcher.get("/console/tickets?status=overdue")
    assert late in await (await staff("supervisor")).get("/console/overview")


async def test_what_citizens_write_stays_text(staff: Staff, register) -> None:
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    number = register(content=attack, place=attack, happened=attack).number
    page = await (await staff("operator")).get(f"/console/tickets/{number}")
    assert attack not in page and escape(attack, quote=False)[:30] in page


def test_every_action_a_person_may_take_has_a_form_or_a_page_of_its_own() -> None:
    elsewhere = {Action.CLOSE, Action.REWORK, Action.MERGE, Action.UNMERGE}  # callback pages; merging is not here yet
    people = {Role(role) for _, rule in TABLE.items() for role in rule.roles} - {Role.CITIZEN, Role.BOT, Role.SYSTEM}
    used = {action for (_, action), rule in TABLE.items() if rule.roles & people}
    assert used - elsewhere == set(STEPS)
