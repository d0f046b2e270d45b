from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.reply import Action
from ticketing import accounts, public_notices
from ticketing.models import NoticeTicket, Role
from ticketing.public_notices import NoticeDraft


@pytest.fixture
def put_up(talk: Any) -> Any:
    """Puts up a notice as an operator would, for four hours from the talk's now."""
    with talk.bot.database.write() as session:
        staff = accounts.create_staff(
            session, username="operator", display_name="operator", password="correct-horse", role=Role.OPERATOR,
            department=None, now=talk.now,
        )  # fmt: skip

    def put_up(kind: str, text: str, regions: tuple[str, ...] = (), starts: datetime | None = None) -> Any:
        starts = starts or talk.now
        draft = NoticeDraft(kind, text, regions, None, "市供水公司", starts, starts + timedelta(hours=4))
        with talk.bot.database.write() as session:
            notice = public_notices.post(session, draft, "ordos", staff, talk.now)
        talk.bot.board.forget()
        return notice

    return put_up


async def test_a_notice_for_the_city_is_told_first_and_once(talk: Any, put_up: Any) -> None:
    put_up("water", "因主管道抢修停水。")
    answer = await talk.say("家里停水了怎么回事")
    assert (answer.action, answer.item) == (Action.ANSWER, None)
    assert "【公告】因主管道抢修停水。范围：全市。" in answer.text
    assert answer.sources[0].cites == "市供水公司"
    assert "公告" not in (await talk.say("家里停水了怎么回事")).text


async def test_a_notice_of_a_district_is_for_those_who_live_there(talk: Any, put_up: Any) -> None:
    put_up("water", "因主管道抢修停水。", ("150602",))
    assert "【公告】" in (await talk.say("东胜区停水了啥时候来水")).text
    talk.address = "another"
    assert "【公告】" not in (await talk.say("康巴什区停水了没人管")).text


async def test_where_the_place_is_unknown_it_is_asked_and_the_message_read_again(talk: Any, put_up: Any) -> None:
    put_up("water", "因主管道抢修停水。", ("150602",))
    asked = await talk.say("我家停水三天了没人管")
    assert "哪个旗区" in asked.text
    inside = await talk.say("东胜区")
    assert "【公告】" in inside.text
    assert "登记" in inside.text
    talk.address = "another"
    await talk.say("我家停水三天了没人管")
    outside = await talk.say("我在康巴什")
    assert outside.action is Action.TICKET


async def test_who_still_wants_a_ticket_gets_one_that_refers_to_the_notice(talk: Any, put_up: Any) -> None:
    notice = put_up("water", "因主管道抢修停水。", ("150602",))
    told = await talk.say("东胜区我们小区停水三天了没人管")
    assert "回复“好”" in told.text
    assert (await talk.say("好")).action is Action.TICKET
    await talk.say("东胜区天骄路3号")
    await talk.say("匿名")
    done = await talk.say("确认")
    assert done.ticket_no
    assert "公告" in done.text
    with talk.bot.database.read() as session:
        assert [row.notice_id for row in session.scalars(select(NoticeTicket))] == [notice]


async def test_a_notice_that_is_over_or_about_something_else_is_silent(talk: Any, put_up: Any) -> None:
    put_up("power", "线路检修停电。")
    put_up("water", "停水。", starts=talk.now + timedelta(hours=2))
    assert "【公告】" not in (await talk.say("家里停水了怎么回事")).text
    assert "【公告】" not in (await talk.say("身份证丢了怎么补")).text
    talk.now += timedelta(hours=5)
    talk.bot.board.forget()
    assert "【公告】" not in (await talk.say("家里停电了怎么回事")).text
