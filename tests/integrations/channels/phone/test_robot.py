"""The callback robot: three questions by keys, in the hours of calls, one call a second, never blindly twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from integrations.effects import drain, robot_call
from ticketing import callbacks, dispatching, handling, intake, surveys
from ticketing.call_plan import Channel
from ticketing.models import (
    Callback,
    CallbackAttempt,
    CallbackStatus,
    Lane,
    OutboxRow,
    PhoneCall,
    Role,
    Staff,
    Status,
    Survey,
    Ticket,
)
from ticketing.privacy import unseal
from ticketing.workflow import Actor

NOON = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)  # 12:00 in the city, a Thursday
NEXT_NOON = NOON + timedelta(hours=25)
NIGHT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 22:00


def staff(session, role, department=None):
    found = session.scalars(select(Staff).where(Staff.role == role)).first()
    return Actor(role, found.id, department or found.department)


def answered_ticket(house, phone="13900000001"):
    """A ticket whose answer passed its review, and whose callback is the robot's."""
    with house.database.write() as session:
        draft = intake.AppealDraft(
            kind="投诉", content="路灯不亮", place=None, region=None, happened=None, phone=phone, name=None,
            anonymous=False, confidential=False, wants_reply=True, channel="phone", conversation_id=None,
            city=house.city.code,
        )  # fmt: skip
        made = intake.register(session, draft, {}, house.city, NOON, Actor(Role.BOT), None)
        handler = Actor(Role.DEPARTMENT, _handler(session), "CG")
        dispatching.dispatch(session, house.city, made.ticket_id, Actor(Role.SYSTEM), NOON, lead_department="CG")
        handling.sign(session, house.city, made.ticket_id, handler, NOON)
        handling.answer(session, house.city, made.ticket_id, handler, NOON, answer="修好了。", outcome_code="solved")
        handling.pass_answer(session, house.city, made.ticket_id, staff(session, Role.REVIEWER), NOON)
    robot_call.go_round(house, lambda: NOON)
    robot_call.go_round(house, lambda: NEXT_NOON)
    return made.ticket_id


def _handler(session):
    return session.scalars(select(Staff.id).where(Staff.username == "dept-cg")).one()


def rows(house, model):
    with house.database.read() as session:
        return session.scalars(select(model).order_by(model.id)).all()


def outcomes(house):
    return [(one.channel, one.outcome) for one in rows(house, CallbackAttempt) if one.channel != "link"]


@pytest.fixture
async def called(line, phone_house, fake):
    """The robot has rung one citizen; the telephone that was rung."""
    answered_ticket(phone_house)
    phone = await line()
    await asyncio.to_thread(drain, phone_house, lambda: NEXT_NOON)
    (made,) = fake.calls
    phone.sid, phone.first, phone.report = made["sid"], made["Url"], made["StatusCallback"]
    return phone


async def test_the_call_is_placed_once_with_its_reports(called, phone_house, fake):
    (made,) = fake.calls
    assert (made["To"], made["From"]) == ("+8613900000001", "+864775551234")
    assert made["MachineDetection"] == "Enable"
    assert made["events"] == "initiated,ringing,answered,completed"
    assert urlsplit(made["Url"]).path == "/channels/twilio/robot/step"
    (call,) = rows(phone_house, PhoneCall)
    assert (call.sid, call.outbound, call.status) == (made["sid"], True, "attempt_started")
    drain(phone_house, lambda: NEXT_NOON + timedelta(minutes=1))
    assert len(fake.calls) == 1


async def test_three_keys_close_the_ticket(called, phone_house):
    told = await called._hear(called.first, AnsweredBy="human")
    assert "回访小助手" in told.said
    assert "联系了请按一" in told.said
    assert told.verb("Gather").get("input") == "dtmf"
    assert "解决了请按一" in (await called.press("1")).said
    assert "非常满意请按五" in (await called.press("1")).said
    told = await called.press("5")
    assert told.verbs[-1] == "Hangup"
    await called.post(called.report, status=204, CallStatus="completed")
    (survey,) = rows(phone_house, Survey)
    assert (survey.contacted, survey.resolved, survey.department_rating) == (True, True, 5)
    assert rows(phone_house, Ticket)[0].status == Status.CLOSED
    assert outcomes(phone_house) == [("robot", "reached")]


@pytest.mark.parametrize(("how", "reason"), [("2", "问题没有解决"), ("灯还是不亮", "灯还是不亮"), ("", "没有说明原因")])
async def test_dissatisfaction_has_its_reason_and_goes_back(called, phone_house, how, reason):
    await called._hear(called.first, AnsweredBy="human")
    await called.press("2")
    await called.press("2")
    told = await called.press("1")
    assert told.verb("Gather").get("input") == "dtmf speech"
    if not how:
        await called.silence()
        await called.silence()
        told = await called.silence()
    else:
        told = await (called.press(how) if how.isdigit() else called.say(how))
    assert "重新办理" in told.said
    (survey,) = rows(phone_house, Survey)
    with phone_house.database.read() as session:
        assert reason in unseal(session, survey.reason_sealed)
    assert rows(phone_house, Ticket)[0].rework_count == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("busy", "busy"),
        ("no-answer", "no_answer"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("completed", "hung_up"),
    ],
)
async def test_who_is_not_reached_is_tried_again(called, phone_house, status, outcome):
    for said in ("initiated", status, "ringing", status, "completed"):
        await called.post(called.report, status=204, CallStatus=said)
    assert outcomes(phone_house) == [("robot", outcome)]
    (callback,) = rows(phone_house, Callback)
    assert (callback.channel, callback.status) == (Channel.ROBOT, CallbackStatus.DUE)
    assert callback.next_at > NEXT_NOON + timedelta(hours=2)


async def test_a_machine_hears_nothing_of_the_matter(called, phone_house):
    told = await called._hear(called.first, AnsweredBy="machine_start")
    assert told.verbs == ["Hangup"]
    await called.post(called.report, status=204, CallStatus="completed")
    assert outcomes(phone_house) == [("robot", "machine")]


async def test_silence_is_asked_again_twice_and_0_is_a_person(called, phone_house):
    await called._hear(called.first, AnsweredBy="human")
    assert "再按一次" in (await called.silence()).said
    assert "再按一次" in (await called.press("7")).said
    told = await called.press("0")
    assert "话务员" in told.said
    assert outcomes(phone_house) == [("robot", "asked_person")]
    assert rows(phone_house, Callback)[0].channel == Channel.OPERATOR


async def test_answers_count_though_the_end_was_reported_first(called, phone_house):
    await called._hear(called.first, AnsweredBy="human")
    await called.press("1")
    await called.press("1")
    await called.post(called.report, status=204, CallStatus="completed")
    await called.press("4")
    assert rows(phone_house, Ticket)[0].status == Status.CLOSED
    assert rows(phone_house, Survey)[0].department_rating == 4


async def test_who_rated_by_the_link_is_not_asked_again(called, phone_house):
    with phone_house.database.write() as session:
        callback = session.scalars(select(Callback)).one()
        answer = surveys.SurveyAnswer(True, True, 5)
        callbacks.record_result(
            session, phone_house.city, callback.id, Actor(Role.SYSTEM), NEXT_NOON, answer, channel="link"
        )
    told = await called._hear(called.first, AnsweredBy="human")
    assert "不用回访" in told.said
    assert told.verbs[-1] == "Hangup"


async def test_danger_interrupts_the_robot(called, phone_house, fake):
    await called._hear(called.first, AnsweredBy="human")
    await called.press("2")
    await called.press("2")
    await called.press("1")
    told = await called.say("着火了，我家楼下着火了，快来人")
    assert told.verb("Conference").text
    assert fake.invited[0]["Label"] == "rescue"


def test_nobody_is_rung_at_night(phone_house, fake):
    answered_ticket(phone_house)
    drain(phone_house, lambda: NIGHT)
    assert fake.calls == []
    (row,) = [one for one in rows(phone_house, OutboxRow) if one.kind == "robot_call"]
    assert row.run_at == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # 9:00


async def test_one_call_a_second(phone_house, fake):
    for number in (1, 2, 3):
        answered_ticket(phone_house, f"1390000000{number}")
    for second in range(3):
        await asyncio.to_thread(drain, phone_house, lambda at=second: NEXT_NOON + timedelta(seconds=at))
        assert len(fake.calls) == second + 1
    with phone_house.database.read() as session:
        (lane,) = session.scalars(select(Lane)).all()
    assert lane.free_at == NEXT_NOON + timedelta(seconds=3)


async def test_a_lost_answer_is_looked_up_in_the_providers_list(phone_house, fake):
    answered_ticket(phone_house)
    fake.lost = 1
    await asyncio.to_thread(drain, phone_house, lambda: NEXT_NOON)
    (call,) = rows(phone_house, PhoneCall)
    assert call.sid is None
    await asyncio.to_thread(drain, phone_house, lambda: NEXT_NOON + timedelta(minutes=1))
    (call,) = rows(phone_house, PhoneCall)
    assert call.sid == fake.calls[0]["sid"]
    assert (len(fake.calls), fake.asked_for_list) == (1, 1)


async def test_a_number_the_provider_refuses_is_handed_on(phone_house, fake):
    answered_ticket(phone_house)
    fake.refuse = True
    await asyncio.to_thread(drain, phone_house, lambda: NEXT_NOON)
    assert outcomes(phone_house) == [("robot", "failed")]


def test_without_a_number_to_call_from_the_plan_goes_on(house):
    answered_ticket(house)
    drain(house, lambda: NEXT_NOON)
    assert outcomes(house) == [("robot", "not_configured")]
    with house.database.write() as session:
        session.execute(update(Callback).values(next_at=None))
    assert rows(house, PhoneCall) == []
