"""The check finds what is planted and leaves the house's own guides alone."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from bot.guides.checking import Known, Level, check
from bot.guides.importers import guangdong
from bot.guides.importers.yaml import read_folder
from bot.guides.library import KnownItem

TODAY = date(2026, 11, 22)
KNOWN = Known(TODAY)


def codes(*guides, known: Known = KNOWN) -> set[str]:
    return {finding.code for finding in check(guides, known)} - {"missing_cells"}


def cell(text: str, **more) -> dict:
    return {"text": text, **more}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("全市共有80.的旗县开通了网上办理。", "broken_number"),
        ("覆盖率达到98.%，比上年提高。", "broken_number"),
        ("本办法自年5月1日起施行，以前的规定废止。", "lost_year"),
        ("按照国发〔〕12号文件办理，材料齐全的当场受理。", "lost_article"),
        ("依照该法第条的规定，由本人提出申请。", "lost_article"),
        ("申请人应当同时符合下列条件：", "text_cut"),
        ("由公安机关（户籍所在地受理并审核。", "text_cut"),
        ("申請人應當提供身份證原件。", "traditional"),
        ("带身份证原件到窗口办理鐨勶細锛堝彲", "mojibake"),
        ("带身份证\ufffd原件到窗口办理。", "mojibake"),
        ("带身份证原件<br>到窗口办理。", "markup"),
        ("带身份证，，到窗口办理。", "doubled"),
        ("电话XXXXXXX，工作日接听。", "placeholder"),
        ("每证２０元。", "full_width"),
        ("2106年起执行新的标准。", "unlikely_year"),
        ("在 https://gov/apply 上申请。", "url_broken"),
    ],
)
def test_damage_is_named(make_guide, text, code):
    assert code in codes(make_guide(cells={"conditions": cell(text)}))


@pytest.mark.parametrize(
    "text",
    [
        "符合下列条件：1.年满18周岁；2.有本市户籍；3.的确有困难的。",
        "依据《中华人民共和国居民身份证法》第十条（2011年修正）办理。",
        "2025年5月8日起每证20.5元，占80.5%。",
        "第一款、第二款规定的，可以当场办结。",
        "采集目的的说明材料，著作权人的身份证明。",
        "登录 https://www.gov.cn/zhengce/ 查询。",
    ],
)
def test_whole_sentences_are_no_damage(make_guide, text):
    assert codes(make_guide(cells={"conditions": cell(text)})) == set()


def test_a_limit_told_otherwise_than_filled_in(make_guide):
    limit = {"value": 15, "unit": "工作日"}
    wrong = make_guide(cells={"time_limit": cell("自受理之日起20个工作日内办结。", statutory=limit)})
    days = make_guide(cells={"time_limit": cell("自受理之日起15日内办结。", statutory=limit)})
    right = make_guide(cells={"time_limit": cell("自受理之日起十五个工作日内办结。", statutory=limit)})
    assert codes(wrong) == {"limit_differs"} and codes(days) == {"limit_differs"} and codes(right) == set()


def test_limits_and_charges_in_other_cells(make_guide):
    cells = {
        "time_limit": cell("自受理之日起20个工作日内决定。", statutory={"value": 20, "unit": "工作日"}),
        "process": cell("窗口受理，30个工作日内作出决定。"),
        "fee": cell("每证20元。", items=[{"name": "工本费", "yuan": 20}]),
        "materials": cell("交申请表，缴纳工本费40元。"),
    }
    assert codes(make_guide(cells=cells)) == {"limit_elsewhere", "fee_elsewhere"}
    assert codes(make_guide(cells={"fee": cell("每证20元。", items=[{"name": "工本费", "yuan": 40}])})) == {
        "fee_differs"
    }


def test_a_law_must_stand_in_the_legal_basis(make_guide):
    law, other = {"name": "中华人民共和国居民身份证法"}, {"name": "户口登记条例"}
    basis = {"legal_basis": cell("依据《居民身份证法》。", basis=[law])}
    assert codes(make_guide(cells=basis | {"fee": cell("不收费。", basis=[law])})) == set()
    assert codes(make_guide(cells=basis | {"fee": cell("不收费。", basis=[other])})) == {"law_not_listed"}


def test_levels_contradict_each_other(make_guide):
    def at(region: str, days: int, yuan: float, age: int):
        cells = {
            "time_limit": cell(f"{days}日内办结。", statutory={"value": days, "unit": "日"}),
            "fee": cell(f"每证{yuan:g}元。", items=[{"name": "工本费", "yuan": yuan}]),
            "conditions": cell(f"年满{age}周岁。"),
        }
        return make_guide(region=region, cells=cells)

    assert codes(at("000000", 60, 20, 16), at("150600", 60, 20, 16)) == set()
    wrong = check([at("000000", 60, 20, 16), at("150600", 30, 40, 18)], KNOWN)
    assert {one.code for one in wrong if one.region == "150600"} - {"missing_cells"} == {
        "level_statutory", "level_fee", "level_conditions",
    }  # fmt: skip


def test_names_that_collide(make_guide):
    one = make_guide("XX001", "甲证申领", aliases=("新车登记", "甲证", "公用别名"))
    two = make_guide("XX002", "电动自行车登记", aliases=("行车登记", "甲证申领", "公用别名"))
    found = {(f.code, f.item, f.detail) for f in check([one, two], KNOWN) if f.code.startswith("alias")}
    assert found == {
        ("alias_shared", "XX001", "公用别名 = XX002"),
        ("alias_shared", "XX002", "公用别名 = XX001"),
        ("alias_is_name", "XX002", "甲证申领 = XX001"),
        ("alias_sounds_alike", "XX001", "新车登记 ≈ 行车登记（XX002）"),
        ("alias_sounds_alike", "XX002", "行车登记 ≈ 新车登记（XX001）"),
    }


def test_an_alias_inside_another_items_name(make_guide):
    one, two = make_guide("XX001", "甲证申领", aliases=("自行车登记",)), make_guide("XX002", "电动自行车登记")
    assert [f.detail for f in check([one, two], KNOWN) if f.code == "alias_in_name"] == ["自行车登记 ⊂ XX002"]


def test_dead_references(make_guide):
    known = Known(TODAY, (KnownItem("GA001", "甲证申领", "GA"),), frozenset({"GA"}), {"abroad": ("GA001", "GA009")})
    guide = make_guide("GA001", department_code="QQ", cells={"process": cell("先办 GA777，再到窗口。")})
    assert codes(guide, known=known) == {"unknown_department", "unknown_item", "dead_step"}


def test_reviews_that_are_due(make_guide):
    assert codes(make_guide(reviewed="2025-01-01", review_due="2026-01-01")) == {"overdue"}
    assert codes(make_guide(reviewed="2026-06-01", review_due="2026-12-01")) == {"review_soon"}
    assert codes(make_guide(reviewed="2026-06-01", review_due="2026-05-01")) == {"review_order"}


def test_the_guides_of_the_house_are_clean(nlu_data: Path):
    parsed, report = read_folder(nlu_data / "guides")
    found = check([one.guide for one in parsed], Known.load(nlu_data, TODAY))
    assert report.flags == () and report.guides >= 184
    assert [one for one in found if one.level is not Level.NOTE] == []


@pytest.mark.skipif("HOTLINE_DATASETS" not in os.environ, reason="needs the Guangdong set")
def test_real_damage_is_found_within_seconds(replies):
    file = Path(os.environ["HOTLINE_DATASETS"]) / "guides_guangdong.jsonl"
    parsed, _ = guangdong.read_file(file, replies.group("answers.guangdong"))
    started = time.process_time()
    found = check([one.guide for one in parsed], KNOWN)
    assert time.process_time() - started < 5
    by_code = {code: [f for f in found if f.code == code] for code in ("text_cut", "url_cut", "level_statutory")}
    assert len(by_code["text_cut"]) > 150 and len(by_code["url_cut"]) > 100 and len(by_code["level_statutory"]) > 5
