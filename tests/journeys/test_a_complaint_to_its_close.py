"""A citizen asks, complains, and follows the complaint to its close; the staff carry it there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from integrations.seed import DEMO_PASSWORD
from tests.journeys.conftest import Product

pytestmark = pytest.mark.journey


def say(page: Page, text: str) -> str:
    """Say something in the web chat; returns the bot's answer."""
    bubbles = page.locator("#log .m.bot")
    before = bubbles.count()
    page.get_by_label("输入您的问题或诉求").fill(text)
    page.keyboard.press("Enter")
    expect(bubbles).to_have_count(before + 1)
    return bubbles.nth(before).inner_text()


def log_in(page: Page, product: Product, username: str) -> None:
    """Sign in as a demo account, whoever was signed in before."""
    page.context.clear_cookies()
    page.goto(f"{product.url}/console")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="工作人员登录")).to_have_count(0)


def act(page: Page, product: Product, username: str, number: str, action: str, **fields: str) -> None:
    """Open the ticket as somebody and carry out one action; its form is already open when it is the usual one."""
    log_in(page, product, username)
    page.goto(f"{product.url}/console/tickets/{number}")
    card = page.locator("details.act", has=page.locator("summary", has_text=re.compile(f"^{action}$")))
    if card.get_attribute("open") is None:
        card.locator("summary").first.click()
    for label, value in fields.items():
        field = card.get_by_label(label)
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    card.get_by_role("button", name=action, exact=True).click()
    expect(page.locator(".notice.bad")).to_have_count(0)


def test_from_a_question_to_a_closed_ticket(product: Product, citizen: Page, staff: Page) -> None:
    citizen.goto(product.url)

    answer = say(citizen, "身份证丢了怎么补")
    assert "居民身份证补领" in answer
    assert "居民身份证法" in answer
    assert re.search(r"\d{4}-\d\d-\d\d审核。", answer), answer
    assert "40元" in say(citizen, "那要多少钱")

    assert "什么地方" in say(citizen, "楼下工地半夜施工吵得睡不着")
    assert "手机" in say(citizen, "东胜区铁西的一个工地，每天晚上11点到凌晨3点")
    read_back = say(citizen, "15400000001")  # a range that is assigned to nobody
    assert "东胜区" in read_back
    assert "154****0001" in read_back
    registered = say(citizen, "确认")
    number = re.search(r"\d{6}-\d{6}-\d", registered)
    code = re.search(r"查询码：(\d{6})", registered)
    assert number
    assert code
    assert re.search(r"\d+月\d+日 \d\d:\d\d 前", registered)

    log_in(staff, product, "dispatcher")
    staff.goto(f"{product.url}/console/tickets/{number[0]}")
    candidates = staff.locator("fieldset .cand li")
    expect(candidates).to_have_count(3)
    assert all(candidates.nth(n).locator(".why").inner_text().strip() for n in range(3))

    act(staff, product, "dispatcher", number[0], "派单")
    lead = staff.locator("dt", has_text="主办单位").locator("xpath=following-sibling::dd[1]").inner_text()
    assert lead == "城市管理综合执法局"
    log_in(staff, product, "dept-gr")
    staff.goto(f"{product.url}/console/tickets/{number[0]}")
    expect(staff.get_by_text("楼下工地")).to_have_count(0)  # another department's ticket is not theirs to see
    act(staff, product, "dept-cg", number[0], "签收")
    reply = "已到现场责令停止夜间施工，并约谈项目负责人；今后夜间施工须持证明并公告。"
    act(staff, product, "dept-cg", number[0], "答复", 办理结果="已解决", 答复诉求人的内容=reply)
    act(staff, product, "reviewer", number[0], "审核通过")
    log_in(staff, product, "callback")
    staff.goto(f"{product.url}/console/callbacks")
    expect(staff.get_by_text(number[0])).to_be_visible()

    told = citizen.locator("#log .m.system", has_text=reply)
    expect(told).to_be_visible(timeout=30_000)  # pushed into the open chat
    link = re.search(r"/s/[A-Za-z0-9_-]+", told.inner_text())
    assert link
    citizen.goto(product.url + link[0])
    expect(citizen.get_by_text(reply)).to_be_visible()
    for question, choice in (("联系您", "是"), ("解决", "是"), ("承办单位", "满意"), ("热线", "非常满意")):
        group = citizen.get_by_role("group").filter(has_text=question).last
        group.get_by_label(choice, exact=True).check()
    citizen.get_by_role("button", name="提交评价").click()
    expect(citizen.get_by_role("heading", name="感谢您的评价")).to_be_visible()
    citizen.goto(product.url + link[0])
    expect(citizen.get_by_role("heading", name="感谢您的评价")).to_be_visible()  # it cannot be answered twice

    citizen.goto(f"{product.url}/t")
    citizen.get_by_label("工单编号").fill(number[0])
    citizen.get_by_label(re.compile("查询码")).fill(code[1])
    citizen.get_by_role("button", name="查询", exact=True).click()
    expect(citizen.get_by_text("已经办结。")).to_be_visible()
    steps = citizen.locator(".steps li").all_inner_texts()
    for said in ("已登记", "转给承办单位", "签收", "提交了办理结果", "审核通过", "已办结"):
        assert any(said in step for step in steps), (said, steps)


def test_a_wrong_query_code_says_what_to_do(product: Product, citizen: Page) -> None:
    citizen.goto(f"{product.url}/t")
    citizen.get_by_label("工单编号").fill("261122-999999-4")
    citizen.get_by_label(re.compile("查询码")).fill("000000")
    citizen.get_by_role("button", name="查询", exact=True).click()
    expect(citizen.get_by_role("alert")).to_be_visible()
    expect(citizen.get_by_label("工单编号")).to_have_value("261122-999999-4")


def test_what_was_said_is_still_there_after_a_reload(product: Product, citizen: Page) -> None:
    citizen.goto(product.url)
    say(citizen, "高龄津贴怎么领")
    citizen.reload()
    expect(citizen.locator("#log .m", has_text="高龄津贴怎么领")).to_have_count(1)


def test_a_person_is_reached_at_any_turn_and_answers(product: Product, citizen: Page, staff: Page) -> None:
    citizen.goto(product.url)
    say(citizen, "小区停水了")
    say(citizen, "转人工")
    log_in(staff, product, "operator")
    staff.goto(f"{product.url}/console/conversations")
    staff.locator("#queue a").first.click()
    staff.get_by_role("button", name="接入会话").click()
    expect(staff.get_by_text("小区停水了").first).to_be_visible()
    staff.get_by_label("回复内容").fill("您好，我是话务员，正在帮您查停水的原因。")
    staff.get_by_role("button", name="发送").click()
    expect(citizen.locator("#log .m.operator", has_text="正在帮您查停水的原因")).to_be_visible()
