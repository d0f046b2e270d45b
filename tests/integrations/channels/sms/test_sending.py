"""Texts out of the outbox: through each carrier, once, within the budget, never to who wants none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.channels.sms import ledger, stops
from integrations.channels.sms.providers import configured
from integrations.channels.sms.stops import Wish
from tests.integrations.channels.sms.conftest import PHONE, ask, drained, texts
from ticketing import jobs
from ticketing.models import OutboxRow, SmsStatus


async def test_aliyun_gets_the_registered_template_and_named_blanks(with_provider, fake):
    house = with_provider("aliyun")
    assert ask(house, template="dispatched")
    await drained(house)
    (taken,) = fake.sent
    assert (taken["PhoneNumbers"], taken["SignName"], taken["TemplateCode"]) == (PHONE, "鄂尔多斯12345", "SMS_1001")
    assert taken["TemplateParam"] == {
        "number": "261120-000001-4", "department": "城管局", "progress": "https://x.test/t",
    }  # fmt: skip
    (row,) = texts(house)
    assert (row.status, row.external_id, row.segments) == (SmsStatus.SENT, "biz-0", 1)
    assert taken["OutId"] == str(row.id)


async def test_tencent_gets_numbered_blanks_in_the_texts_order(with_provider, fake):
    house = with_provider("tencent")
    ask(house, template="dispatched")
    await drained(house)
    (taken,) = fake.sent
    assert taken["PhoneNumberSet"] == ["+8613800000001"]
    assert taken["TemplateParamSet"] == ["261120-000001-4", "城管局", "https://x.test/t"]
    assert (taken["TemplateId"], taken["SmsSdkAppId"]) == ("2001", "1400006666")


async def test_twilio_gets_words_without_links_for_the_mainland(with_provider, fake):
    house = with_provider("twilio")
    ask(house, template="survey")
    ask(house, template="survey", key="k2", phone="+15005550006")
    await drained(house)
    mainland, abroad = fake.sent
    assert mainland["To"] == "+8613800000001"
    assert "http" not in mainland["Body"]
    assert mainland["Body"].startswith("【鄂尔多斯12345】您的诉求261120-000001-4有结果了")
    assert "https://x.test/s/abc" in abroad["Body"]
    first = texts(house)[0]
    assert mainland["StatusCallback"] == f"https://12345.example.test/channels/twilio/sms?message={first.id}"


async def test_the_same_key_is_one_text_and_a_done_job_run_again_sends_nothing(with_provider, fake):
    house = with_provider("aliyun")
    assert ask(house)
    assert not ask(house)
    await drained(house)
    with house.database.write() as session:  # the worker died between the carrier's yes and the job's end
        row = session.query(OutboxRow).filter_by(kind="sms").one()
        row.done_at, row.run_at = None, datetime.now(UTC)
    await drained(house)
    assert len(fake.sent) == 1


@pytest.mark.parametrize(
    ("provider", "says", "why"),
    [
        ("aliyun", (200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": ""}), "isv.MOBILE_NUMBER_ILLEGAL"),
        ("tencent", (200, {"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound"}}}), "AuthFailure"),
        ("tencent", (200, {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberDailyLimit"}]}}), "Limit"),
        ("twilio", (400, {"code": 21610, "message": "unsubscribed"}), "21610"),
    ],
)
async def test_what_a_carrier_refuses_is_not_tried_again(with_provider, fake, provider, says, why):
    house = with_provider(provider)
    fake.says = [says]
    ask(house)
    await drained(house)
    await drained(house, datetime.now(UTC) + timedelta(hours=2))
    (row,) = texts(house)
    assert row.status == SmsStatus.REFUSED
    assert row.code.startswith(why)
    assert (fake.asked, row.segments) == (1, 0)


async def test_a_carrier_that_says_unsubscribed_is_believed(with_provider, fake):
    house = with_provider("twilio")
    fake.says = [(400, {"code": 21610, "message": "unsubscribed"})]
    ask(house)
    await drained(house)
    with house.database.read() as session:
        assert stops.stopped(session, PHONE)


@pytest.mark.parametrize(
    ("provider", "says"),
    [
        ("aliyun", (503, {"Code": "ServiceUnavailable"})),
        ("tencent", (200, {"Response": {"Error": {"Code": "InternalError.Timeout"}}})),
        ("twilio", (429, {"code": 20429})),
    ],
)
async def test_trouble_is_tried_again_and_sent_once(with_provider, fake, provider, says):
    house = with_provider(provider)
    fake.says = [says]
    ask(house)
    await drained(house)
    assert texts(house)[0].status == SmsStatus.QUEUED
    await drained(house, datetime.now(UTC) + timedelta(minutes=1))
    assert texts(house)[0].status == SmsStatus.SENT
    assert (fake.asked, len(fake.sent)) == (2, 1)


async def test_trouble_without_end_is_given_up(with_provider, fake):
    house = with_provider("aliyun")
    fake.says = [(503, {"Code": "ServiceUnavailable"})] * 20
    ask(house)
    for hour in range(8):
        await drained(house, datetime.now(UTC) + timedelta(hours=hour))
    (row,) = texts(house)
    assert (row.status, fake.asked) == (SmsStatus.REFUSED, 5)
    with house.database.read() as session:
        assert jobs.counts(session).waiting == 0


async def test_the_days_budget(with_provider, fake, monkeypatch):
    house = with_provider("aliyun")
    now = datetime.now(UTC)
    with house.database.write() as session:
        message = ledger.begin(
            session, key="big", city=house.city, template="closed", provider="aliyun", delivery_id=None, now=now
        )
        assert ledger.reserve(session, message, house.city, 19_999, 20_000, now)
        assert ledger.reserve(session, message, house.city, 19_999, 20_000, now), "taken once"
        assert ledger.left_today(session, house.city, 20_000, now) == 1
    ask(house, key="fits")
    ask(house, key="too-much")
    await drained(house)
    assert [row.code for row in texts(house)] == [None, None, "budget"]
    assert len(fake.sent) == 1


async def test_who_has_stopped_gets_nothing(with_provider, fake):
    house = with_provider("aliyun")
    with house.database.write() as session:
        stops.note(session, PHONE, Wish.STOP, datetime.now(UTC))
    ask(house)
    await drained(house)
    assert (fake.asked, texts(house)[0].code) == (0, "stopped")
    with house.database.write() as session:
        stops.note(session, PHONE, Wish.RESUME, datetime.now(UTC))
    ask(house, key="k2")
    await drained(house)
    assert len(fake.sent) == 1


async def test_a_text_past_its_time_is_not_sent(with_provider, fake):
    house = with_provider("aliyun")
    ask(house, template="code", until=datetime.now(UTC) - timedelta(seconds=1))
    await drained(house)
    assert (fake.asked, texts(house)[0].code) == (0, "expired")


async def test_a_purpose_without_a_carriers_template_is_refused(with_provider, fake):
    house = with_provider("aliyun", city=with_provider("").settings.nlu_data / "city" / "ordos")
    ask(house)
    await drained(house)
    assert (fake.asked, texts(house)[0].code) == (0, "template")


@pytest.mark.parametrize("provider", ["", "null", "unheard-of"])
async def test_without_a_provider_it_says_what_was_not_sent(with_provider, fake, provider):
    house = with_provider(provider)
    assert not configured(house.settings)
    ask(house)
    await drained(house)
    (row,) = texts(house)
    assert (row.status, row.provider, row.segments, fake.asked) == (SmsStatus.NOT_SENT, "null", 0, 0)


async def test_a_provider_without_its_keys_is_nobody(with_provider):
    assert not configured(with_provider("aliyun", aliyun_access_key_secret=None).settings)
    assert configured(with_provider("aliyun").settings)


def test_a_land_line_gets_no_texts(house):
    assert not ask(house, phone="04770000000")
