"""The citizen's pages: progress and survey."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import update

from integrations.bootstrap import House
from ticketing import accounts, dispatching, handling, intake, rounds
from ticketing.intake import AppealDraft, Registered
from ticketing.models import Role, Survey
from ticketing.progress import MAX_FAILURES
from ticketing.workflow import Actor

Browser = Callable[[], TestClient]
DRAFT = AppealDraft(
    kind="投诉",
    content="路灯坏了三天没人修",
    place=None,
    region=None,
    happened=None,
    phone="13900000009",
    name=None,
    anonymous=False,
    confidential=False,
    wants_reply=True,
    channel="web",
    conversation_id=None,
    city="ordos",
)


@pytest.fixture
def ticket(house: House) -> Registered:
    with house.database.write() as session:
        return intake.register(session, DRAFT, {}, house.city, datetime.now(UTC), Actor(Role.BOT), None)


@pytest.fixture
def token(house: House, ticket: Registered) -> str:
    """The survey's token of a ticket that was answered and reviewed."""
    now = datetime.now(UTC)
    with house.database.write() as session:
        people = [
            accounts.create_staff(
                session, username=f"x{uuid4().hex}", display_name="x", password="x" * 12, role=Role.REVIEWER, now=now
            )
            for _ in range(2)
        ]
        department, steps = Actor(Role.DEPARTMENT, people[0], "CG"), (session, house.city, ticket.ticket_id)
        dispatching.dispatch(*steps, Actor(Role.DISPATCHER), now, lead_department="CG")
        handling.sign(*steps, department, now)
        handling.answer(*steps, department, now, answer="已修好<b>。", outcome_code="solved")
        handling.pass_answer(*steps, Actor(Role.REVIEWER, people[1]), now)
        found = rounds.link_token(session, ticket.ticket_id)
    assert found is not None
    return found


async def post(client: TestClient, path: str, **fields: str) -> tuple[int, str]:
    async with client.post(path, data=fields) as response:
        return response.status, await response.text()


async def get(client: TestClient, path: str) -> tuple[int, str]:
    async with client.get(path) as response:
        return response.status, await response.text()


async def test_the_code_or_the_phone_opens_the_progress(browser: Browser, ticket: Registered) -> None:
    client = browser()
    for number, secret in (
        (ticket.number, ticket.query_code),
        (ticket.number.replace("-", " "), "".join(chr(ord(c) + 0xFEE0) for c in ticket.query_code)),
        (ticket.number, "139 0000 0009"),
    ):
        status, page = await post(client, "/t", number=number, secret=secret)
        assert status == 200 and "已经登记，等待热线受理" in page and "您的诉求已登记" in page


async def test_a_wrong_code_says_what_to_do_and_too_many_lock_the_query(browser: Browser, ticket: Registered) -> None:
    client = browser()
    wrong = f"{(int(ticket.query_code) + 1) % 1_000_000:06d}"
    status, page = await post(client, "/t", number=ticket.number, secret=wrong)
    assert status == 404 and "请核对工单号" in page and f'value="{ticket.number}"' in page
    for _ in range(MAX_FAILURES - 1):
        await post(client, "/t", number=ticket.number, secret=wrong)
    status, page = await post(client, "/t", number=ticket.number, secret=ticket.query_code)
    assert status == 429 and "之后再试" in page


async def test_an_unknown_number_and_a_wrong_code_look_the_same(browser: Browser, ticket: Registered) -> None:
    client = browser()
    unknown = await post(client, "/t", number="260101-000001-0", secret="123456")
    assert unknown[0] == 404 and "没有查到" in unknown[1]
    assert (await post(client, "/t", number="", secret=""))[0] == 422


async def test_one_address_cannot_try_on_and_on(browser: Browser) -> None:
    client, statuses = browser(), set()
    for n in range(30):
        statuses.add((await post(client, "/t", number="260101-000001-0", secret=f"{n:06d}"))[0])
    assert statuses == {404, 429}


async def test_a_survey_is_answered_once(browser: Browser, token: str, ticket: Registered) -> None:
    client, path = browser(), f"/s/{token}"
    status, page = await get(client, path)
    assert status == 200 and "已修好&lt;b&gt;。" in page
    answers = {"contacted": "yes", "resolved": "yes", "department_rating": "5", "hotline_rating": "4"}
    status, page = await post(client, path, **answers)
    assert status == 200 and "感谢您的评价" in page
    status, page = await post(client, path, **answers | {"department_rating": "1", "reason": "改主意"})
    assert status == 200 and "只能提交一次" in page
    progress = await post(client, "/t", number=ticket.number, secret=ticket.query_code)
    assert "已经办结" in progress[1]


async def test_who_is_dissatisfied_says_why_and_it_goes_back(browser: Browser, token: str) -> None:
    client, path = browser(), f"/s/{token}"
    status, page = await post(client, path, department_rating="1", resolved="no")
    assert status == 422 and "有必填内容没有填写" in page and 'value="1" required checked' in page
    status, page = await post(client, path, department_rating="1", resolved="no", reason="还是不亮")
    assert status == 200 and "退回承办单位重新办理" in page


@pytest.mark.parametrize("field", [{}, {"department_rating": "9"}, {"department_rating": "x"}, {"contacted": "maybe"}])
async def test_a_bad_answer_changes_nothing(browser: Browser, token: str, field: dict[str, str]) -> None:
    client = browser()
    assert (await post(client, f"/s/{token}", **field))[0] == 422
    assert "请您评价" in (await get(client, f"/s/{token}"))[1]


async def test_an_expired_or_unknown_link(browser: Browser, token: str, house: House) -> None:
    client = browser()
    with house.database.write() as session:
        session.execute(update(Survey).values(expires_at=datetime.now(UTC) - timedelta(days=1)))
    assert "评价链接已过期" in (await get(client, f"/s/{token}"))[1]
    assert "评价链接已过期" in (await post(client, f"/s/{token}", department_rating="5"))[1]
    status, page = await get(client, f"/s/{'x' * 24}")
    assert status == 404 and "这个评价链接不存在" in page


async def test_a_rejected_matter_tells_its_reason(browser: Browser, house: House, ticket: Registered) -> None:
    with house.database.write() as session:
        operator = accounts.create_staff(
            session, username="op-x", display_name="x", password="x" * 12, role=Role.OPERATOR, now=datetime.now(UTC)
        )
        dispatching.reject(
            session, house.city, ticket.ticket_id, Actor(Role.OPERATOR, operator), datetime.now(UTC),
            reason_code="court",
        )  # fmt: skip
    page = (await post(browser(), "/t", number=ticket.number, secret=ticket.query_code))[1]
    assert "不属于热线受理范围" in page and "已进入诉讼" in page
