from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from bot.reply import Action
from ticketing.models import Ticket


async def test_a_question_is_answered_and_the_complaint_beside_it_is_confirmed(talk: Any) -> None:
    answer = await talk.say("身份证丢了咋补，还有楼下烧烤摊太吵你们管不管")
    assert (answer.action, answer.item) == (Action.ANSWER, "GA003")
    assert "楼下烧烤摊太吵你们管不管" in answer.text
    assert [choice.says for choice in answer.choices] == ["好", "不用"]
    form = await talk.say("好")
    assert (form.action, form.kind) == (Action.TICKET, "投诉")
    await talk.say("东胜区天骄路3号")
    read_back = await talk.say("匿名")
    assert "楼下烧烤摊太吵你们管不管" in read_back.text
    assert "身份证" not in read_back.text


async def test_the_second_matter_may_be_refused(talk: Any) -> None:
    await talk.say("身份证丢了咋补，还有楼下烧烤摊太吵你们管不管")
    assert (await talk.say("不用")).action is Action.SMALLTALK
    fee = await talk.say("那要多少钱")
    assert (fee.item, fee.element) == ("GA003", "fee")
    with talk.bot.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0


async def test_a_follow_up_is_answered_and_the_second_matter_reminded_once(talk: Any) -> None:
    await talk.say("身份证丢了咋补，还有楼下烧烤摊太吵你们管不管")
    fee = await talk.say("那要多少钱")
    assert (fee.item, fee.element) == ("GA003", "fee")
    assert "烧烤摊" in fee.text
    assert "烧烤摊" not in (await talk.say("多久能办好")).text


async def test_two_short_questions_are_both_answered(talk: Any) -> None:
    answer = await talk.say("补办身份证多少钱，首次办护照多少钱")
    assert (answer.action, answer.item, answer.element) == (Action.ANSWER, "GA003", "fee")
    assert {source.item for source in answer.sources} == {"GA003", "GA014"}


async def test_two_long_questions_are_answered_one_after_the_other(talk: Any) -> None:
    first = await talk.say("低保怎么申请，居民身份证丢了怎么补办")
    assert (first.action, first.item) == (Action.ANSWER, "MZ004")
    second = await talk.say("好")
    assert (second.action, second.item) == (Action.ANSWER, "GA003")


async def test_a_complaint_first_opens_its_form_with_the_question_answered(talk: Any) -> None:
    first = await talk.say("小区停水三天了物业不管，另外补办身份证多少钱")
    assert first.action is Action.TICKET
    assert "GA003" in {source.item for source in first.sources}
    assert (await talk.say("东胜区天骄路3号")).action is Action.TICKET


async def test_two_complaints_are_registered_one_after_the_other(talk: Any) -> None:
    await talk.say("投诉楼下烧烤摊太吵，另外举报有家饭店用过期肉")
    await talk.say("东胜区天骄路3号")
    await talk.say("匿名")
    done = await talk.say("确认")
    assert done.ticket_no
    assert "过期肉" in done.text
    assert (await talk.say("好")).action is Action.TICKET


async def test_one_story_stays_one_message(talk: Any) -> None:
    story = await talk.say("我女儿明年六月才满六岁，今年能报小学不，报名要啥材料")
    assert story.item in {"JY001", None}
    assert "另外您问的" not in story.text
