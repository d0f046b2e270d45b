from __future__ import annotations

from datetime import date

import pytest

from bot.guides.answers import answer, choices, unwritten
from bot.guides.guide import Element as E
from bot.guides.importers.yaml import read_folder
from bot.guides.library import Item
from bot.guides.linker import LinkCandidate

TODAY = date(2026, 11, 22)
CELLS = {
    "conditions": {"text": "年满十六周岁"},
    "materials": {
        "text": "带两样材料。",
        "rows": [
            {"name": "户口簿", "originals": 1, "copies": 2, "source": "申请人自备"},
            {"name": "照片", "originals": 0, "when": "没有留过照片"},
        ],
    },
    "process": {"text": "先申请后领证。", "steps": [{"name": "申请", "who": "本人", "time": "当场"}, {"name": "领证"}]},
    "time_limit": {
        "text": "比较快",
        "statutory": {"value": 60, "unit": "日"},
        "promised": {"value": 20, "unit": "工作日"},
        "basis": [{"name": "甲法", "article": "第十二条"}, {"name": "《甲法》", "article": "第三条"}],
    },
    "fee": {
        "text": "收工本费",
        "items": [{"name": "工本费", "yuan": 20.0, "per": "证"}, {"name": "加急费", "yuan": 0.5}],
    },
    "location": {"text": "到窗口办。", "local": True, "decided_by": "甲局"},
    "contact": {"text": "可以打咨询电话", "phones": ["12367"]},
}


@pytest.fixture
def guide(make_guide):
    return make_guide(cells=CELLS, refusals=["人像不合格。", "身份不明"], summary="办甲证。")


@pytest.fixture
def say(replies):
    return lambda guide, *elements, today=TODAY: answer(guide, elements, today=today, replies=replies)


def test_materials_are_a_list_with_exact_counts(guide, say):
    told = say(guide, E.MATERIALS)
    assert told.text.splitlines() == [
        "甲证申领（全国适用）",
        "申请材料：带两样材料。",
        "1. 户口簿（原件1份、复印件2份，来源：申请人自备）",
        "2. 照片（没有留过照片需要）",
        "来源：甲局，甲条例，2026-06-01审核。",
    ]
    assert [(s.item, s.element, s.region, s.cites) for s in told.sources] == [
        ("XX001", "materials", "000000", "甲局，甲条例")
    ]


def test_several_elements_come_in_the_order_asked(guide, say):
    told = say(guide, E.FEE, E.TIME_LIMIT)
    assert told.text.index("收费标准") < told.text.index("办理时限")
    assert [source.element for source in told.sources] == ["fee", "time_limit"]
    assert "1. 工本费：20元／证\n2. 加急费：0.5元" in told.text
    assert "比较快；法定时限60日；承诺时限20个工作日。" in told.text
    assert "依据：《甲法》第十二条、第三条。" in told.text


def test_a_local_cell_says_who_decides(guide, say):
    assert "到窗口办。各地规定不同，以甲局公布的为准。" in say(guide, E.LOCATION).text


def test_an_absent_cell_is_said_to_be_absent_with_whom_to_ask(guide, say):
    told = say(guide, E.HOURS, E.FEE)
    assert told.missing == (E.HOURS,)
    assert [source.element for source in told.sources] == ["fee"]
    assert "指南未载明办理时间。可以咨询甲局，可以打咨询电话；" in told.text
    assert "回复“人工”" in told.text


def test_without_a_contact_the_department_is_named(make_guide, say):
    told = say(make_guide(), E.FEE)
    assert "指南未载明收费标准。可以咨询甲局；需要人工帮您核实，请回复“人工”。" in told.text
    assert told.sources == ()


def test_the_overview_is_the_complete_checklist(guide, say):
    told = say(guide, E.OVERVIEW)
    for part in ("受理条件", "1. 户口簿", "1. 申请（本人，当场）", "办理时限", "收费标准", "办理地点", "咨询电话"):
        assert part in told.text
    assert "办理地点各地规定不同，以甲局公布的为准。" in told.text
    assert "可能不予受理的情形：人像不合格；身份不明。" in told.text
    assert {source.element for source in told.sources} == set(CELLS)


def test_an_overdue_guide_is_marked(guide, say):
    told = say(guide, E.FEE, today=date(2027, 6, 2))
    assert "已过复核期（应于2027-06-01前复核）" in told.text
    assert told.sources[0].overdue
    assert not say(guide, E.FEE, today=date(2027, 6, 1)).sources[0].overdue


def test_a_long_part_of_the_overview_is_cut_at_a_sentence(make_guide, say):
    long = "这是条件。" * 80
    guide = make_guide(cells={"conditions": {"text": long}})
    text = say(guide, E.OVERVIEW).text
    assert "这是条件。……（全文请问“受理条件”）" in text
    assert len(text) < 400
    assert long in say(guide, E.CONDITIONS).text, "the element itself is told in full"


def test_namesakes_are_answered_one_after_the_other(make_guide, say):
    pair = [
        make_guide("A", variant="新办", cells={"fee": {"text": "十元"}}),
        make_guide("B", variant="延续", place="乙市"),
    ]
    told = say(pair, E.FEE)
    assert "甲证申领，情形：新办（全国适用）\n收费标准：十元。" in told.text
    assert "甲证申领，情形：延续（乙市适用）\n指南未载明收费标准。" in told.text
    assert told.missing == (E.FEE,)


def test_an_unwritten_guide_is_not_invented(replies):
    text = unwritten(Item("GA099", "某证申领", "GA"), "公安局", replies=replies)
    assert "某证申领" in text
    assert "公安局" in text
    assert "人工" in text


def test_choices_carry_what_tells_namesakes_apart(replies):
    pair = [LinkCandidate("A", "甲证", 0.5, "name", "延续", True), LinkCandidate("B", "乙证", 0.4, "name", "", True)]
    assert [choice.says for choice in choices(pair, replies=replies)] == ["甲证（延续）", "乙证"]


def test_every_guide_of_the_house_can_say_every_element(nlu_data, say):
    parsed, _ = read_folder(nlu_data / "guides")
    for one in parsed:
        for element in E:
            told = say(one.guide, element)
            assert one.guide.name in told.text
            assert "{" not in told.text
            assert told.sources or told.missing, (one.guide.code, element)
