from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from bot.guides.guide import Guide
from bot.guides.library import Library
from bot.guides.linker import Linker
from bot.guides.models import KnowledgeTask
from bot.knowledge import Knowledge
from bot.reply import Action

NLU_DATA = Path(__file__).resolve().parents[3] / "nlu_data"
DISTRICTS = {"150602": "每月100元", "150603": "每月200元"}


def national(code: str) -> Guide:
    return Guide.model_validate(yaml.safe_load((NLU_DATA / "guides" / code[:2] / f"{code}.yml").read_text("utf-8")))


def local(region: str, fee: str) -> Guide:
    guide = national("MZ007")
    cells = guide.cells.model_copy(update={"fee": guide.cells.fee.model_copy(update={"text": fee, "local": False})})
    return guide.model_copy(update={"region": region, "cells": cells, "place": None})


@pytest.fixture
def districts(talk: Any, city: Any, request: pytest.FixtureRequest) -> Any:
    """Two districts with a guide of their own, beside the national one where the test asks for it."""
    guides = [local(region, fee) for region, fee in DISTRICTS.items()]
    guides += [national("MZ007")] if getattr(request, "param", True) else []
    library = Library.of([*guides, national("GA003")], city=city.code, region=city.region)
    talk.bot = replace(talk.bot, knowledge=Knowledge(library, Linker.load(library, NLU_DATA)))
    return talk


async def test_an_unknown_region_is_answered_nationally_asked_once_and_remembered(districts: Any) -> None:
    first = await districts.say("高龄津贴发多少钱")
    assert first.action is Action.ANSWER
    assert {source.region for source in first.sources} == {"000000"}
    assert "哪个旗区" in first.text
    assert "康巴什区" in [choice.says for choice in first.choices]
    there = await districts.say("我在康巴什")
    assert (there.item, there.element) == ("MZ007", "fee")
    assert "每月200元" in there.text
    assert {source.region for source in there.sources} == {"150603"}
    later = await districts.say("高龄津贴发多少钱")
    assert "每月200元" in later.text
    assert "哪个旗区" not in later.text


async def test_it_is_not_asked_a_second_time(districts: Any) -> None:
    assert "哪个旗区" in (await districts.say("高龄津贴发多少钱")).text
    assert "哪个旗区" not in (await districts.say("高龄津贴要什么材料")).text


@pytest.mark.parametrize(
    ("said", "fee"), [("东胜区高龄津贴发多少钱", "每月100元"), ("我在康巴什，高龄津贴发多少钱", "每月200元")]
)
async def test_the_same_item_in_two_districts_gives_two_answers(districts: Any, said: str, fee: str) -> None:
    answer = await districts.say(said)
    assert fee in answer.text
    assert "哪个旗区" not in answer.text


async def test_a_district_without_its_own_guide_gets_the_level_above(districts: Any) -> None:
    answer = await districts.say("达旗的高龄津贴发多少钱")
    assert {source.region for source in answer.sources} == {"000000"}


@pytest.mark.parametrize("districts", [False], indirect=True)
async def test_where_only_districts_have_a_guide_the_region_is_asked_first(districts: Any) -> None:
    asked = await districts.say("高龄津贴发多少钱")
    assert (asked.action, asked.offered) == (Action.CLARIFY, ("MZ007",))
    assert "东胜区、康巴什区" in asked.text
    assert "每月100元" in (await districts.say("东胜")).text


async def test_an_item_that_is_the_same_everywhere_asks_for_no_region(districts: Any) -> None:
    assert "哪个旗区" not in (await districts.say("身份证丢了怎么补")).text


async def test_what_only_the_place_knows_names_who_does_offers_a_person_and_leaves_a_task(talk: Any) -> None:
    answer = await talk.say("补办身份证几点上班")
    assert (answer.item, answer.element) == ("GA003", "hours")
    assert "可以咨询公安机关户政部门" in answer.text
    assert "人工" in answer.text
    with talk.bot.database.read() as session:
        task = session.scalars(select(KnowledgeTask)).one()
    assert (task.item, task.element, task.reason, task.owner) == ("GA003", "hours", "local_cell", "GA")
