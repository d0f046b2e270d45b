"""A caller asks, reports, follows a ticket and reaches a person — through signed requests, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from integrations.channels.phone import ending
from ticketing import calls, handoff
from ticketing.models import (
    AlarmRow,
    Conversation,
    Message,
    OutboxRow,
    Owner,
    PhoneCall,
    QueueEntry,
    ReturnCall,
    Staff,
    Ticket,
)
from ticketing.numbering import query_code

OPERATORS = {"phone_operators": "sip:desk@pbx.example,client:{username}"}


def rows(house, model):
    with house.database.read() as session:
        return session.scalars(select(model)).all()


async def test_the_greeting(line):
    told = await (await line()).dial()
    assert told.verbs == ["Gather"]
    gather = told.verb("Gather")
    assert gather.get("input") == "dtmf speech"
    assert gather.get("language") == "cmn-Hans-CN"
    assert "一二三四五" in told.said
    assert "紧急" in told.said or "危险" in told.said
    assert "请按零" in told.said


async def test_a_question_is_answered_and_heard_again(line, phone_house):
    phone = await line()
    await phone.dial()
    told = await phone.say("补办身份证要多少钱")
    assert "元" in told.said
    assert "再听一遍请按一" in told.said
    answer = told.said
    assert (await phone.press("1")).said == answer
    assert "下一个问题" in (await phone.press("3")).said
    (talk,) = rows(phone_house, Conversation)
    assert (talk.channel, talk.owner) == ("phone", Owner.BOT)


async def test_an_appeal_by_voice_is_read_back_and_registered(line, phone_house):
    phone = await line()
    await phone.dial()
    told = await phone.say("我要投诉，我们小区的路灯一个月没亮了")
    for _ in range(4):
        if "核对" in told.said:
            break
        if "号码联系您，请按一" in told.said:
            told = await phone.press("1")
        elif "什么地方" in told.said:
            told = await phone.say("东胜区天骄路金色家园小区")
        else:
            told = await phone.say("昨天晚上")
    assert "路灯" in told.said
    assert "确认请按一" in told.said
    told = await phone.press("1")
    assert "工单号" in told.said
    (ticket,) = rows(phone_house, Ticket)
    assert (ticket.kind, ticket.channel) == ("投诉", "phone")
    assert ticket.citizen_id is not None


async def test_progress_by_keys(line, phone_house):
    phone = await line()
    await phone.dial()
    await phone.say("我要投诉，东胜区天骄路金色家园小区路灯昨晚不亮")
    for _ in range(4):
        if rows(phone_house, Ticket):
            break
        await phone.press("1")
    (ticket,) = rows(phone_house, Ticket)
    with phone_house.database.read() as session:
        code = query_code(session, ticket.id)
    other = await line("+8613900000002")
    await other.dial()
    told = await other.press("1")
    assert "工单号" in told.said
    told = await other.press(ticket.number.replace("-", "") + "#")
    assert "查询码" in told.said
    told = await other.press(code)
    assert "状态" in told.said


@pytest.mark.parametrize("how", ["key", "words"])
async def test_a_person_is_rung(line, phone_house, how):
    phone = await line(**OPERATORS)
    await phone.dial()
    told = await (phone.press("0") if how == "key" else phone.say("转人工"))
    assert told.verbs[-1] == "Dial"
    assert told.verb("Sip").text == "sip:desk@pbx.example"
    (talk,) = rows(phone_house, Conversation)
    assert talk.owner == Owner.QUEUE
    assert len(rows(phone_house, QueueEntry)) == 1
    told = await phone.go(DialCallStatus="completed", DialCallDuration="60")
    assert "满意请按一" in told.said
    told = await phone.press("1")
    assert told.verbs[-1] == "Hangup"
    (call,) = rows(phone_house, PhoneCall)
    assert call.rating == 3
    assert call.person_at is not None
    await phone.hang_up()
    assert rows(phone_house, ReturnCall) == []


async def test_a_person_is_reached_from_every_prompt(line, phone_house):
    for number, steps in enumerate(([], ["3900"], ["1"], ["1", "2601010001234#"]), 3):
        phone = await line(f"+861390000000{number}", **OPERATORS)
        await phone.dial()
        for keys in steps:
            await phone.press(keys)
        assert {"Dial", "Enqueue"} & set((await phone.press("0")).verbs)


async def test_silence_is_asked_twice_then_keys_then_a_person(line, phone_house):
    phone = await line(**OPERATORS)
    await phone.dial()
    assert (await phone.silence()).verb("Gather").get("input") == "dtmf speech"
    assert (await phone.say("呃", confidence="0.1")).verb("Gather").get("input") == "dtmf speech"
    assert (await phone.silence()).verb("Gather").get("input") == "dtmf"
    assert (await phone.silence()).verbs[-1] == "Dial"


async def test_waiting_booking_and_hanging_up(line, phone_house):
    phone = await line(**OPERATORS)
    await phone.dial()
    await phone.press("0")
    told = await phone.go(DialCallStatus="no-answer")
    assert told.verbs == ["Enqueue"]
    assert (await phone.wait()).verbs == ["Leave"]
    second = await line("+8613900000002", **OPERATORS)
    await second.dial()
    assert (await second.press("0")).verbs[-1] == "Enqueue"
    waiting = await second.wait()
    assert "第二位" in waiting.said
    assert "预约回拨请按一" in waiting.said
    booked = await second.wait(Digits="1")
    assert booked.verbs[-1] == "Hangup"
    await second.hang_up()
    await phone.hang_up()
    assert {call.reason for call in rows(phone_house, ReturnCall)} == {"asked", "missed"}
    assert all(talk.owner == Owner.BOT for talk in rows(phone_house, Conversation))


async def test_nobody_is_there_and_a_message_becomes_a_ticket(line, phone_house):
    phone = await line()
    await phone.dial()
    told = await phone.press("0")
    assert "预约回拨请按一" in told.said
    told = await phone.press("2")
    assert told.verbs[-1] == "Record"
    url = "https://api.twilio.com/2010-04-01/Accounts/AC/Recordings/RE1"
    told = await phone.go(RecordingUrl=url, RecordingDuration="35")
    assert "工单号" in told.said
    assert told.verbs[-1] == "Hangup"
    await phone.hang_up()
    (ticket,) = rows(phone_house, Ticket)
    assert (ticket.kind, ticket.title, ticket.channel) == ("求助", "语音留言", "phone")
    (call,) = rows(phone_house, PhoneCall)
    assert call.ticket_id == ticket.id
    with phone_house.database.read() as session:
        assert calls.recording(session, call.id) == url
    assert rows(phone_house, ReturnCall) == []


async def test_an_emergency_is_handed_over_warm(line, phone_house, fake):
    phone = await line(phone_trunk="sip:{number}@trunk.example", **OPERATORS)
    await phone.dial()
    told = await phone.say("着火了，我家楼下着火了，快来人")
    assert told.verbs[-1] == "Dial"
    room = told.verb("Conference").text
    assert [(one["To"], one["Label"], one["room"]) for one in fake.invited] == [
        ("sip:119@trunk.example", "rescue", room),
        ("sip:desk@pbx.example", "operator-0", room),
    ]
    assert "请不要挂机" in told.said
    assert len(rows(phone_house, AlarmRow)) == 1


async def test_without_the_api_the_rescue_service_is_rung(line, phone_house, fake):
    fake.refuse = True
    phone = await line(**OPERATORS)
    await phone.dial()
    told = await phone.say("着火了，我家楼下着火了，快来人")
    assert told.verb("Number").text == "119"
    told = await phone.go(DialCallStatus="busy")
    assert told.verbs[-1] == "Dial"
    assert told.verb("Sip").text == "sip:desk@pbx.example"


async def test_no_menu_dials_straight_through(line):
    told = await (await line(phone_menu="no-menu", **OPERATORS)).dial()
    assert told.verbs[-1] == "Dial"
    assert "Gather" not in told.verbs


async def test_a_hidden_number_is_nobody_in_particular(line, phone_house):
    for _ in range(2):
        phone = await line("anonymous")
        await phone.dial()
        told = await phone.press("0")
        assert "回拨" not in told.said
        await phone.hang_up()
    assert len(rows(phone_house, Conversation)) == 2
    assert rows(phone_house, ReturnCall) == []


async def test_the_same_request_gets_the_same_document(line, phone_house):
    phone = await line()
    first = (await phone.dial()).xml
    assert (await phone.dial()).xml == first
    url = phone.told.action
    answer = await phone.post(url, SpeechResult="补办身份证要多少钱", Confidence="0.9")
    assert await phone.post(url, SpeechResult="补办身份证要多少钱", Confidence="0.9") == answer
    await phone.post(url, status=403, SpeechResult="别的", Confidence="0.9")
    assert len([one for one in rows(phone_house, Message) if one.author == "citizen"]) == 1


async def test_what_is_not_of_this_call_is_refused(line):
    phone, other = await line(), await line("+8613900000002")
    await phone.dial()
    await phone.post("/voice", status=403, token="wrong")
    other.told = phone.told
    await other.post(phone.told.action, status=403, Digits="1")
    await phone.post(phone.told.action.replace("n=1", "n=7"), status=409, Digits="1")
    await phone.post("/voice/step?call=nothing&n=1", status=404, Digits="1")


async def test_without_an_account_there_is_no_telephone(browser):
    async with browser().post("/channels/twilio/voice", data={"CallSid": "CA1"}) as response:
        assert response.status == 404


async def test_who_takes_the_call_on_the_screen_is_rung(line, phone_house):
    phone = await line(phone_operators="client:{username},sip:desk@pbx.example")
    await phone.dial()
    await phone.press("0")
    await phone.go(DialCallStatus="no-answer")
    with phone_house.database.write() as session:
        operator = session.scalars(select(Staff).where(Staff.username == "operator")).one()
        (talk,) = session.scalars(select(Conversation)).all()
        handoff.take(session, talk.id, operator.id, datetime.now(UTC))
    assert (await phone.wait()).verbs == ["Leave"]
    told = await phone.go(QueueResult="leave")
    assert told.verb("Client").text == "operator"


async def test_a_text_message_is_offered_where_there_are_any(line, phone_house):
    phone = await line(sms_provider="twilio")
    await phone.dial()
    told = await phone.say("补办身份证要多少钱")
    assert "短信发给您请按二" in told.said
    told = await phone.press("2")
    assert "短信马上发给您" in told.said
    assert [row.kind for row in rows(phone_house, OutboxRow)].count("sms") == 1


async def test_a_call_whose_end_was_lost(line, phone_house):
    phone = await line(**OPERATORS)
    await phone.dial()
    await phone.press("0")
    await phone.go(DialCallStatus="no-answer")
    assert ending.sweep(phone_house, datetime.now(UTC)) == 0
    assert ending.sweep(phone_house, datetime.now(UTC) + timedelta(minutes=6)) == 1
    assert [call.reason for call in rows(phone_house, ReturnCall)] == ["missed"]
    await phone.hang_up()
    assert len(rows(phone_house, ReturnCall)) == 1


async def test_the_fallback_needs_nothing(line):
    phone = await line(**OPERATORS)
    assert "<Sip" in await phone.post("/fallback", ErrorCode="11200")
    assert "<Hangup" in await (await line()).post("/fallback", ErrorCode="11200")


async def test_a_form_of_an_earlier_call_is_closed(line, phone_house):
    phone = await line()
    await phone.dial()
    assert "什么地方" in (await phone.say("我要投诉，路灯一个月没亮了")).said
    await phone.hang_up()
    again = await line()
    await again.dial()
    assert "元" in (await again.say("补办身份证要多少钱")).said
    assert len(rows(phone_house, Conversation)) == 1


async def test_danger_waits_for_nobody_though_a_person_has_the_conversation(line, phone_house, fake):
    phone = await line(**OPERATORS)
    await phone.dial()
    await phone.press("0")
    again = await line(**OPERATORS)
    await again.dial()
    told = await again.say("着火了，我家楼下着火了，快来人")
    assert told.verb("Conference").text
    assert [one["Label"] for one in fake.invited] == ["rescue", "operator-0"]
    (alarm,) = rows(phone_house, AlarmRow)
    assert alarm.number == "119"
