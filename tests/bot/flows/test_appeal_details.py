from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.fields import Fields
from bot.reply import Action
from routing.catalogue import Catalogue

NLU_DATA = Path(__file__).resolve().parents[3] / "nlu_data"


@pytest.fixture(scope="module")
def fields() -> Fields:
    return Fields.load(NLU_DATA)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(NLU_DATA)


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("家里暖气不热", {"供热公司叫什么", "家里大概多少度", "户号（缴费单上有）"}),
        ("家里暖气不热，才15度，热力公司不管，户号123", set()),
        ("今天天气真好", set()),
    ],
)
def test_only_what_was_not_said_is_asked(fields: Fields, catalogue: Catalogue, told: str, asked: set[str]) -> None:
    assert set(fields.missing(catalogue, told)) == asked


async def test_the_template_is_asked_once_and_its_answer_joins_the_appeal(talk: Any) -> None:
    asked = await talk.say("投诉东胜区万正城小区暖气不热没人管")
    assert "家里大概多少度" in asked.text
    detail = await talk.say("家里只有14度")
    assert detail.action is Action.TICKET
    assert "手机号" in detail.text
    read_back = await talk.say("匿名")
    assert "14度" in read_back.text


async def test_the_template_may_be_refused(talk: Any) -> None:
    asked = await talk.say("投诉东胜区万正城小区暖气不热没人管")
    assert "家里大概多少度" in asked.text
    contact = await talk.say("不知道")
    assert "手机号" in contact.text
    read_back = await talk.say("匿名")
    assert "不知道" not in read_back.text


@pytest.mark.parametrize("said", ["不想留电话", "13800138000"])
async def test_who_already_speaks_of_the_phone_goes_on_to_the_read_back(talk: Any, said: str) -> None:
    await talk.say("投诉东胜区万正城小区暖气不热没人管")
    assert "请核对" in (await talk.say(said)).text
    assert (await talk.say("确认")).ticket_no


async def test_small_talk_about_the_bot(talk: Any) -> None:
    for text in ("您贵姓", "你真聪明", "你叫什么名字"):
        assert (await talk.say(text)).action is Action.SMALLTALK


async def test_a_fire_of_last_year_is_no_emergency(talk: Any) -> None:
    reply = await talk.say("去年着过火，保险怎么理赔")
    assert reply.action is not Action.EMERGENCY
    assert reply.item is None
