"""Requests, parts, merging and supervision as staff drive them through the pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from integrations.bootstrap import House
from integrations.consoles.deeds import DEEDS
from integrations.effects import drain, go_round
from ticketing import intake, jobs
from ticketing.intake import AppealDraft, Registered
from ticketing.models import OutboxRow, Post, Role, Staff, Ticket
from ticketing.workflow import Actor

SignIn = Callable[[str], Awaitable]
DRAFT = AppealDraft(
    kind="投诉",
    content="楼下工地半夜施工吵得睡不着",
    place="某小区北门",
    region=None,
    happened=None,
    phone="13900000001",
    name="市民-0001",
    anonymous=False,
    confidential=False,
    wants_reply=True,
    channel="web",
    conversation_id=None,
    city="ordos",
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def register(house: House) -> Callable[..., Registered]:
    def make(**changes: object) -> Registered:
        draft = replace(DRAFT, **changes)
        advice = {"department": "CG", "confidence": 0.9, "auto": False, "urgency": "normal", "candidates": []}
        with house.database.write() as session:
            return intake.register(session, draft, advice, house.city, now(), Actor(Role.BOT), None)

    return make


async def act(person, number: str, action: str, **fields: object) -> str:
    page = await person.get(f"/console/tickets/{number}")
    form = page.split(f'/{number}/{action}">', 1)[1].split("</form>", 1)[0]
    known = {name: re.search(rf'name="{name}" value="([^"]*)"', form)[1] for name in ("version", "seen")}
    return await person.post(f"/console/tickets/{number}/{action}", **known | fields)


async def do(person, number: str, deed: str, status: int = 200, **fields: object) -> str:
    return await person.post(f"/console/tickets/{number}/do/{deed}", status, **fields)


def form_id(page: str, deed: str) -> str:
    """The id that the page put into the form of a deed."""
    form = page.split(f'/do/{deed}">', 1)[1].split("</form>", 1)[0]
    return re.search(r'name="id" value="([^"]*)"', form)[1]


async def given(staff: SignIn, register, **changes: object) -> str:
    number = register(**changes).number
    await act(await staff("dispatcher"), number, "dispatch", other_department="CG")
    return number


async def handled(staff: SignIn, register, **changes: object) -> str:
    number = await given(staff, register, **changes)
    await act(await staff("dept-cg"), number, "sign")
    return number


async def test_a_department_asks_and_the_hotline_decides(staff: SignIn, register) -> None:
    number = await handled(staff, register)
    department, reviewer = await staff("dept-cg"), await staff("reviewer")
    page = await department.get(f"/console/tickets/{number}")
    for words in ("申请退单", "申请延期", "申请法定程序", "申请挂起", "申请协办", "记录联系诉求人"):
        assert words in page
    assert "申请撤单" not in page
    wish = {"kind": "return", "reason_code": "not_ours", "note": "归公安机关管。"}
    assert "必填" in await do(department, number, "request", 422, **wish)
    page = await do(department, number, "request", **wish, basis="某条例第八条")
    assert "“提出申请”已完成" in page and "待审批" in page
    waiting = await reviewer.get("/console/requests")
    assert number in waiting and "归公安机关管。" in waiting and "非本单位职责" in waiting
    request = form_id(waiting, "decide")
    assert "必填" in await do(reviewer, number, "decide", 422, id=request, approve="no")
    page = await do(reviewer, number, "decide", id=request, approve="yes", back="requests")
    assert "审批已记录" in page and number not in page
    page = await (await staff("dispatcher")).get(f"/console/tickets/{number}")
    assert "已受理" in page and "退单" in page
    assert "已经有了结果" in await do(await staff("reviewer"), number, "decide", 409, id=request, approve="yes")


async def test_an_extension_counts_once_the_citizen_was_told(staff: SignIn, register) -> None:
    number = await handled(staff, register)
    await do(await staff("dept-cg"), number, "request", kind="extension", reason_code="works", note="要采购。")
    reviewer, operator = await staff("reviewer"), await staff("operator")
    request = form_id(await reviewer.get("/console/requests"), "decide")
    await do(reviewer, number, "decide", id=request, approve="yes")
    page = await operator.get("/console/requests")
    assert "已同意，待告知诉求人" in page and "已电话告知诉求人" in page
    assert "申请生效" in await do(operator, number, "told", id=form_id(page, "told"), back="requests")
    page = await operator.get(f"/console/tickets/{number}")
    assert "原时限" in page and "2. 延期" in page


async def test_a_departments_inside_up_to_the_leaders_signature(staff: SignIn, register, house: House) -> None:
    with house.database.write() as session:
        session.execute(update(Staff).where(Staff.username == "dept-ga").values(department="CG", post=Post.LEADER))
    number = await handled(staff, register)
    liaison, leader = await staff("dept-cg"), await staff("dept-ga")
    page = await liaison.get(f"/console/tickets/{number}")
    part = form_id(page, "draft")
    await do(liaison, number, "assign_holder", id=part, office="执法一大队")
    await do(liaison, number, "draft", id=part, outcome_code="solved", answer="已责令停工。")
    assert "审签" in await do(liaison, number, "report_part", 409, id=part)
    assert "待领导审签" in await leader.get(f"/console/tickets/{number}")
    await do(leader, number, "approve_draft", id=part)
    page = await do(liaison, number, "report_part", id=part)
    assert "待审核" in page and "执法一大队" in page and "已提交" in page


async def test_many_tickets_follow_one_answer(staff: SignIn, register) -> None:
    parent, children = register().number, [register(phone=f"1390000010{n}").number for n in range(3)]
    dispatcher = await staff("dispatcher")
    numbers = "\n".join([*children, "260101-000000-0"])
    page = await do(dispatcher, parent, "merge", 409, numbers=numbers)
    assert "已并入3件" in page and "260101-000000-0" in page
    assert "3 件工单与本单相关" in page
    page = await do(dispatcher, children[2], "unmerge", note="另一栋楼")
    assert "已登记" in page
    await act(dispatcher, parent, "dispatch", other_department="CG")
    department = await staff("dept-cg")
    await act(department, parent, "sign")
    page = await act(department, parent, "answer", outcome_code="solved", answer="今晚恢复供暖。")
    assert children[0] in page and "13900000100" not in page
    await act(await staff("reviewer"), parent, "pass")
    page = await (await staff("callback")).get("/console/callbacks")
    assert all(number in page for number in (parent, *children[:2])) and children[2] not in page


async def test_supervision_from_the_instruction_to_the_card(staff: SignIn, register, house: House) -> None:
    number = await handled(staff, register)
    judge, department = await staff("supervisor"), await staff("dept-cg")
    page = await do(judge, number, "supervise", level="key", owner="分管局长", instruction="两日内查清。")
    assert "重点督办" in page
    page = await department.get(f"/console/tickets/{number}")
    one = form_id(page, "prove")
    await do(department, number, "prove", id=one, proof="已查清。")
    visited = {"visited_at": "2026-01-01T09:00", "people": "督查科", "place": "某工地", "result": "属实"}
    await do(judge, number, "visit", **visited, supervision=one)
    assert "督办中" not in await do(judge, number, "end_supervision", id=one, note="同意")
    with house.database.write() as session:
        session.execute(update(Ticket).values(finish_due=now() - timedelta(days=8)))
    assert go_round(house, now) > 0
    board = await judge.get("/console/supervision")
    assert number in board and "拟发牌" in board and "照片" not in board and "督查科" in board
    page = await judge.get(f"/console/tickets/{number}")
    card = form_id(page, "issue_card")
    await do(judge, number, "issue_card", id=card, note="超期三日。")
    page = await department.get(f"/console/tickets/{number}")
    assert "黄牌" in page and form_id(page, "appeal_card") == card
    await do(department, number, "appeal_card", id=card, note="有证据。")
    assert "另一位" in await do(judge, number, "withdraw_card", 403, id=card, note="撤")
    moment = (now() - timedelta(days=1)).astimezone(house.city.zone).strftime("%Y-%m-%dT%H:%M")
    assert "那时没有红黄牌" in await judge.get(f"/console/supervision/replay?at={moment}")
    assert "申诉中" in await judge.get("/console/supervision/replay")


async def test_the_duty_leader_is_on_the_board(staff: SignIn, house: House) -> None:
    judge = await staff("supervisor")
    local = now().astimezone(house.city.zone)
    shift = {
        "leader": "值班领导甲",
        "starts_at": local.strftime("%Y-%m-%dT00:00"),
        "ends_at": (local + timedelta(days=2)).strftime("%Y-%m-%dT00:00"),
    }
    assert "值班领导甲" in await judge.post("/console/supervision/duty", **shift)
    assert "已经安排" in await judge.post("/console/supervision/duty", 409, **shift)
    page = await judge.get("/console/supervision")
    cancel = re.search(r"/console/supervision/duty/([0-9a-f-]{36})/cancel", page)[0]
    assert "未排班" in await judge.post(cancel)


async def test_a_dead_letter_is_seen_and_sent_again(staff: SignIn, register, house: House) -> None:
    register()
    drain(house, now)
    with house.database.write() as session:
        jobs.enqueue(session, "citizen_message", "lost", {"ticket_id": "x", "purpose": "closed"}, now())
        session.execute(
            update(OutboxRow).where(OutboxRow.key == "lost").values(dead_at=now(), run_at=None, error="网络不通")
        )
    admin = await staff("admin")
    page = await admin.get("/console/jobs")
    assert "网络不通" in page and "给诉求人的消息" in page
    again = re.search(r"/console/jobs/[0-9a-f-]{36}/revive", page)[0]
    assert "没有失败的任务" in await admin.post(again)
    await (await staff("supervisor")).get("/console/jobs", 403)


async def test_an_empty_form_is_refused_in_words_and_changes_nothing(staff: SignIn, register, house: House) -> None:
    made = register()
    for name in ("operator", "supervisor", "dept-cg"):
        person = await staff(name)
        data = {"csrf": person.csrf, "id": "zzz", "until": "gestern", "due_at": "morgen"}
        for deed in DEEDS:
            async with person.client.post(f"/console/tickets/{made.number}/do/{deed}", data=data) as response:
                assert response.status in {200, 403, 404, 409, 422}, deed
    with house.database.read() as session:
        assert session.get_one(Ticket, made.ticket_id).status == "registered"


async def test_what_is_no_deed_does_not_exist(staff: SignIn, register) -> None:
    await do(await staff("operator"), register().number, "explode", 404)
    await do(await staff("dept-cg"), register().number, "contact", 404, channel="phone")
