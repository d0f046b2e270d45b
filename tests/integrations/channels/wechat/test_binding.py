"""A WeChat user binds a phone by a code sent to it, sees its tickets, and lets go of it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot import dialogue
from integrations.channels import planner
from ticketing import citizens, intake
from ticketing.conversations import Inbound
from ticketing.models import ChannelContact, OutboxRow, Role
from ticketing.privacy import unseal_json
from ticketing.workflow import Actor

PHONE = "13800000001"
OPENID = "o" + "B" * 27


@pytest.fixture
def say(house):
    bot, count = replace(house.bot, texts=True), iter(range(1000))

    async def said(text: str, channel: str = "wechat") -> str:
        inbound = Inbound(channel, OPENID, text, f"m{next(count)}", house.city.code)
        turn = await dialogue.turn(bot, inbound, lambda: datetime.now(UTC))
        assert turn.reply is not None
        return turn.reply.text

    return said


def _sent(house) -> list[dict[str, str]]:
    with house.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "sms").order_by(OutboxRow.id))
        return [unseal_json(session, row.payload_sealed) for row in rows]


def _contact(house) -> ChannelContact | None:
    with house.database.read() as session:
        return session.scalars(select(ChannelContact)).first()


async def test_bound_by_number_and_code_then_loosed(house, say):
    assert "手机号" in await say("绑定手机")
    assert "138****0001" in await say(PHONE)
    (text,) = _sent(house)
    assert text["phone"] == PHONE
    assert "绑定成功" in await say(f"验证码是{text['blanks']['code']}")
    with house.database.read() as session:
        citizen = citizens.known(session, PHONE)
        assert citizen is not None and _contact(house).citizen_id == citizen
        assert planner.reach_of(session, citizen, None).wechat.address == OPENID
    assert "已解除" in await say("解除绑定")
    assert _contact(house).citizen_id is None
    assert "还没有绑定" in await say("解除绑定")


async def test_tickets_left_by_phone_are_seen_once_bound(house, say):
    draft = intake.AppealDraft(
        kind="投诉", content="楼下路灯不亮", place=None, region=None, happened=None, phone=PHONE, name=None,
        anonymous=False, confidential=False, wants_reply=True, channel="phone", conversation_id=None,
        city=house.city.code,
    )  # fmt: skip
    with house.database.write() as session:
        number = intake.register(session, draft, {}, house.city, datetime.now(UTC), Actor(Role.BOT), None).number
    assert number not in await say("查我的工单进度")
    await say("取消")
    await say(f"绑定手机 {PHONE}")
    await say(_sent(house)[-1]["blanks"]["code"])
    assert number in await say("查我的工单进度")


async def test_wrong_codes_end_it(house, say):
    await say("绑定手机")
    await say(PHONE)
    wrong = f"{(int(_sent(house)[0]['blanks']['code']) + 1) % 1_000_000:06d}"
    answers = [await say(wrong) for _ in range(5)]
    assert "不对" in answers[0] and "先不绑定" in answers[-1]
    assert _contact(house) is None


async def test_another_phone_in_between_and_a_way_out(house, say):
    await say("绑定手机")
    assert "收不到短信" in await say("04770000000")
    assert "没看到" in await say("嗯嗯")
    await say(PHONE)
    assert "刚刚发过" in await say(PHONE)
    assert "先不绑定" in await say("取消")
    assert len(_sent(house)) == 1


async def test_only_where_an_address_is_a_person_and_texts_can_be_sent(house, say):
    assert "验证码短信" not in await say("绑定手机", channel="phone")
    turn = await dialogue.turn(
        house.bot, Inbound("wechat", OPENID, "绑定手机", "x", house.city.code), lambda: datetime.now(UTC)
    )
    assert "现在还不能绑定" in turn.reply.text
