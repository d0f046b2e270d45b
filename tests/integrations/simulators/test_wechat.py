"""WeChat as the house meets it: plain and sealed, asked again, doubled, late, with a budget that runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.channels.wechat.account import Account
from integrations.channels.wechat.api import ApiError, calling
from integrations.simulators.account import AES_KEY
from integrations.simulators.faults import Faults
from integrations.simulators.simulator import Plan
from integrations.simulators.wechat import openid_of
from ticketing.models import Attachment, Author, Message

WHO = openid_of("市民-0001")
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU"
    b"\0\0\0\nIDATx\x9cc`\0\0\0\2\0\1H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
)


@pytest.mark.parametrize("key", ["", AES_KEY], ids=["plain", "sealed"])
async def test_a_question_is_answered_within_five_seconds(town, key):
    place = await town(account={"wechat_key": key})
    place.simulator.wechat.text(WHO, "你好")
    await place.simulator.courier.settle()
    (answer,) = [entry for entry in place.simulator.journal.of("house") if entry.pane == "wechat"]
    assert answer.data["passive"]
    assert answer.text


async def test_an_answer_that_gets_lost_is_asked_for_again_and_read_once(town):
    place = await town(Plan(Faults(retry=0.5, double=0.5), seed=3))
    for words in ("你好", "谢谢", "再见"):
        place.simulator.wechat.text(WHO, words)
        await place.simulator.courier.settle()
    await place.drained(later=60)
    said = [row for row in place.rows(Message) if row.author == Author.CITIZEN]
    answered = [row for row in place.rows(Message) if row.author == Author.BOT]
    assert (len(said), len(answered)) == (3, 3)
    assert len(place.simulator.journal.of("request")) > 3


async def test_who_never_hears_an_answer_asks_three_times_and_is_stored_once(town):
    place = await town(Plan(Faults(retry=1.0)))
    place.simulator.wechat.text(WHO, "你好")
    await place.simulator.courier.settle()
    assert len(place.simulator.journal.of("request")) == 3
    assert place.texts("wechat", "failed") == ["0"]
    assert len([row for row in place.rows(Message) if row.author == Author.CITIZEN]) == 1


async def test_the_window_the_budget_and_the_token(town):
    clock = [datetime.now(UTC)]
    place = await town(Plan(now=lambda: clock[0]))
    wechat, account = place.simulator.wechat, Account.of(place.house.settings)
    wechat.event(WHO, "subscribe")
    await place.simulator.courier.settle()
    async with calling(account, place.house.database, lambda: clock[0]) as api:
        for number in range(5):
            await api.send_text(WHO, f"第{number}条")
        assert await _code(api) == 45047
        wechat.followers[WHO].sent = 0
        clock[0] += timedelta(hours=49)
        assert await _code(api) == 45015
        wechat.followers[WHO].follows = False
        assert await _code(api) == 43004
    assert len(wechat.tokens) == 2


async def _code(api) -> int:
    with pytest.raises(ApiError) as caught:
        await api.send_text(WHO, "还有一条")
    return caught.value.code


async def test_a_photo_is_fetched(town):
    place = await town()
    place.simulator.wechat.show(WHO, "image", PNG, "image/png")
    await place.simulator.courier.settle()
    await place.drained(later=10)
    assert len(place.rows(Attachment)) == 1
