"""Owners keep their guides: see, edit, review, upload, decide; each only their own, and the bot knows at once."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import aiohttp
import pytest
from openpyxl import load_workbook

from bot.guides import shelf, versions
from bot.guides.guide import Element, Guide
from bot.guides.tasks import note_gap
from integrations.bootstrap import House

NOW = datetime.now(UTC)
GA003 = "/console/guides/GA003/000000"


def guide(house: House, item: str = "GA003", region: str = "000000") -> tuple[int, Guide]:
    with house.database.read() as session:
        row, found = shelf.one(session, house.city.code, item, region, None)
        return row.version, found


async def test_a_department_sees_its_own_guides_only(staff) -> None:
    ga = await staff("dept-ga")
    page = await ga.get("/console/guides")
    assert "居民身份证补领" in page and "CG001" not in page
    await ga.get("/console/guides/CG001/000000", status=404)
    await ga.post("/console/guides/CG001/000000/save", status=404, part="fee", base=1, text="不收费。")
    await ga.post("/console/guides/CG001/000000/reviewed", status=404, months=6, base=1)
    assert "CG001" in await (await staff("supervisor")).get("/console/guides?q=CG001")


@pytest.mark.parametrize("username", ["operator", "dispatcher", "reviewer", "callback"])
async def test_others_have_no_such_page(staff, username) -> None:
    await (await staff(username)).get("/console/guides", status=403)


async def test_every_cell_is_shown(staff, house: House) -> None:
    page = await (await staff("dept-ga")).get(GA003)
    _, found = guide(house)
    for element in Element:
        cell = found.cells.get(element)
        assert cell is None or cell.text in page


async def test_an_edit_is_a_signed_version(staff, house: House) -> None:
    ga = await staff("dept-ga")
    assert 'name="items' in (form := await ga.get(f"{GA003}?part=fee")).replace("fees.", "items.") and "40" in form
    fields = {
        "text": "每证收45元。",
        "fees.0.name": "补领工本费",
        "fees.0.yuan": "45",
        "basis.0.name": "甲办法",
        "note": "调价",
    }
    page = await ga.post(f"{GA003}/save", part="fee", base=1, **fields)
    assert "第 2 版" in page and "调价" in page and "dept-ga" in page
    version, found = guide(house)
    assert version == 2 and found.cells.fee.text == "每证收45元。"
    assert [(item.name, item.yuan) for item in found.cells.fee.items] == [("补领工本费", 45.0)]
    assert [law.name for law in found.cells.fee.basis] == ["甲办法"]


async def test_every_part_can_be_saved_as_it_is(staff, house: House) -> None:
    """What the form shows is what the guide says: sending it back unchanged changes nothing."""
    from integrations.consoles.guide_form import PARTS, form_of
    from integrations.consoles.guides import titles_of

    ga = await staff("dept-ga")
    for part in PARTS:
        form = form_of(guide(house)[1], part, titles_of(house), {})
        fields = {field.name: field.value for field in form.fields}
        fields |= {field.name: field.value for table in form.tables for row in table.rows for field in row}
        page = await ga.post(f"{GA003}/save", status=422, part=part, base=1, **fields)
        assert "内容没有变化" in page
    assert guide(house)[0] == 1


async def test_what_cannot_be_read_is_named_and_nothing_typed_is_lost(staff, house: House) -> None:
    ga = await staff("dept-ga")
    page = await ga.post(f"{GA003}/save", status=422, part="time_limit", base=1, text="很快就好啦", statutory="两三天")
    assert "法定时限" in page and "很快就好啦" in page and "两三天" in page
    page = await ga.post(f"{GA003}/save", status=422, part="hours", base=1, text="各地不同", local="是")
    assert "指南的格式" in page and guide(house)[0] == 1


async def test_two_people_cannot_overwrite_each_other(staff, house: House) -> None:
    ga, boss = await staff("dept-ga"), await staff("supervisor")
    await ga.post(f"{GA003}/save", part="hours", base=1, text="周一到周五。")
    page = await boss.post(f"{GA003}/save", status=409, part="hours", base=1, text="每天。")
    assert "刚刚有人改过" in page and "每天。" in page and guide(house)[1].cells.hours.text == "周一到周五。"


async def test_review_restore_and_differences(staff, house: House) -> None:
    ga = await staff("dept-ga")
    await ga.post(f"{GA003}/save", part="hours", base=1, text="周一到周五。")
    page = await ga.get(f"{GA003}?version=1")
    assert "周一到周五。" in page and "恢复第 1 版" in page
    await ga.post(f"{GA003}/restore", version=1, base=2)
    assert guide(house)[1].cells.hours.text != "周一到周五。"
    await ga.post(f"{GA003}/reviewed", months=6, base=3)
    version, found = guide(house)
    assert version == 4 and found.reviewed == house.city.today(datetime.now(UTC)) and found.review_due > found.reviewed


async def test_the_citys_own_version_answers_before_the_nations(staff, house: House) -> None:
    ga = await staff("dept-ga")
    page = await ga.post(f"{GA003}/localise")
    assert "已建立本市的一版" in page
    own = f"/console/guides/GA003/{house.city.region}"
    await ga.post(f"{own}/save", part="location", base=1, text="市民中心一楼。")
    assert guide(house, region=house.city.region)[1].cells.location.text == "市民中心一楼。"
    assert guide(house)[1].cells.location.text != "市民中心一楼。"
    await ga.post(f"{GA003}/localise", status=409)


async def test_a_conflict_is_shown_and_settled(staff, house: House) -> None:
    from bot.guides.report import ImportReport, Parsed

    ga = await staff("dept-ga")
    await ga.post(f"{GA003}/save", part="hours", base=1, text="周一到周五。")
    changed = guide(house)[1].model_copy(update={"summary": "文件里改了。"})
    with house.database.write() as session:
        report = versions.store(session, [Parsed(changed, "new")], ImportReport(1, 1, ()), house.city.code, NOW)
    assert report.stored == {"conflict": 1}
    assert "居民身份证补领" in await ga.get("/console/guides?state=conflict")
    page = await ga.get(GA003)
    id_ = page.split("/console/guides/conflicts/")[1].split('"')[0]
    cg = await staff("dept-cg")
    await cg.post(f"/console/guides/conflicts/{id_}", status=404, decision="take")
    page = await ga.post(f"/console/guides/conflicts/{id_}", decision="take")
    assert "冲突已处理" in page and guide(house)[1].summary == "文件里改了。"
    await ga.post(f"/console/guides/conflicts/{id_}", status=409, decision="keep")
    with house.database.write() as session:
        again = versions.store(session, [Parsed(changed, "new")], ImportReport(1, 1, ()), house.city.code, NOW)
    assert again.stored == {"unchanged": 1}


async def upload(person, name: str, data: bytes, **fields: str) -> aiohttp.ClientResponse:
    form = aiohttp.FormData({"csrf": person.csrf, **fields})
    form.add_field("file", data, filename=name)
    return await person.client.post("/console/guides/upload", data=form)


async def test_down_and_up_again(staff, house: House) -> None:
    ga = await staff("dept-ga")
    async with ga.client.get("/console/guides/export?format=xlsx") as response:
        data = await response.read()
        assert response.headers["Content-Disposition"].startswith("attachment")
    async with await upload(ga, "a.xlsx", data) as response:
        assert response.status == 200 and "没有变化" not in (page := await response.text()) and "未变 34" in page
    workbook = load_workbook(io.BytesIO(data))
    items = workbook["事项"]
    rows = {row[0].value: row for row in items.iter_rows(min_row=2)}
    rows["GA003"][9].value = "表格里改的一句话。"
    rows["GA004"][12].value = "说不准"
    out = io.BytesIO()
    workbook.save(out)
    async with await upload(ga, "a.xlsx", out.getvalue()) as response:
        page = await response.text()
    assert "日期不对" in page and "审核日期" in page and "更新 1" in page
    assert guide(house)[1].summary == "表格里改的一句话。"
    async with await upload(ga, "a.xlsx", out.getvalue(), mark="1") as response:
        marked = load_workbook(io.BytesIO(await response.read()))
    assert any(cell.comment for row in marked["事项"] for cell in row)
    async with await upload(await staff("dept-cg"), "a.xlsx", data) as response:
        assert "不是贵单位的事项" in await response.text()


async def test_an_old_export_does_not_overwrite_a_newer_edit(staff, house: House) -> None:
    ga = await staff("dept-ga")
    async with ga.client.get("/console/guides/export?format=xlsx") as response:
        workbook = load_workbook(io.BytesIO(await response.read()))
    await ga.post(f"{GA003}/save", part="hours", base=1, text="周一到周五。")
    next(row for row in workbook["事项"].iter_rows() if row[0].value == "GA003")[9].value = "旧表里改的。"
    out = io.BytesIO()
    workbook.save(out)
    async with await upload(ga, "a.xlsx", out.getvalue()) as response:
        assert "冲突" in await response.text()
    assert guide(house)[1].summary != "旧表里改的。" and guide(house)[1].cells.hours.text == "周一到周五。"


@pytest.mark.parametrize(("name", "data"), [("a.xlsx", b"no"), ("a.exe", b"x"), ("a.zip", b"PK")])
async def test_a_bad_file_is_refused_politely(staff, name, data) -> None:
    async with await upload(await staff("admin"), name, data) as response:
        assert response.status == 422 and "读不出来" in await response.text()


async def test_a_question_becomes_an_alias_or_a_test_line(staff, house: House) -> None:
    with house.database.write() as session:
        for text in ("小卡片没影了咋整", "量子许可在哪申请"):
            note_gap(
                session, city="ordos", item=None, elements=(), reason="unlinked", question=text, owner=None, now=NOW
            )
        note_gap(
            session, city="guangdong", item=None, elements=(), reason="unlinked", question="外市的", owner=None, now=NOW
        )
    boss = await staff("supervisor")
    page = await boss.get("/console/guides/proposals")
    assert "小卡片没影了咋整" in page and "外市的" not in page
    tasks = {
        part.split("<q>")[1].split("</q>")[0]: part.split('name="task" value="')[1].split('"')[0]
        for part in page.split("<form")[2:]
    }
    taken = {"task": tasks["小卡片没影了咋整"], "action": "alias", "other_item": "GA003", "alias": "居住证申领"}
    assert "会分不清" in await boss.post("/console/guides/proposals", status=409, **taken)
    page = await boss.post(
        "/console/guides/proposals",
        task=tasks["小卡片没影了咋整"],
        action="alias",
        other_item="GA003",
        alias="小卡片没影",
    )
    assert "已加为别名" in page and "小卡片没影" in guide(house)[1].aliases
    await boss.post(
        "/console/guides/proposals",
        task=tasks["量子许可在哪申请"],
        action="dev",
        item="",
        other_item="GA003",
        element="location",
    )
    lines = (await boss.get("/console/guides/dev.jsonl")).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["量子许可在哪申请"]
    file = house.settings.data / "dev" / "linking.jsonl"
    assert file.read_text(encoding="utf-8").splitlines() == lines
    await boss.post("/console/guides/proposals", status=409, task=tasks["量子许可在哪申请"], action="drop")


async def test_writing_the_missing_cell_ends_its_task(staff, house: House) -> None:
    with house.database.write() as session:
        note_gap(session, city="ordos", item="GA003", elements=(Element.HOURS,), reason="local_cell",
                 question="周末开门不", owner="GA", now=NOW)  # fmt: skip
    ga = await staff("dept-ga")
    assert "周末开门不" in await ga.get("/console/guides/proposals")
    await ga.post(f"{GA003}/save", part="hours", base=1, text="周一到周五。")
    assert "周末开门不" not in await ga.get("/console/guides/proposals")
