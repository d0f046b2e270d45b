from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.directory import Directory, Office
from bot.reply import Action

NLU_DATA = Path(__file__).resolve().parents[3] / "nlu_data"
PACKS = sorted((NLU_DATA / "city").iterdir())


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_offices_lie_in_their_city_and_invent_no_address(pack: Path) -> None:
    with (pack / "regions.csv").open(encoding="utf-8") as file:
        regions = {row["code"] for row in csv.DictReader(file)}
    for office in Directory.load(NLU_DATA, pack).offices:
        assert office.region in regions
        assert office.source
        assert not office.address, "an address needs a public source; write it into the test with the source"
        assert not office.phone


async def test_an_agents_place_is_an_answer_without_item_and_asks_where_once(talk: Any) -> None:
    answer = await talk.say("附近有没有代办点")
    assert (answer.action, answer.item) == (Action.ANSWER, None)
    assert "便民服务站" in answer.text
    assert "哪个旗区" in answer.text
    assert "国发〔2022〕5号" in answer.sources[0].cites


async def test_the_place_of_a_known_region_is_named(talk: Any) -> None:
    answer = await talk.say("东胜区代办点在哪")
    assert "东胜区政务服务中心" in answer.text
    assert "康巴什" not in answer.text
    assert "人工" in answer.text
    street = await talk.say("我住天骄街道，代办点在哪")
    assert "天骄街道便民服务中心" in street.text


async def test_a_registered_place_is_told_with_its_address(talk: Any) -> None:
    office = Office("某某社区代办点", "agent", "ZS", "150602006", "某路1号", "", "9点到17点", "来源", "2026-11-01")
    directory = talk.bot.directory
    talk.bot = replace(talk.bot, directory=replace(directory, offices=(*directory.offices, office)))
    answer = await talk.say("东胜区代办点在哪")
    assert "某某社区代办点（地址：某路1号；时间：9点到17点）" in answer.text


async def test_an_items_own_place_is_the_items_answer(talk: Any) -> None:
    answer = await talk.say("补办身份证去哪个政务大厅")
    assert (answer.item, answer.element) == ("GA003", "location")


async def test_a_grievance_about_a_hall_is_no_search_for_one(talk: Any) -> None:
    assert "政务服务中心" not in (await talk.say("投诉政务大厅窗口上班时间没有人，态度还差")).text
