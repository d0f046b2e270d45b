from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest

from bot.guides.elements import elements_asked
from bot.guides.guide import Element as E
from bot.guides.importers.guangdong import read_file, read_limit
from bot.guides.library import Library, known_items
from bot.guides.linker import Decision, Linker
from bot.guides.versions import store
from routing.language.normalise import normalised

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROW = {
    "TASK_CODE": "11440000000000000X0000000000001",
    "matter_name": "样品审批",
    "matter_short": "样品",
    "matter_daily": "样、品,样品批准",
    "DEPT_NAME": "甲省样品厅",
    "AREA_CODE_TEXT": "广东省",
    "service_object_name": ["自然人"],
    "theme_category": ["其他"],
    "accept_standard": "符合下列条件：",
    "material_intro": ["申请表", "身份证明"],
    "handle_time": "30(工作日)",
    "handle_time_limit": "约七天",
    "handle_location": "办理地点：一号窗口",
    "consult_phone": "020-00000000、020-00000001",
    "complain_phone": "无",
    "courier_service": "是",
    "online_book": "是",
    "online_book_addr": "无",
    "bear_paltform": "无",
    "URL": "http://example.org",
    "subTaskName": None,
}


@pytest.fixture
def words(replies):
    return replies.group("answers.guangdong")


@pytest.fixture
def read(tmp_path, words):
    def from_rows(*rows):
        file = tmp_path / "rows.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        file.write_text("\n".join(lines), encoding="utf-8")
        return read_file(file, words)

    return from_rows


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("30(工作日)", 30, "工作日"), ("90（自然日）", 90, "日"), ("2 (小时)", 2, "小时"), ("3个月", 3, "个月")],
)
def test_limits_are_read(text, value, unit):
    limit = read_limit(text)
    assert (limit.value, limit.unit) == (value, unit)


@pytest.mark.parametrize("text", ["", "约七天", "(工作日)", "30", "999999(工作日)", "-3(工作日)", "3-5(工作日)"])
def test_other_limits_are_not_guessed(text):
    assert read_limit(text) is None


def test_a_row_becomes_a_guide(read):
    ((parsed,), report) = read(ROW)
    guide = parsed.guide
    assert (guide.code, guide.region, guide.place) == (f"GD-{ROW['TASK_CODE']}", "440000", "广东省")
    assert [row.name for row in guide.cells.materials.rows] == ["申请表", "身份证明"]
    assert guide.cells.time_limit.text == "法定办结时限30个工作日，承诺办结时限约七天。"
    assert (guide.cells.time_limit.statutory.value, guide.cells.time_limit.promised) == (30, None)
    assert guide.cells.location.text == "一号窗口"
    assert guide.cells.contact.phones == ("020-00000000", "020-00000001")
    assert guide.cells.fee is guide.cells.process is guide.cells.legal_basis is None
    assert guide.aliases == ("样品批准",), "single keywords name nothing"
    assert guide.facts["日常用语"] == ROW["matter_daily"], "what is no element is kept as a fact"
    assert set(report.by_code) == {"limit_unreadable", "text_cut", "url_cut", "empty"}


def test_empty_is_absent_and_noted(read):
    ((parsed,), report) = read(ROW | {"material_intro": "无", "accept_standard": "无", "consult_phone": "无"})
    cells = parsed.guide.cells
    assert cells.materials is cells.conditions is cells.contact is None
    empty = next(flag for flag in report.flags if flag.code == "empty")
    assert {"material_intro", "accept_standard", "consult_phone", "complain_phone"} <= set(empty.detail.split())


def test_repeated_names_stay_apart(read):
    other = ROW | {"TASK_CODE": "2", "AREA_CODE_TEXT": "广东省广州市", "subTaskName": "变更"}
    parsed, report = read(ROW, other)
    assert [(one.guide.region, one.guide.variant) for one in parsed] == [("440000", None), ("440100", "变更")]
    assert report.by_code["repeated_name"] == 2


def test_nothing_is_dropped_silently(read):
    _, report = read(ROW, "{broken", ROW | {"matter_name": "无", "TASK_CODE": "3"}, "[]", ROW)
    assert (report.rows, report.guides) == (5, 1)
    assert [(flag.position, flag.code) for flag in report.flags if flag.code in LOST] == [
        (2, "not_json"),
        (3, "missing_field"),
        (4, "not_json"),
        (5, "repeated_code"),
    ]


LOST = {"not_json", "missing_field", "repeated_code", "schema"}

QUESTIONS = {
    E.MATERIALS: ("{}需要什么材料?", "办理{}要带哪些东西"),
    E.TIME_LIMIT: ("{}多久能办好", "{}的办理时限是多少"),
    E.LOCATION: ("{}在哪里办", "办理{}去哪儿"),
    E.CONTACT: ("{}的咨询电话是多少",),
    E.CONDITIONS: ("{}有什么条件", "什么人可以申请{}"),
    E.ONLINE: ("{}可以网上办吗",),
    E.PROCESS: ("{}的办理流程是什么",),
    E.FEE: ("{}收费吗", "办{}要多少钱"),
    E.LEGAL_BASIS: ("{}的法律依据是什么",),
}


@pytest.fixture(scope="module")
def real_file():
    folder = os.environ.get("HOTLINE_DATASETS")
    file = Path(folder) / "guides_guangdong.jsonl" if folder else None
    if file is None or not file.exists():
        pytest.skip("HOTLINE_DATASETS names no folder with guides_guangdong.jsonl: the real set is not tested")
    return file


def test_the_real_set_imports_whole_and_answers(real_file, words, session, nlu_data):
    started = perf_counter()
    parsed, report = read_file(real_file, words)
    stored = store(session, parsed, report, "guangdong", NOW)
    assert perf_counter() - started < 10
    assert (report.rows, report.guides, stored.stored["new"]) == (2262, 2262, 2262)
    assert report.by_code["repeated_name"] == 405
    library = Library.load(session, "guangdong", region="440100", known=known_items(nlu_data))
    assert rate(library, Linker.load(library, nlu_data)) >= 0.95


def rate(library: Library, linker: Linker) -> float:
    """How many of 200 questions (element × item named in full) reach the right cell."""
    rng = random.Random(12345)
    items = rng.sample([item for item in library if item.code.startswith("GD-")], 200)
    return sum(right(library, linker, item, rng.choice(list(QUESTIONS)), rng) for item in items) / len(items)


def right(library: Library, linker: Linker, item, element: E, rng: random.Random) -> bool:
    guide = item.guides[0]
    named = f"{item.name}({guide.variant})" if guide.variant else item.name
    text = normalised(rng.choice(QUESTIONS[element]).format(named))
    asked = elements_asked(text, lexicon=linker.lexicon, named=linker.link(text).named)
    link = linker.link(text, elements=asked)
    if link.decision is not Decision.ANSWER or asked[0] is not element:
        return False
    answered = [library.guide(code) for code in link.twins or (link.best.code,)]
    return any(one.name == item.name and one.cells.get(element) == guide.cells.get(element) for one in answered)
