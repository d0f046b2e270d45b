"""The cheapest allowed way, why it was chosen, and what happens when it fails; on the house's own tables."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select, update

from integrations.channels.sms import stops
from integrations.channels.wechat import budget
from tests.integrations.channels.sms.conftest import PHONE, Carrier, drained, texts
from ticketing import conversations, deliveries, dispatching, intake
from ticketing.codes import RejectReason
from ticketing.conversations import Inbound
from ticketing.deliveries import DeliveryView
from ticketing.models import (
    ChannelContact,
    Citizen,
    Conversation,
    Delivery,
    DeliveryStatus,
    Message,
    OutboxRow,
    Role,
    StaffNotice,
    Ticket,
)
from ticketing.privacy import unseal
from ticketing.workflow import Actor

DAY = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # noon in the city
NIGHT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 23:00
MORNING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
OPENID = "o" + "A" * 27
TEMPLATE = "NOTICE_TEMPLATE"


@dataclass
class FakeWeChat:
    """As much of WeChat as sends: texts, and notices whose fields are as long as theirs may be."""

    texts: list[str] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)

    async def token(self, _request: web.Request) -> web.Response:
        return web.json_response({"access_token": "T", "expires_in": 7200})

    async def send(self, request: web.Request) -> web.Response:
        if self.refusals:
            return web.json_response({"errcode": self.refusals.pop(0), "errmsg": "no"})
        self.texts.append(json.loads(await request.read())["text"]["content"])
        return web.json_response({"errcode": 0})

    async def notice(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        values = {name: given["value"] for name, given in body["data"].items()}
        if len(values["thing2"]) > 20 or len(values["thing3"]) > 20 or len(values["character_string1"]) > 32:
            return web.json_response({"errcode": 47003, "errmsg": "argument invalid"})
        if self.refusals:
            return web.json_response({"errcode": self.refusals.pop(0), "errmsg": "no"})
        assert (body["touser"], body["template_id"]) == (OPENID, TEMPLATE)
        self.notices.append(values | {"page": body["page"]})
        return web.json_response({"errcode": 0})


@pytest.fixture
async def wechat() -> AsyncIterator[tuple[FakeWeChat, str]]:
    fake, app = FakeWeChat(), web.Application()
    app.router.add_get("/cgi-bin/token", fake.token)
    app.router.add_post("/cgi-bin/message/custom/send", fake.send)
    app.router.add_post("/cgi-bin/message/subscribe/bizsend", fake.notice)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


@pytest.fixture
def town(with_provider, wechat):
    """A house with texts and WeChat."""
    account = {"wechat_app_id": "wx", "wechat_token": SecretStr("t"), "wechat_app_secret": SecretStr("s")}
    return with_provider("aliyun", wechat_api_base=wechat[1], **account)


def _ticket(house, *, channel="web", address="visitor", phone=PHONE, talk=True, urgency="normal", at=DAY):
    """A ticket registered at a moment and dispatched then: its citizen is to hear of it."""
    with house.database.write() as session:
        conversation = None
        if talk:
            told = Inbound(channel, address, "路灯不亮", "m1", house.city.code)
            conversation = conversations.record(session, told, at).conversation.id
        draft = intake.AppealDraft(
            kind="投诉", content="路灯不亮", place=None, region=None, happened=None, phone=phone, name=None,
            anonymous=False, confidential=False, wants_reply=True, channel=channel, conversation_id=conversation,
            city=house.city.code,
        )  # fmt: skip
        made = intake.register(session, draft, {"urgency": urgency}, house.city, at, Actor(Role.BOT), None)
        return made.ticket_id


def _dispatch(house, ticket_id, at):
    with house.database.write() as session:
        actor = Actor(Role.DISPATCHER)
        dispatching.dispatch(session, house.city, ticket_id, actor, at, lead_department="CG")


async def _told(house, ticket_id, at) -> DeliveryView:
    """Dispatch, carry everything out, and give the delivery of the news."""
    _dispatch(house, ticket_id, at)
    await drained(house, at)
    return _delivery(house, ticket_id)


def _delivery(house, ticket_id, purpose="dispatched") -> DeliveryView:
    with house.database.read() as session:
        (view,) = [one for one in deliveries.of_ticket(session, ticket_id) if one.purpose == purpose]
    return view


def _bind(house, ticket_id, *, notices=(), heard_at=None):
    """The citizen's WeChat, as a binding and a subscription leave it."""
    with house.database.write() as session:
        conversations.record(session, Inbound("wechat", OPENID, "绑定手机", "w1", house.city.code), DAY)
        budget.heard(session, OPENID, heard_at or DAY)
        budget.subscribe(session, OPENID, dict.fromkeys(notices, True))
        citizen = session.execute(select(Ticket.citizen_id).where(Ticket.id == ticket_id)).scalar_one()
        bound = update(ChannelContact).where(ChannelContact.channel == "wechat")
        session.execute(bound.values(citizen_id=citizen, bound_at=DAY))


async def test_an_open_chat_is_enough(town, fake):
    ticket = _ticket(town)
    view = await _told(town, ticket, DAY + timedelta(minutes=5))
    assert (view.channel, view.reason, view.status) == ("web", "open_now", DeliveryStatus.SENT)
    assert fake.sent == []


async def test_a_chat_nobody_looks_at_is_followed_by_a_text(town, fake):
    ticket = _ticket(town)
    view = await _told(town, ticket, DAY + timedelta(hours=2))
    assert view.channel == "sms"
    assert (view.because, view.passed) == ("phone_known", (("web", "not_open"),))
    (taken,) = fake.sent
    assert taken["TemplateParam"]["department"] == town.replies.text("labels.department.CG")
    with town.database.read() as session:
        said = [unseal(session, row.body_sealed) for row in session.scalars(select(Message).order_by(Message.seq))]
    assert "已转" in said[-1], "and it can be read in the chat as well"


async def test_only_a_phone_number(town, fake):
    ticket = _ticket(town, channel="phone", talk=False)
    await drained(town, DAY)
    view = await _told(town, ticket, DAY)
    assert view.channel == "sms"
    assert [taken["TemplateCode"] for taken in fake.sent] == ["SMS_1000", "SMS_1001"], "registered, then dispatched"
    code = fake.sent[0]["TemplateParam"]["code"]
    assert len(code) == 6 and code.isdecimal()


async def test_a_caller_learns_number_and_code_by_text(town, fake):
    _ticket(town, channel="phone", address=PHONE)
    await drained(town, DAY)
    assert [taken["TemplateCode"] for taken in fake.sent] == ["SMS_1000"]


async def test_wechats_window_comes_before_a_text(town, fake, wechat):
    ticket = _ticket(town)
    _bind(town, ticket)
    view = await _told(town, ticket, DAY + timedelta(hours=2))
    assert (view.channel, view.status) == ("wechat", DeliveryStatus.SENT)
    assert (view.because, view.passed) == ("window_open", (("web", "not_open"),))
    assert len(wechat[0].texts) == 1 and fake.sent == []


async def test_the_subscription_notice_after_the_window(town, fake, wechat):
    ticket = _ticket(town)
    _bind(town, ticket, notices=[TEMPLATE, "another"])
    view = await _told(town, ticket, DAY + timedelta(hours=50))
    assert (view.channel, view.status) == ("wechat_notice", DeliveryStatus.SENT)
    assert view.passed == (("web", "not_open"), ("wechat", "window_closed"))
    (notice,) = wechat[0].notices
    assert notice["thing3"] == "已转承办单位办理"
    assert notice["page"].endswith("/t")
    assert fake.sent == []


async def test_45015_is_followed_by_the_next_best_and_nothing_is_sent_twice(town, fake, wechat):
    ticket = _ticket(town)
    _bind(town, ticket, notices=[TEMPLATE])
    wechat[0].refusals = [45015, 43101]
    view = await _told(town, ticket, DAY + timedelta(hours=2))
    assert (view.channel, view.status) == ("sms", DeliveryStatus.SENT)
    assert view.tried == (("wechat", "window_closed"), ("wechat_notice", "not_accepted"))
    assert (view.because, view.passed) == (
        "phone_known",
        (("web", "not_open"), ("wechat", "window_closed"), ("wechat_notice", "not_accepted")),
    )
    assert (wechat[0].texts, wechat[0].notices, len(fake.sent)) == ([], [], 1)
    with town.database.write() as session:  # everything is asked for once more
        again = update(OutboxRow).where(OutboxRow.kind.in_(["citizen_message", "delivery", "sms"]))
        session.execute(again.values(done_at=None, run_at=DAY, attempts=0))
    await drained(town, DAY + timedelta(hours=3))
    assert (wechat[0].texts, wechat[0].notices, len(fake.sent)) == ([], [], 1)
    with town.database.read() as session:
        assert budget.notices(session, OPENID) == frozenset()


async def test_an_undelivered_text_is_followed_by_a_persons_call_where_it_must_be_heard(town, fake: Carrier):
    ticket = _ticket(town, channel="phone", talk=False)
    await drained(town, DAY)
    with town.database.write() as session:
        dispatching.reject(session, town.city, ticket, Actor(Role.OPERATOR), DAY, reason_code=RejectReason.COURT)
    fake.says = [(200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"})]
    await drained(town, DAY)
    await drained(town, DAY)
    view = _delivery(town, ticket, "rejected")
    assert (view.channel, view.tried) == ("call", (("sms", "number"),))
    assert view.because == "must_hear"
    with town.database.read() as session:
        notices = session.scalars(select(StaffNotice).where(StaffNotice.kind == "call_citizen")).all()
    assert len(notices) == 1


@pytest.mark.parametrize(("prefers", "channel"), [("sms", "sms"), ("wechat", "wechat"), ("web", "web"), (None, "web")])
async def test_what_the_citizen_prefers(town, prefers, channel):
    ticket = _ticket(town)
    _bind(town, ticket)
    with town.database.write() as session:
        session.execute(update(Citizen).values(prefers=prefers))
    view = await _told(town, ticket, DAY + timedelta(minutes=1))
    assert view.channel == channel
    assert view.because == ("preferred" if prefers else "open_now")


async def test_who_stopped_texts_gets_none_and_the_chat_waits(town, fake):
    ticket = _ticket(town)
    with town.database.write() as session:
        stops.note(session, PHONE, stops.Wish.STOP, DAY)
    view = await _told(town, ticket, DAY + timedelta(hours=2))
    assert view.channel == "web_waiting"
    assert (view.because, view.passed) == ("waits_in_chat", (("web", "not_open"), ("sms", "stopped")))
    assert fake.asked == 0


@pytest.mark.parametrize(("urgency", "run_at"), [("normal", MORNING), ("urgent", NIGHT)])
async def test_nobody_is_woken_but_for_urgent_matters(town, fake, urgency, run_at):
    ticket = _ticket(town, channel="phone", talk=False, urgency=urgency, at=NIGHT)
    view = await _told(town, ticket, NIGHT)
    assert (view.channel, view.run_at) == ("sms", run_at)
    assert len(fake.sent) == (2 if urgency == "urgent" else 0)
    await drained(town, MORNING)
    assert len(fake.sent) == 2


async def test_no_way_at_all_is_written_down(house):
    ticket = _ticket(house, channel="phone", talk=False, phone="04770000000")
    view = await _told(house, ticket, DAY)
    assert (view.channel, view.status) == (None, DeliveryStatus.UNREACHABLE)
    assert (view.because, view.passed) == ("no_way", (("sms", "land_line"),))
    assert texts(house) == []


async def test_a_receipt_hours_later_makes_room_too(town, fake, wechat):
    ticket = _ticket(town)
    _bind(town, ticket)
    with town.database.write() as session:
        session.execute(update(Citizen).values(prefers="sms"))
    view = await _told(town, ticket, DAY + timedelta(hours=1))
    assert view.channel == "sms"
    with town.database.write() as session:
        news = session.scalars(select(Delivery.id).where(Delivery.purpose == "dispatched")).one()
        assert deliveries.failed(session, news, "sms", "undelivered", DAY)
    await drained(town, DAY + timedelta(hours=5))
    assert _delivery(town, ticket).channel == "wechat"
    assert len(wechat[0].texts) == 1
    with town.database.read() as session:
        talks = session.scalars(select(Conversation).where(Conversation.channel == "wechat")).all()
    assert len(talks) == 1


async def test_the_tickets_page_says_how_and_why(town, serve):
    ticket = _ticket(town)
    await _told(town, ticket, DAY + timedelta(hours=2))
    with town.database.read() as session:
        number = session.execute(select(Ticket.number)).scalar_one()
    plain = replace(town, settings=town.settings.model_copy(update={"public_url": ""}))  # cookies without TLS
    page = await _page(await serve(plain), number)
    assert "转办告知</b>：短信，因为诉求人留有手机号" in page
    assert "没有用：网页对话（现在没有打开）" in page


async def _page(client, number):
    await client.get("/console/login")
    csrf = client.session.cookie_jar.filter_cookies(client.make_url("/console"))["login_csrf"].value
    data = {"csrf": csrf, "username": "supervisor", "password": "correct-horse"}
    async with client.post("/console/login", data=data):
        pass
    async with client.get(f"/console/tickets/{number}") as response:
        return await response.text()
