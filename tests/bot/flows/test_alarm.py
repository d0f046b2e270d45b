from __future__ import annotations

from typing import Any

import pytest

from bot.reply import Action
from ticketing import alarms
from ticketing.models import Role


def ringing(talk: Any) -> list[tuple[str, str]]:
    with talk.bot.database.read() as session:
        return [(one.level, one.name) for one in alarms.ringing(session, "ordos", Role.OPERATOR)]


async def test_an_emergency_is_answered_and_rings(talk: Any) -> None:
    reply = await talk.say("三楼着火了快来人")
    assert (reply.action, reply.emergency) == (Action.EMERGENCY, "119")
    assert ringing(talk) == [("emergency", "fire")]


async def test_a_doubled_delivery_rings_once(talk: Any) -> None:
    for _ in range(2):
        await talk.hear("三楼着火了快来人", "same-id")
    assert len(ringing(talk)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("工地欠薪，几十个工人明天要去堵路讨薪", "crowd"),
        ("幼儿园老师体罚孩子，没人管", "minor"),
        ("学校食堂吃完饭好多学生拉肚子", "food_poisoning"),
        ("我老公长期家暴我，想离婚怎么办手续", "domestic_violence"),
        ("再不解决我就跟他们同归于尽", "threat"),
    ],
)
async def test_a_risk_rings_beside_its_ordinary_answer(talk: Any, text: str, name: str) -> None:
    reply = await talk.say(text)
    assert reply.text
    assert name in [found for _, found in ringing(talk)] or reply.action is Action.EMERGENCY


@pytest.mark.parametrize("text", ["身份证丢了怎么补", "楼下垃圾聚集没人清", "跳楼价甩卖是不是骗人", "小区停水三天了"])
async def test_ordinary_matters_ring_nothing(talk: Any, text: str) -> None:
    await talk.say(text)
    assert ringing(talk) == []
