"""Metrics, reports, promises and the inbox on the screen, bounded by role; every file opens as what it says it is."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from docx import Document
from openpyxl import load_workbook

from integrations.demo.build import build
from integrations.effects import drain, robot_call
from integrations.reports.desk import make_due
from ticketing import callbacks, reports, staff_notices
from ticketing.models import Report, Ticket


@pytest.fixture
def lived(house):
    """The house after forty made-up days."""
    with house.database.write() as session:
        build(session, house.city, house.settings.nlu_data, datetime.now(UTC), tickets=60, days=40, seed=3)
    return house


@pytest.fixture
async def page(lived, staff):
    """Signs somebody in at a house that has a history."""
    return staff


def _day(days=0):
    return (datetime.now(UTC) - timedelta(days=days)).date()


def _form(**more):
    return {"kind": "month", "since": _day(40), "until": _day(), "accounting": "period"} | more


async def _report(person, **more):
    text = await person.post("/console/reports", **_form(**more))
    return text, re.search(r"/console/reports/([0-9a-f-]{36})/pdf", text)[1]


async def test_the_metrics_show_their_definition_and_one_accounting(page):
    person = await page("supervisor")
    text = await person.get(f"/console/metrics?since={_day(40)}&until={_day()}&accounting=period")
    assert "满意率" in text
    assert "不推定为满意" in text
    assert "暂无电话数据" in text
    assert '<option value="period" selected' in text


async def test_a_wrong_span_says_what_is_wrong(page):
    person = await page("supervisor")
    assert "统计期不合适" in await person.get(f"/console/metrics?since={_day()}&until={_day(3)}", 422)
    assert "统计期不合适" in await person.get("/console/metrics?since=gestern", 422)
    assert "统计期不合适" in await person.post("/console/reports", 422, **_form(since="2026-13-45"))


async def test_a_report_has_a_page_and_four_files(page):
    person = await page("supervisor")
    text, report = await _report(person)
    assert "总体情况" in text
    assert "data-chart=" in text
    bodies = {}
    for name in ("pdf", "docx", "xlsx", "csv"):
        async with person.client.get(f"/console/reports/{report}/{name}") as response:
            assert response.status == 200
            assert response.headers["Content-Disposition"].startswith("attachment")
            bodies[name] = await response.read()
    assert bodies["pdf"].startswith(b"%PDF")
    assert b"FontFile" in bodies["pdf"]  # the Chinese font travels along
    document = Document(io.BytesIO(bodies["docx"]))
    assert document.paragraphs[0].text == "鄂尔多斯市12345热线月报"
    assert len(document.inline_shapes) >= 3
    assert "满意率" in {cell.text for table in document.tables for cell in table.columns[0].cells}
    book = load_workbook(io.BytesIO(bodies["xlsx"]))
    assert "主要指标" in book.sheetnames
    assert any("chart" in name for name in zipfile.ZipFile(io.BytesIO(bodies["xlsx"])).namelist())
    assert "满意率" in bodies["csv"].decode("utf-8-sig")
    await person.get(f"/console/reports/{report}/exe", 404)


async def test_every_kind_can_be_made(page):
    person = await page("supervisor")
    for kind in reports.KINDS:
        text, _ = await _report(person, kind=kind, matter="暖气 物业")
        assert "统计期" in text
    assert 'role="alert"' in await person.post("/console/reports", 422, **_form(kind="special", matter=" "))


async def test_a_department_reads_about_itself_alone(page, lived):
    supervisor, department = await page("supervisor"), await page("dept-cg")
    _, all_of_it = await _report(supervisor, kind="scorecard")
    text, own = await _report(department, kind="scorecard", department="GA")
    assert "城市管理综合执法局" in text
    assert "公安局" not in text
    await department.get(f"/console/reports/{all_of_it}", 404)
    await department.get(f"/console/reports/{all_of_it}/xlsx", 404)
    assert all_of_it not in await department.get("/console/reports")
    await department.post("/console/reports", 403, **_form(kind="unsatisfied"))
    await supervisor.get(f"/console/reports/{own}")
    text = await department.get(f"/console/metrics?since={_day(40)}&until={_day()}&department=GA")
    with lived.database.read() as session:
        assert session.get(Report, UUID(own)).department == "CG"


async def test_who_has_nothing_to_do_with_it_sees_no_report(page):
    operator = await page("operator")
    for path in ("/console/reports", "/console/metrics", "/console/promises"):
        await operator.get(path, 403)


def test_scheduled_reports_are_made_once(lived):
    now = datetime.now(UTC)
    made = make_due(lived, now)
    assert made == sum(kind.every is not None for kind in reports.KINDS.values())
    assert make_due(lived, now) == 0


async def test_what_a_citizen_wrote_never_becomes_a_formula(page, lived):
    person = await page("supervisor")
    _, report = await _report(person, kind="overdue")
    with lived.database.write() as session:
        row = session.get(Report, UUID(report))
        table = {"kind": "table", "title": "x", "columns": ["a"], "rows": [['=HYPERLINK("http://x")']], "figures": []}
        row.content = row.content | {"sections": [table | {"note": ""}]}
    async with person.client.get(f"/console/reports/{report}/csv") as response:
        assert "'=HYPERLINK" in await response.text()
    async with person.client.get(f"/console/reports/{report}/xlsx") as response:
        book = load_workbook(io.BytesIO(await response.read()))
    assert book["x"]["A5"].data_type == "s"
    assert "&lt;" not in await person.get(f"/console/reports/{report}")


async def test_the_inbox_counts_and_opens_the_ticket(page, lived):
    person = await page("dept-cg")
    with lived.database.write() as session:
        ticket = session.query(Ticket).filter(Ticket.lead_department == "CG").first()
        about = {"to": "department", "department": "CG"}
        staff_notices.deliver(session, ticket.id, "dispatch", "k", datetime.now(UTC), **about)
    assert "1 条未读" in await person.get("/console/inbox/count")
    text = await person.get("/console/inbox")
    assert "新工单待签收" in text
    notice = re.search(r'name="notice" value="([0-9a-f-]+)"', text)[1]
    assert ticket.number in await person.post("/console/inbox/read", notice=notice, number=ticket.number)
    assert "未读" not in await person.get("/console/inbox/count")
    await person.post("/console/inbox/read", 422, notice="x")


async def test_the_ledger_of_promises_is_there(page):
    for username in ("callback", "supervisor", "dept-cg"):
        assert "承诺" in await (await page(username)).get("/console/promises")


def test_the_callback_plan_runs_without_a_robot(lived):
    now = datetime.now(UTC)
    late = now + timedelta(days=9)
    late = late.replace(hour=4)  # noon in the city
    robot_call.go_round(lived, lambda: now)
    for _ in range(3):
        robot_call.go_round(lived, lambda: late)
        drain(lived, lambda: late)
    with lived.database.read() as session:
        due = callbacks.due_callbacks(session, lived.city)
    assert all(one.channel in ("operator", "link") for one in due)
