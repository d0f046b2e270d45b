from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.faq import Faq
from bot.guides.models import KnowledgeTask
from bot.reply import Action
from routing.language.normalise import normalised

NLU_DATA = Path(__file__).resolve().parents[3] / "nlu_data"


@pytest.fixture(scope="module")
def faq() -> Faq:
    return Faq.load(NLU_DATA)


def test_there_are_forty_questions_each_with_law_or_who_decides(faq: Faq) -> None:
    assert len(faq.questions) >= 40
    without = [one.code for one in faq.questions.values() if not one.law and not one.local]
    assert without == ["hotline_time"]  # the hotline's own sample time limits


def test_every_question_finds_its_own_answer_in_normalised_words(faq: Faq) -> None:
    for one in faq.questions.values():
        for words in one.any:
            assert normalised(words) == words, f"{one.code}: write {words} normalised"
        found = faq.asked(one.any[0], names_item=False)
        assert found is not None, one.code


def test_questions_of_the_development_set_stay_with_their_items(faq: Faq) -> None:
    lines = (NLU_DATA / "dev" / "linking.jsonl").read_text(encoding="utf-8").splitlines()
    golds = [json.loads(line) for line in lines if line]
    stolen = [gold["text"] for gold in golds if gold["item"] and faq.asked(gold["text"], names_item=False)]
    assert stolen == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("今年国庆放几天假", "10月1日至7日"),
        ("加班费怎么算", "300%"),
        ("不交物业费物业能停水吗", "不能"),
        ("你们几点下班", "24小时"),
        ("举报会保密吗", "匿名"),
        ("夜里几点以后不能施工", "晚上10点"),
    ],
)
async def test_a_policy_question_is_answered_with_its_source(talk: Any, text: str, says: str) -> None:
    answer = await talk.say(text)
    assert (answer.action, answer.item) == (Action.ANSWER, None)
    assert says in answer.text
    assert answer.sources[0].reviewed


async def test_what_the_place_decides_names_who_knows_and_leaves_one_task(talk: Any) -> None:
    for _ in range(2):
        answer = await talk.say("最低工资是多少")
        assert "省级人民政府" in answer.text
        assert "人工" in answer.text
    with talk.bot.database.read() as session:
        task = session.scalars(select(KnowledgeTask)).one()
    assert (task.item, task.asked) == ("faq:minimum_wage", 2)


async def test_an_overdue_answer_is_marked(talk: Any) -> None:
    talk.now += timedelta(days=700)
    answer = await talk.say("加班费怎么算")
    assert "已过复核期" in answer.text
    assert answer.sources[0].overdue


async def test_a_grievance_with_the_same_words_is_no_question(talk: Any) -> None:
    assert (await talk.say("公司半年不给加班费，我要投诉")).action is Action.TICKET
