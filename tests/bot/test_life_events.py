from __future__ import annotations

from pathlib import Path

import pytest

from bot.guides.guide import Duration, Law
from bot.guides.library import known_items
from bot.knowledge import Knowledge
from bot.life_events import EventStep, LifeEvent, LifeEvents, Span, joint_time, longest, span_of

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"SC001": Duration(value=3, unit="工作日"), "SC005": Duration(value=10, unit="工作日")}


@pytest.fixture(scope="module")
def events() -> LifeEvents:
    return LifeEvents.load(ROOT / "nlu_data")


def test_every_step_is_an_item_of_the_catalogue_with_a_guide(events: LifeEvents, knowledge: Knowledge) -> None:
    known = {item.code for item in known_items(ROOT / "nlu_data")}
    for event in events.events:
        assert set(event.items) <= known, event.code
        assert all(knowledge.current.library.guide(code) for code in event.items), event.code


def test_every_limit_of_a_chain_can_be_added(events: LifeEvents, knowledge: Knowledge) -> None:
    for event in events.events:
        for code in event.items:
            guide = knowledge.current.library.guide(code)
            cell = guide.cells.time_limit if guide else None
            span_of(cell.statutory if cell else None)


def test_the_eleven_chains_and_those_people_need_are_there(events: LifeEvents) -> None:
    codes = {event.code for event in events.events}
    assert len(codes) >= 20
    assert {"settle", "birth", "school", "abroad", "car", "restaurant", "retirement", "bereavement"} <= codes
    assert {"new_home", "disability", "marriage", "new_job", "job_loss", "work_injury"} <= codes


def test_what_goes_side_by_side_counts_once() -> None:
    """S4: 并联审批以用时最长部门的单个时限为准 — the longest, not the sum."""
    steps = (step("A"), step("B", "A"), step("C", "A"), step("D", "A"))
    limits = {"A": working(3), "B": working(10), "C": working(20), "D": working(5)}
    assert joint_time(steps, lambda one: limits[one.id]) == (Span(working=23),)


def test_a_short_way_does_not_wait_for_a_long_one_beside_it() -> None:
    steps = (step("A"), step("B"), step("C", "A"))
    limits = {"A": working(1), "B": working(20), "C": working(5)}
    assert joint_time(steps, lambda one: limits[one.id]) == (Span(working=20),)


def test_working_days_and_days_are_never_converted() -> None:
    assert longest([Span(working=20), Span(days=15)]) == (Span(working=20),)
    assert set(longest([Span(working=20), Span(days=60)])) == {Span(working=20), Span(days=60)}
    assert longest([Span(working=3), Span(working=3, days=2)]) == (Span(working=3, days=2),)


def test_a_step_must_come_after_what_it_waits_for() -> None:
    with pytest.raises(ValueError, match="waits for"):
        LifeEvent(code="x", name="某事", about=("某事",), steps=(step("A", "B"), step("B")))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我要开个小饭馆都要办啥手续", "restaurant"),
        ("我爸去世了都要办哪些事", "bereavement"),
        ("生孩子一共要办哪些手续", "birth"),
        ("快退休了，从头到尾要办哪些手续", "retirement"),
        ("开个奶茶店需要办啥", "restaurant"),
        ("结婚都要办些什么，跑哪些部门", "marriage"),
        ("买新车上路全套手续", "car"),
        ("退伍回来都要办什么", "veteran"),
    ],
)
def test_the_whole_set_is_asked_for(events: LifeEvents, text: str, code: str) -> None:
    found = events.asked(text, names_item=False)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "text",
    [
        "身份证丢了咋办",
        "生孩子住院能报多少",
        "老人走了丧葬费怎么领要啥手续",
        "刚提的新车上牌要带什么手续",
        "结婚证丢了都要办啥",
        "想办个课外辅导班要批什么手续",
        "我爸走了好几天了电话也打不通",
        "退休金多少钱",
        "没签合同能报工伤不,拿啥证明我在那儿干活",
        "婆婆上月病故,她生前领企业退休金。听说家属能领一笔丧葬补助和抚恤金,我们弟兄几个不知道得准备些啥证明",
    ],
)
def test_a_question_about_one_item_stays_one(events: LifeEvents, text: str) -> None:
    assert events.asked(text, names_item=False) is None


def test_an_open_question_is_about_the_item_it_names(events: LifeEvents) -> None:
    assert events.asked("买房要什么手续", names_item=True) is None
    assert events.asked("买房都要办哪些手续", names_item=True) is not None


def test_limits_of_the_applicant_name_their_law(events: LifeEvents) -> None:
    laws = [law for event in events.events for limit in event.limits for law in limit.law]
    assert laws
    assert all(isinstance(law, Law) and law.name for law in laws)


def step(name: str, *after: str) -> EventStep:
    return EventStep(name=name, who="某单位", after=after)


def working(value: int) -> Duration:
    return Duration(value=value, unit="工作日")
