"""Receipts in any order and any number, proven; texts from citizens become conversations answered by text."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from integrations.channels import relay
from integrations.channels.sms import stops
from tests.integrations.channels.sms.conftest import PHONE, RECEIPT_KEY, TWILIO, ask, drained, texts
from ticketing import conversations
from ticketing.conversations import Inbound
from ticketing.models import Author, Conversation, Message, SmsStatus, Staff
from ticketing.privacy import unseal

URL = "https://12345.example.test"
ABROAD = "+15005550006"


async def _sent(house, fake):
    ask(house)
    await drained(house)
    (row,) = texts(house)
    return row


def _aliyun(row, *, success=True, code="DELIVERED", biz=None):
    return {
        "phone_number": PHONE, "send_time": "2026-11-20 11:12:13", "report_time": "2026-11-20 11:12:20",
        "success": success, "err_code": code, "err_msg": "用户接收成功", "sms_size": "1",
        "biz_id": biz or row.external_id, "out_id": str(row.id),
    }  # fmt: skip


async def test_aliyuns_receipts(with_provider, fake, serve):
    house = with_provider("aliyun")
    row = await _sent(house, fake)
    client = await serve(house)
    path = f"/channels/sms/aliyun/receipt?key={RECEIPT_KEY}"
    for _ in range(3):
        async with client.post(path, json=[_aliyun(row)]) as response:
            assert (response.status, await response.json()) == (200, {"code": 0, "msg": "OK"})
    assert texts(house)[0].status == SmsStatus.DELIVERED
    async with client.post(path, json=[_aliyun(row, success=False, code="MK:0001")]) as response:
        assert response.status == 200
    assert texts(house)[0].status == SmsStatus.DELIVERED, "the last word stays"


async def test_tencents_receipts_and_a_number_that_gets_nothing(with_provider, fake, serve):
    house = with_provider("tencent")
    row = await _sent(house, fake)
    client = await serve(house)
    receipt = {
        "user_receive_time": "2026-11-20 08:03:04", "nationcode": "86", "mobile": PHONE, "report_status": "FAIL",
        "errmsg": "UNDELIV", "description": "空号", "sid": row.external_id, "ext": str(row.id),
    }  # fmt: skip
    async with client.post(f"/channels/sms/tencent/receipt?key={RECEIPT_KEY}", json=[receipt]) as response:
        assert (response.status, await response.json()) == (200, {"result": 0, "errmsg": "OK"})
    (row,) = texts(house)
    assert (row.status, row.code) == (SmsStatus.UNDELIVERED, "UNDELIV")
    with house.database.read() as session:
        assert stops.undelivered_since(session, PHONE) is not None


@pytest.mark.parametrize(
    ("change", "status"),
    [({"path": "?key=wrong"}, 403), ({"path": ""}, 403), ({"body": "no json"}, 422), ({"body": "[1]"}, 422)],
)
async def test_what_is_not_proven_or_not_readable(with_provider, serve, change, status):
    client = await serve(with_provider("aliyun"))
    path = "/channels/sms/aliyun/receipt" + change.get("path", f"?key={RECEIPT_KEY}")
    async with client.post(path, data=change.get("body", "[]")) as response:
        assert response.status == status


async def test_receipts_that_are_not_ours(with_provider, fake, serve):
    house = with_provider("aliyun")
    row = await _sent(house, fake)
    client = await serve(house)
    path = f"/channels/sms/aliyun/receipt?key={RECEIPT_KEY}"
    strange = [_aliyun(row, biz="another"), _aliyun(row) | {"out_id": "x"}, _aliyun(row) | {"out_id": None}, {}]
    async with client.post(path, json=strange) as response:
        assert response.status == 200
    assert texts(house)[0].status == SmsStatus.SENT


async def test_without_a_secret_or_an_account_there_are_no_webhooks(with_provider, serve):
    client = await serve(with_provider("aliyun", sms_receipt_secret=None, twilio_auth_token=None))
    for path in ("/channels/sms/aliyun/receipt?key=", "/channels/sms/other/receipt", "/channels/twilio/sms"):
        async with client.post(path, data="[]") as response:
            assert response.status == 404


async def _twilio(client, form, query="", token=TWILIO[1], status=200):
    path = f"/channels/twilio/sms{query}"
    signature = RequestValidator(token).compute_signature(URL + path, form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    async with client.post(path, data=urlencode(form), headers=headers) as response:
        assert response.status == status, await response.text()
        return await response.text()


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "sending"])))
async def test_twilios_receipts_in_any_order(with_provider, fake, serve, order):
    house = with_provider("twilio")
    row = await _sent(house, fake)
    client = await serve(house)
    for status in order:
        form = {"MessageSid": row.external_id, "MessageStatus": status, "To": f"+86{PHONE}", "From": TWILIO[2]}
        await _twilio(client, form, f"?message={row.id}")
    assert texts(house)[0].status == SmsStatus.DELIVERED


async def test_a_receipt_that_overtakes_our_own_answer(with_provider, fake, serve):
    house = with_provider("twilio")
    client = await serve(house)
    row = await _sent(house, fake)
    with house.database.write() as session:  # as if the worker had not come to note the yes
        kept = session.merge(row)
        kept.status, kept.external_id = SmsStatus.QUEUED, None
    form = {"MessageSid": "SMearly", "MessageStatus": "undelivered", "To": f"+86{PHONE}", "ErrorCode": "30005"}
    await _twilio(client, form, f"?message={row.id}")
    (row,) = texts(house)
    assert (row.status, row.external_id, row.code) == (SmsStatus.UNDELIVERED, "SMearly", "30005")


async def test_twilios_signature(with_provider, serve):
    client = await serve(with_provider("twilio"))
    await _twilio(client, {"MessageSid": "SM1", "From": ABROAD, "Body": "你好"}, token="another", status=403)


async def test_a_text_is_a_conversation_and_its_answer_a_text(with_provider, fake, serve):
    house = with_provider("twilio")
    client = await serve(house)
    form = {"MessageSid": "SM1", "From": ABROAD, "To": TWILIO[2], "Body": "你好", "NumMedia": "0"}
    assert "<Response/>" in await _twilio(client, form)
    await _twilio(client, form)  # Twilio asks twice
    for _ in range(100):
        with house.database.read() as session:
            authors = list(session.scalars(select(Message.author).order_by(Message.seq)))
        if Author.BOT in authors:
            break
        await asyncio.sleep(0.05)
    assert authors == [Author.CITIZEN, Author.BOT]
    await asyncio.sleep(2.1)
    await drained(house)
    (taken,) = fake.sent
    assert taken["To"] == ABROAD
    with house.database.read() as session:
        talk = session.scalars(select(Conversation)).one()
        assert (talk.channel, unseal(session, talk.address_sealed)) == ("sms", ABROAD)
        said = session.scalars(select(Message.body_sealed).where(Message.author == Author.BOT)).one()
        assert unseal(session, said)[:20] in taken["Body"]
    assert len(texts(house)) == 1


@pytest.mark.parametrize("word", ["td", "Ｔ", "退订", "STOP", " 退订。"])
async def test_stop_words_and_back(with_provider, fake, serve, word):
    house = with_provider("twilio")
    client = await serve(house)
    await _twilio(client, {"MessageSid": "SM1", "From": f"+86{PHONE}", "Body": word})
    ask(house)
    await drained(house)
    assert [taken["Body"] for taken in fake.sent] == [
        "【鄂尔多斯12345】好的，以后不再给您发短信。要恢复，请回复“恢复”。"
    ]
    await _twilio(client, {"MessageSid": "SM2", "From": f"+86{PHONE}", "Body": "恢复"})
    ask(house, key="again")
    await drained(house)
    assert len(fake.sent) == 3
    with house.database.read() as session:
        assert session.scalars(select(Message)).all() == []


async def test_a_stop_word_twilio_has_answered_itself(with_provider, fake, serve):
    house = with_provider("twilio")
    client = await serve(house)
    await _twilio(client, {"MessageSid": "SM1", "From": ABROAD, "Body": "STOP", "OptOutType": "STOP"})
    await drained(house)
    assert fake.sent == []
    with house.database.read() as session:
        assert stops.stopped(session, ABROAD)


async def test_a_stop_word_through_a_carrier_at_home(with_provider, fake, serve):
    house = with_provider("aliyun")
    client = await serve(house)
    texted = {"phone_number": PHONE, "send_time": "2026-11-20 10:00:00", "content": "TD", "sequence_id": "7"}
    for _ in range(2):
        async with client.post(f"/channels/sms/aliyun/inbound?key={RECEIPT_KEY}", json=[texted]) as response:
            assert response.status == 200
    ask(house)
    await drained(house, datetime.now(UTC))
    assert fake.sent == []
    with house.database.read() as session:
        assert stops.stopped(session, PHONE)


async def test_an_operators_words_go_out_as_a_text(with_provider, fake, serve):
    house = with_provider("twilio")
    with house.database.write() as session:
        told = Inbound("sms", ABROAD, "你好", "m1", house.city.code)
        talk = conversations.record(session, told, datetime.now(UTC)).conversation
        conversations.hand_off(session, talk.id, "asked", datetime.now(UTC))
        operator = session.scalars(select(Staff.id).where(Staff.username == "operator")).one()
        conversations.take(session, talk.id, operator, datetime.now(UTC))
        said = conversations.operator_says(session, talk.id, operator, "我来帮您", "k1", datetime.now(UTC))
        assert relay.forward(session, talk.id, said.seq, datetime.now(UTC))
        assert not relay.forward(session, talk.id, said.seq, datetime.now(UTC))
    await drained(house)
    assert [taken["Body"] for taken in fake.sent] == ["【鄂尔多斯12345】我来帮您"]
