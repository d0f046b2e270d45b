"""Out and in again without a loss; what is wrong is named by sheet, row and column, and nothing is half taken."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.guides import exchange
from bot.guides.exchange import Scope, belongs
from bot.guides.importers.yaml import read_folder
from bot.guides.report import Flag
from ticketing.errors import Invalid

CITY = Scope("150600")


@pytest.fixture
def full(make_guide):
    cells = {
        "conditions": {"text": "=1+1 不是公式", "basis": [{"name": "甲法", "article": "第一条", "note": "+86"}]},
        "materials": {
            "text": "两样。",
            "rows": [
                {"name": "身份证", "originals": 0, "copies": 2, "electronic": True},
                {"name": "照片", "electronic": False, "when": "第一次办", "source": "自备"},
            ],
        },
        "process": {"text": "两步。", "steps": [{"name": "申请", "who": "本人", "time": "当场"}, {"name": "领证"}]},
        "time_limit": {
            "text": "快。",
            "statutory": {"value": 3, "unit": "个月"},
            "promised": {"value": 0, "unit": "当场"},
        },
        "fee": {
            "text": "20.5元。",
            "items": [{"name": "工本费", "yuan": 20.5, "per": "每证"}, {"name": "邮费", "yuan": 0}],
        },
        "location": {"text": "第一行\n第二行", "local": True, "decided_by": "甲局"},
        "online": {"text": "能。", "url": "https://example.invalid/a?b=c"},
        "contact": {"text": "打电话。", "phones": ["12345", "0477-1234567"]},
        "result": {"text": "发证。", "certificate": "甲证", "validity": "5年"},
    }
    return make_guide(
        "GA001", "甲证申领", region="150600", department_code="GA", place="甲市", variant="本人",
        audience=("个人", "单位"), theme="证照", summary="'引号开头", aliases=("甲证", "@甲"),
        examples={"fee": ("多少钱",), "overview": ("怎么办", "咋整")}, cells=cells, refusals=("缺材料", "-1"),
        facts={"备注": "x"}, source_url="https://example.invalid/",
    )  # fmt: skip


def through(kind: str, guides, replies, scope: Scope = CITY):
    book = exchange.book([(guide, 3) for guide in guides], replies)
    return exchange.read(kind, exchange.bytes_of(kind, book, replies), replies, scope)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_full_guide_comes_back_exactly(kind, full, make_guide, replies):
    parsed, report = through(kind, [full, make_guide("GA002", "空的")], replies)
    assert [one.guide for one in parsed] == [full, make_guide("GA002", "空的")]
    assert report.flags == () and parsed[0].base == 3 and report.rows == 2


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_houses_own_guides_come_back_exactly(kind, replies, nlu_data):
    own = [one.guide for one in read_folder(nlu_data / "guides")[0]][::12]
    parsed, report = through(kind, own, replies)
    assert [one.guide for one in parsed] == own and report.flags == ()


# Python's strip() also takes the four separators of ASCII away, which are no blanks to the schema.
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x1c\x1d\x1e\x1f"), min_size=1, max_size=60
)


def test_any_text_survives_excel(make_guide, replies):
    @settings(max_examples=25, deadline=None)
    @given(text=WORDS.filter(lambda text: bool(text.strip())))
    def survives(text: str) -> None:
        guide = make_guide("GA001", "甲", region="150600", summary=text, aliases=(text,))
        parsed, report = through("xlsx", [guide], replies)
        assert report.flags == () and parsed[0].guide == guide

    survives()


def test_what_looks_like_a_formula_is_text(full, replies):
    data = exchange.bytes_of("xlsx", exchange.book([(full, 1)], replies), replies)
    cells = [cell for page in load_workbook(io.BytesIO(data)) for row in page for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    with zipfile.ZipFile(io.BytesIO(exchange.bytes_of("csv", exchange.book([(full, 1)], replies), replies))) as archive:
        text = archive.read("要素.csv").decode("utf-8-sig")
    assert "'=1+1" in text and ",=1+1" not in text


def changed(full, make_guide, replies, *changes: tuple[str, str, object]) -> tuple:
    """Both guides out, some cells changed in Excel, and in again."""
    book = exchange.book([(full, 1), (make_guide("GA002", "乙", region="150600"), 1)], replies)
    workbook = load_workbook(io.BytesIO(exchange.bytes_of("xlsx", book, replies)))
    for sheet, at, value in changes:
        workbook[sheet][at] = value
    out = io.BytesIO()
    workbook.save(out)
    return exchange.read("xlsx", out.getvalue(), replies, CITY), out.getvalue()


@pytest.mark.parametrize(
    ("sheet", "at", "value", "flag"),
    [
        ("申请材料", "D2", "两份", Flag(2, "GA001", "not_a_count", "两份", "申请材料", "原件份数")),
        ("申请材料", "G3", "也许", Flag(3, "GA001", "not_yes_no", "也许", "申请材料", "接受电子件")),
        ("收费项目", "D2", "=10+10", Flag(2, "GA001", "formula", "=10+10", "收费项目", "金额（元）")),
        ("要素", "G5", "二十天左右", Flag(5, "GA001", "not_a_duration", "二十天左右", "要素", "法定时限")),
        ("要素", "F7", None, Flag(7, "GA001", "local_undecided", "", "要素", "由谁确定")),
        ("要素", "C2", "天气", Flag(2, "GA001", "unknown_element", "天气", "要素", "要素")),
        ("事项", "M2", "明年", Flag(2, "GA001", "not_a_date", "明年", "事项", "审核日期")),
    ],
)
def test_a_wrong_row_is_named_and_holds_back_only_its_guide(full, make_guide, replies, sheet, at, value, flag):
    (parsed, report), _ = changed(full, make_guide, replies, (sheet, at, value))
    assert [one.guide.code for one in parsed] == ["GA002"]
    assert flag in report.flags


def test_a_row_that_belongs_to_nobody_holds_back_all(full, make_guide, replies):
    (parsed, report), _ = changed(full, make_guide, replies, ("别名", "A2", "GA00l"))
    assert parsed == () and report.flags == (Flag(2, "GA00l", "unknown_guide", "150600", "别名", "事项编码"),)


def test_excels_own_habits_are_understood(full, make_guide, replies):
    habits = (
        ("事项", "B2", 150600),
        ("事项", "M2", date(2026, 6, 1)),
        ("收费项目", "D2", 20.5),
        ("申请材料", "E2", 2.0),
    )
    (parsed, report), _ = changed(full, make_guide, replies, *habits)
    assert report.flags == () and parsed[0].guide == full


def test_a_renamed_heading_stops_the_import_and_more_columns_are_told(full, make_guide, replies):
    (parsed, report), _ = changed(full, make_guide, replies, ("别名", "C1", "外号"))
    assert parsed == () and "column_missing" in report.by_code
    (parsed, report), _ = changed(full, make_guide, replies, ("别名", "D1", "我的备注"), ("别名", "D2", "x"))
    assert len(parsed) == 2 and report.by_code == {"unknown_column": 1}


def test_wrong_cells_are_marked_for_the_next_try(full, make_guide, replies):
    (_, report), data = changed(full, make_guide, replies, ("申请材料", "D2", "两份"))
    cell = load_workbook(io.BytesIO(exchange.marked(data, report.flags, replies)))["申请材料"]["D2"]
    assert cell.comment is not None and "整数" in cell.comment.text and cell.value == "两份"


def test_foreign_regions_and_departments_stay_out(full, make_guide, replies):
    foreign = make_guide("GA003", "丙", region="440100", department_code="GA")
    parsed, report = through("xlsx", [full, foreign], replies)
    assert [one.guide.code for one in parsed] == ["GA001"] and report.by_code == {"foreign_region": 1}
    _, report = through("xlsx", [full], replies, Scope("150600", "CG"))
    assert report.by_code == {"not_your_guide": 1}
    _, report = through("xlsx", [full], replies, Scope("150600", "GA", frozenset({("GA001", "150600")})))
    assert report.by_code == {"not_your_guide": 1}
    _, report = through("xlsx", [full], replies, Scope("150600", "GA"))
    assert report.by_code == {}


@pytest.mark.parametrize(
    ("region", "city", "own"),
    [("000000", "150600", True), ("150000", "150600", True), ("150602", "150600", True), ("150602001", "150600", True),
     ("150100", "150600", False), ("440100", "150600", False), ("440100", "440000", True), ("150600", "110000", False)],
)  # fmt: skip
def test_which_regions_are_a_citys_own(region, city, own):
    assert belongs(region, city) is own


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(13):
            archive.writestr(f"xl/{n}.xml", b"0" * 10_000_000)
    return out.getvalue()


def declared() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 60, b"x" * 11_000_000])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_is_no_spreadsheet_is_refused(kind, data, replies):
    with pytest.raises(Invalid):
        exchange.read(kind, data, replies, CITY)


def test_bombs_and_entities_are_refused(replies):
    for data in (bomb(), declared()):
        with pytest.raises(Invalid):
            exchange.read("xlsx", data, replies, CITY)


def test_excels_csv_in_the_national_encoding_is_read(full, replies):
    files = exchange.csv_of(exchange.book([(full, 1)], replies), replies)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content.decode("utf-8-sig").encode("gb18030"))
    parsed, _ = exchange.read("csv", out.getvalue(), replies, CITY)
    assert parsed[0].guide == full
