from __future__ import annotations

from dataclasses import replace
from typing import Any

WORDS = "万家惠欣园3号楼停水三天没人管，我电话13800138000"


async def test_the_second_citizen_is_told_of_the_first_and_registered_all_the_same(talk: Any) -> None:
    first = await talk.say(WORDS)
    assert "已有" not in first.text
    await talk.say("确认")
    other = replace(talk, address="somebody else")
    await other.say("三栋停水三天没人管，电话13900139000")
    read_back = await other.say("万家惠欣园小区")
    assert "已有 1 位市民反映" in read_back.text
    added = await other.say("还有，二单元也没水")
    assert "已有" not in added.text
    assert (await other.say("确认")).ticket_no


async def test_another_building_is_no_echo(talk: Any) -> None:
    await talk.say(WORDS)
    await talk.say("确认")
    read_back = await replace(talk, address="a third").say("万家惠欣园8号楼停水三天没人管，电话13900139000")
    assert "已有" not in read_back.text
