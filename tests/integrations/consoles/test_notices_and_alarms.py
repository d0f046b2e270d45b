"""Duty screens: a notice goes up with one click, an alarm rings until somebody acknowledges it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from integrations import effects
from integrations.bootstrap import House
from ticketing import alarms
from ticketing.alarms import Alarm, AlarmTimes
from ticketing.models import AlarmLevel

Staff = Callable[[str], Awaitable]
NOTICE = {"kind": "water", "text": "因抢修停水。", "source": "市供水公司", "hours": 4, "regions": "150602"}


async def test_a_notice_is_put_up_seen_everywhere_and_taken_down(
    staff: Staff, browser: Callable[[], TestClient], house: House
) -> None:
    operator = await staff("operator")
    assert "因供水管道抢修" in await operator.get("/console/notices?kind=water")
    with house.live.subscribe("notices") as pushes:
        page = await operator.post("/console/notices", **NOTICE)
        assert await anext(aiter(pushes)) == ("notices", 0)
    assert "公告已发出" in page
    assert "范围：东胜区" in page
    for path in ("/", "/console/conversations"):
        async with operator.client.get(path) as response:
            assert "【公告】因抢修停水。" in await response.text()
    notice = re.search(r"/console/notices/([0-9a-f-]{36})/withdraw", page)
    assert notice
    assert "公告已撤下" in await operator.post(f"/console/notices/{notice.group(1)}/withdraw")
    async with browser().get("/") as response:
        assert "因抢修停水" not in await response.text()


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"ends": "2020-01-01T08:00"}, {"regions": "440100"}, {"starts": "gestern"}, {"source": ""}]
)
async def test_a_notice_that_cannot_hold_is_refused_with_the_form_kept(staff: Staff, wrong: dict[str, str]) -> None:
    supervisor = await staff("supervisor")
    page = await supervisor.post("/console/notices", 422, **NOTICE | {"area": "天骄街道"} | wrong)
    assert "天骄街道" in page


async def test_only_those_named_in_the_table_put_up_notices_and_hear_alarms(staff: Staff) -> None:
    for name in ("dept-cg", "reviewer", "callback"):
        person = await staff(name)
        await person.get("/console/notices", 403)
        await person.get("/console/alarms/ringing", 403)


@pytest.fixture
def fire(house: House) -> UUID:
    return ring(house, AlarmLevel.EMERGENCY, "fire", "119", "三楼着火了")


def ring(house: House, level: AlarmLevel, name: str, number: str | None, said: str) -> UUID:
    alarm = Alarm(name, house.city.code, level, name, number, None, "web", said)
    with house.database.write() as session:
        alarm_id = alarms.raise_alarm(session, alarm, AlarmTimes(timedelta(0), timedelta(minutes=30)), now())
    assert alarm_id is not None
    return alarm_id


def now() -> datetime:
    return datetime.now(UTC)


async def test_an_alarm_rings_is_acknowledged_and_keeps_who_and_when(staff: Staff, house: House, fire: UUID) -> None:
    with house.live.subscribe("alarms") as pushes:
        assert effects.drain(house, now) == 1
        assert await anext(aiter(pushes)) == ("alarms", 0)
    operator = await staff("operator")
    banner = await operator.get("/console/alarms/ringing")
    assert "火情" in banner
    assert "119" in banner
    page = await operator.post(f"/console/alarms/{fire}/acknowledge")
    assert "已确认接警" in page
    assert re.search(r"<td>operator<br>", page)
    assert "三楼着火了" not in await operator.get("/console/alarms/ringing")


async def test_what_waits_too_long_rings_at_the_duty_leader(staff: Staff, house: House, fire: UUID) -> None:
    leader = await staff("supervisor")
    assert "火情" not in await leader.get("/console/alarms/ringing")
    assert effects.escalate_alarms(house, now) == 1
    assert effects.escalate_alarms(house, now) == 0
    assert "已升级到值班领导" in await leader.get("/console/alarms/ringing")


async def test_a_risk_is_reported_upwards_in_time(staff: Staff, house: House) -> None:
    risk = ring(house, AlarmLevel.RISK, "crowd", None, "几十个工人要去堵路")
    leader = await staff("supervisor")
    assert "群体事件苗头" in await leader.get("/console/alarms/ringing")
    assert "前报送" in await leader.get("/console/alarms")
    assert "已记录报送时间" in await leader.post(f"/console/alarms/{risk}/reported")
    await leader.post("/console/alarms/00000000-0000-7000-8000-000000000000/acknowledge", 404)
