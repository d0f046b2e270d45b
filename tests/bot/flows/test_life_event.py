from __future__ import annotations

from typing import Any

from bot.reply import Action

WHOLE = "我要开个小饭馆都要办啥手续"


async def test_the_whole_list_names_its_items_in_order_with_sources(talk: Any) -> None:
    answer = await talk.say(WHOLE)
    assert (answer.action, answer.item) == (Action.ANSWER, None)
    lines = answer.text.splitlines()
    licence, food = (next(n for n, line in enumerate(lines) if name in line) for name in ("个体工商户设立", "食品经营"))
    assert licence < food
    assert "等第1件办好" in lines[food]
    assert {"SC001", "SC005", "WJ005"} <= {source.item for source in answer.sources}
    assert all(source.cites and source.reviewed for source in answer.sources)


async def test_joint_time_and_the_applicants_own_limits_are_told_apart(talk: Any) -> None:
    answer = await talk.say(WHOLE)
    total, own = answer.text.split("您自己要守的期限：")
    assert "最长23个工作日" in total  # 3 for the licence, then the longest of what goes side by side: 20
    assert "30日内" in own
    assert "《中华人民共和国社会保险法》第五十八条" in own


async def test_a_step_by_its_number_leads_to_its_item(talk: Any) -> None:
    await talk.say(WHOLE)
    second = await talk.say("第二步要什么材料")
    assert (second.action, second.item, second.element) == (Action.ANSWER, "WJ005", "materials")
    assert (await talk.say("那要多少钱")).item == "WJ005"
    fourth = await talk.say("第3件多久能办好")
    assert (fourth.item, fourth.element) == ("SC005", "time_limit")


async def test_a_step_by_its_name_leads_to_its_item(talk: Any) -> None:
    await talk.say(WHOLE)
    fee = await talk.say("健康证那个多少钱")
    assert (fee.item, fee.element) == ("WJ005", "fee")


async def test_a_step_without_a_guide_says_who_does_it(talk: Any) -> None:
    await talk.say("我爸去世了都要办哪些事")
    first = await talk.say("第一步要什么材料")
    assert (first.action, first.item) == (Action.ANSWER, None)
    assert "医院" in first.text
    assert "人工" in first.text


async def test_an_element_without_a_step_is_asked_back(talk: Any) -> None:
    await talk.say("生孩子一共要办哪些手续")
    assert (await talk.say("多少钱")).action is Action.CLARIFY
    assert (await talk.say("第十九件要什么材料")).action is Action.CLARIFY


async def test_a_step_that_may_be_one_of_several_items_is_chosen(talk: Any) -> None:
    await talk.say("快退休了都要办哪些手续")
    asked = await talk.say("第二件要什么材料")
    assert asked.action is Action.CLARIFY
    assert set(asked.offered) == {"RS006", "RS019"}
    chosen = await talk.say("1")
    assert (chosen.item, chosen.element) == ("RS006", "materials")


async def test_another_item_is_answered_after_a_chain(talk: Any) -> None:
    await talk.say(WHOLE)
    passport = await talk.say("首次办护照要带啥材料")
    assert (passport.item, passport.element) == ("GA014", "materials")
