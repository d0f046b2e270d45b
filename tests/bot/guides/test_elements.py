from __future__ import annotations

import pytest
import yaml

from bot.guides.elements import asks, elements_asked
from bot.guides.guide import Element as E
from routing.language.normalise import normalised


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("身份证丢了怎么补", (E.OVERVIEW,)),
        ("居民身份证补领", (E.OVERVIEW,)),
        ("那要多少钱", (E.FEE,)),
        ("补身份证要带什么,多久能拿到", (E.MATERIALS, E.TIME_LIMIT)),
        ("在哪办,周六上班吗", (E.LOCATION, E.HOURS)),
        ("老公去行不行,能代办吗", (E.PROXY,)),
        ("临时身份证有效期多久", (E.RESULT,)),
        ("前几天身份证丢了收费吗", (E.FEE,)),
        ("我父亲去世了要什么材料", (E.MATERIALS,)),
        ("网上怎么查进度", (E.PROGRESS,)),
        ("依据哪条规定", (E.LEGAL_BASIS,)),
        ("高龄补贴怎么领", (E.OVERVIEW,)),
        ("网上怎么办", (E.ONLINE,)),
        ("高龄补贴一个月多少", (E.FEE, E.RESULT)),
        ("老公动手打我,有人说不收费,法律援助中心在什么地方", (E.LOCATION, E.FEE)),
    ],
)
def test_phrases_decide(lexicon, text, asked):
    assert elements_asked(text, lexicon=lexicon) == asked


def test_words_of_the_items_name_are_no_question(lexicon):
    text = "劳动保障电话咨询预约怎么收费"
    assert elements_asked(text, lexicon=lexicon) == (E.CONTACT, E.ONLINE, E.FEE)
    assert elements_asked(text, lexicon=lexicon, named=[(0, 10)]) == (E.FEE,)


def test_an_alias_that_is_a_question_asks_with_its_end(lexicon):
    assert elements_asked("中考报名时间", lexicon=lexicon, named=[(0, 6)]) == (E.TIME_LIMIT,)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("前几天超速被拍了,短信让我去处理,我该去哪儿弄", True),
        ("买到假货怎么投诉商家", True),
        ("楼下工地半夜施工吵得睡不着", False),
        ("几点了还在施工,吵得一家老小都睡不着觉", False),
    ],
)
def test_a_question_stands_at_the_end(lexicon, text, asked):
    assert asks(text, lexicon) is asked


def test_the_classifier_decides_where_phrases_do_not(lexicon):
    text = "像我这样的情况行吗"
    ranking = [("ask_conditions", 0.8), ("ask_proxy", 0.1)]
    assert elements_asked(text, ranking, lexicon=lexicon) == (E.CONDITIONS,)
    assert elements_asked(text, [("appeal_help", 0.4), ("ask_conditions", 0.3)], lexicon=lexicon) == (E.CONDITIONS,)
    assert elements_asked(text, [("ask_conditions", 0.2)], lexicon=lexicon) == (E.OVERVIEW,)
    assert elements_asked(text, [("appeal_complaint", 0.9), ("ask_fee", 0.1)], lexicon=lexicon) == (E.OVERVIEW,)
    assert elements_asked("多少钱", [("ask_location", 0.99)], lexicon=lexicon) == (E.FEE,)


def test_hostile_length_is_harmless(lexicon):
    assert elements_asked("多少钱" * 50_000, lexicon=lexicon) == (E.FEE,)


def test_the_lexicon_is_stored_normalised(nlu_data):
    data = yaml.safe_load((nlu_data / "guides" / "lexicon.yml").read_text(encoding="utf-8"))
    assert set(data["elements"]) == {element.value for element in E}
    for lists in data["elements"].values():
        for phrase in (*lists["strong"], *lists["weak"]):
            assert normalised(phrase) == phrase
    for said in (str(word) for row in data["synonyms"] for word in row["said"]):
        assert normalised(said) == said
