"""The webhook as WeChat meets it: proofs, doubles, slow answers, every kind of message, silence never."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot import dialogue
from integrations import effects
from integrations.channels.wechat import crypto, outgoing, webhook
from integrations.consoles import conversations as desk
from integrations.web import make_app
from ticketing import conversations, intake, notices
from ticketing.announcements import announce
from ticketing.intake import AppealDraft
from ticketing.models import Author, ChannelContact, Message, OutboxRow, Role, Staff, Ticket
from ticketing.workflow import Actor

APP_ID, TOKEN = "wxba5fad812f8e6fb9", "AAAAA"
KEY = "lNqJ1D5Ha3ZqYkNDAwFR6H3UNbQZTJUSOzvxhv1vKZn"
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OPENID, OURS = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "gh_680bdefc8c5d"


def words(xml: str) -> str:
    """The content of a passive text reply addressed to the citizen."""
    fields = {leaf.tag: leaf.text or "" for leaf in ElementTree.fromstring(xml)}
    assert (fields["ToUserName"], fields["FromUserName"], fields["MsgType"]) == (OPENID, OURS, "text")
    assert len(fields["Content"].encode()) <= 2048
    return fields["Content"]


def text(content: str, msg_id: int = 1234567890123456) -> str:
    """WeChat's documented sample of a text message."""
    return (
        f"<xml><ToUserName><![CDATA[{OURS}]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>"
        f"<CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{msg_id}</MsgId></xml>"
    )


def sample(kind: str, rest: str, msg_id: int | None = 1234567890123456, created: int = 1357290913) -> str:
    """Another documented sample, by its type and what follows the type."""
    end = f"<MsgId>{msg_id}</MsgId>" if msg_id is not None else ""
    return (
        f"<xml><ToUserName><![CDATA[{OURS}]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{rest}{end}</xml>"
    )


def drain(house, later: float = 0) -> int:
    return effects.drain(house, lambda: datetime.now(UTC) + timedelta(seconds=later))


def stored(house) -> list[tuple[str, str]]:
    """Authors and words of the citizen's conversation, in order."""
    with house.database.read() as session:
        view = conversations.running(session, "wechat", OPENID, house.city.code)
        return [(m.author.value, m.text) for m in conversations.messages_after(session, view.id, 0)] if view else []


async def test_without_an_account_the_address_does_not_exist(house, assets) -> None:
    async with TestClient(TestServer(make_app(house, assets))) as client:
        assert (await client.get("/channels/wechat")).status == 404
        assert (await client.post("/channels/wechat", data=b"<xml/>")).status == 404


async def test_a_bad_key_does_not_stop_the_start(account_house, assets) -> None:
    settings = account_house.settings.model_copy(update={"wechat_aes_key": SecretStr("short")})
    async with TestClient(TestServer(make_app(replace(account_house, settings=settings), assets))) as client:
        assert (await client.get("/channels/wechat")).status == 404
        assert (await client.get("/healthz")).status == 200


async def test_the_greeting_is_echoed_to_who_knows_the_token(deliver) -> None:
    query = deliver.query() | {"echostr": "5837397576500011341"}
    async with deliver.client.get("/channels/wechat", params=query) as response:
        assert (response.status, await response.text()) == (200, "5837397576500011341")
        assert response.content_type == "text/plain"


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78"},
        {"signature": ""},
        {"timestamp": "abc"},
        {"nonce": "x" * 100},
        {"signature": "八"},
    ],
)
async def test_a_wrong_proof_is_refused(deliver, account_house, wrong) -> None:
    await deliver.post(text("你好"), 403, deliver.query() | wrong)
    async with deliver.client.get("/channels/wechat", params=deliver.query() | wrong) as response:
        assert response.status == 403
    assert stored(account_house) == []


@pytest.mark.parametrize("off", [-3600, 3600])
async def test_a_stale_proof_is_refused(deliver, off) -> None:
    await deliver.post(text("你好"), 403, deliver.query(stamp=int(time.time()) + off))


async def test_a_proof_is_not_good_for_other_words(deliver, account_house) -> None:
    query = deliver.query()
    first = words(await deliver.post(text("你好"), query=query))
    assert words(await deliver.post(text("你好"), query=query)) == first
    await deliver.post(text("撤回我的工单", 99), 403, query)
    assert len(stored(account_house)) == 2


@pytest.mark.parametrize("body", ["", "<xml>", "<xml></xml>", "<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>"])
async def test_what_is_no_message_is_refused(deliver, body) -> None:
    await deliver.post(body, 422)


async def test_a_body_too_large_is_refused(deliver) -> None:
    await deliver.post(text("长" * 40_000), 413)


async def test_words_are_answered_at_once(deliver, account_house, fake) -> None:
    answer = words(await deliver.post(text("我家着火了")))
    assert "119" in answer
    assert [author for author, _ in stored(account_house)] == ["citizen", "bot"]
    await asyncio.to_thread(drain, account_house, 60)
    assert fake.sent == []


async def test_a_retry_gets_the_stored_reply(deliver, account_house) -> None:
    first = await deliver.post(text("你好"))
    again = await deliver.post(text("你好"))
    assert words(again) == words(first)
    assert len(stored(account_house)) == 2


async def test_three_at_once_give_one_answer(deliver, account_house, fake, monkeypatch) -> None:
    finish = dialogue.finish

    async def slowly(*given):
        await asyncio.sleep(0.4)
        return await finish(*given)

    monkeypatch.setattr(dialogue, "finish", slowly)
    answers = await asyncio.gather(*(deliver.post(text("你好")) for _ in range(3)))
    assert sorted(answer == "success" for answer in answers) == [False, True, True]
    assert [author for author, _ in stored(account_house)] == ["citizen", "bot"]
    await asyncio.to_thread(drain, account_house, 60)
    assert fake.sent == []


async def test_a_slow_answer_leaves_through_the_outbox_once(deliver, account_house, fake, monkeypatch) -> None:
    finish, go_on = dialogue.finish, asyncio.Event()

    async def slowly(*given):
        await go_on.wait()
        return await finish(*given)

    monkeypatch.setattr(dialogue, "finish", slowly)
    monkeypatch.setattr(webhook, "PASSIVE_SECONDS", 0.3)
    assert await deliver.post(text("你好")) == "success"
    with account_house.database.write() as session:  # the bot still thinks: the outbox waits
        row = session.scalars(select(OutboxRow)).one()
        row.run_at = datetime.now(UTC)
    with account_house.database.write() as session:
        (job,) = effects.jobs.claim(session, datetime.now(UTC))
    await asyncio.to_thread(outgoing.carry_out, account_house, job, datetime.now(UTC))
    assert fake.sent == []
    go_on.set()
    async with asyncio.timeout(5):
        while len(stored(account_house)) < 2:
            await asyncio.sleep(0.02)
    await asyncio.to_thread(drain, account_house, 60)
    assert [(openid, bool(said)) for openid, said in fake.sent] == [(OPENID, True)]
    assert await deliver.post(text("你好")) == "success"  # it has been sent: a late retry gets no second one
    await asyncio.to_thread(drain, account_house, 60)
    assert len(fake.sent) == 1


async def test_a_turn_that_died_is_answered_by_the_sweeper_and_sent(deliver, account_house, fake, monkeypatch) -> None:
    async def dies(*_given):
        raise RuntimeError("the process ended")

    finish = dialogue.finish
    monkeypatch.setattr(dialogue, "finish", dies)
    assert await deliver.post(text("你好")) == "success"
    monkeypatch.setattr(dialogue, "finish", finish)
    soon = datetime.now(UTC) + timedelta(seconds=60)
    assert await effects.finish_turns(account_house, lambda: soon) == 1
    await asyncio.to_thread(drain, account_house, 60)
    assert len(fake.sent) == 1


async def test_a_long_answer_comes_in_parts(deliver, account_house, fake, monkeypatch) -> None:
    monkeypatch.setattr(outgoing, "told", lambda *_: "这一句要说很久。" * 300)
    first = words(await deliver.post(text("你好")))
    await asyncio.to_thread(drain, account_house, 60)
    await asyncio.to_thread(drain, account_house, 60)
    assert first + "".join(said for _, said in fake.sent) == "这一句要说很久。" * 300


async def test_a_number_says_the_choice(deliver, account_house) -> None:
    offered = words(await deliver.post(text("我家门口路灯坏了，一直没人修", 1)))
    assert "1. " in offered
    label = offered.split("1. ", 1)[1].splitlines()[0]
    await deliver.post(text("1", 2))
    said = [words for author, words in stored(account_house) if author == "citizen"][1]
    assert said != "1" and label


MEDIA = "<MediaId><![CDATA[media_id]]></MediaId>"
PLACE = (
    "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale>"
    "<Label><![CDATA[东胜区鄂尔多斯大街]]></Label>"
)
LINK = "<Title><![CDATA[题]]></Title><Description><![CDATA[述]]></Description><Url><![CDATA[u]]></Url>"


@pytest.mark.parametrize(
    ("kind", "rest", "said"),
    [
        ("voice", f"{MEDIA}<Format>amr</Format><Recognition><![CDATA[你好]]></Recognition>", "你好"),
        ("voice", f"{MEDIA}<Format>amr</Format>", "〔语音，未能转成文字〕"),
        ("image", f"<PicUrl><![CDATA[http://mmbiz.qpic.cn/a]]></PicUrl>{MEDIA}", "〔图片〕"),
        ("location", PLACE, "东胜区鄂尔多斯大街"),
        ("link", LINK, "题\n述"),
        ("video", f"{MEDIA}<ThumbMediaId><![CDATA[t]]></ThumbMediaId>", "〔视频〕"),
        ("event", "<Event><![CDATA[subscribe]]></Event>", "〔关注公众号〕"),
        ("event", "<Event><![CDATA[SCAN]]></Event><EventKey>7</EventKey><Ticket>T</Ticket>", "〔扫码进入公众号〕"),
        ("event", "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[report]]></EventKey>", "我要反映问题"),
    ],
)
async def test_each_kind_of_message_is_stored_and_answered(deliver, account_house, kind, rest, said) -> None:
    xml = sample(kind, rest, None if kind == "event" else 1234567890123456)
    answer = words(await deliver.post(xml))
    assert answer
    assert stored(account_house)[0] == ("citizen", said)
    assert words(await deliver.post(xml)) == answer
    assert len(stored(account_house)) == 2


@pytest.mark.parametrize(
    "rest",
    [
        "<Event><![CDATA[VIEW]]></Event><EventKey><![CDATA[https://a]]></EventKey>",
        "<Event><![CDATA[LOCATION]]></Event><Latitude>23.1</Latitude><Longitude>113.3</Longitude>",
        "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID><Status><![CDATA[success]]></Status>",
        "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[unknown]]></EventKey>",
        "<Event><![CDATA[unsubscribe]]></Event>",
    ],
)
async def test_events_without_an_answer_get_success(deliver, account_house, rest) -> None:
    assert await deliver.post(sample("event", rest, None)) == "success"
    assert stored(account_house) == []


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
async def test_encrypted_messages_under_either_key(sealed, key) -> None:
    deliver = sealed(base64.b64decode(key + "="))
    plain = deliver.client
    query = deliver.query(nonce="n1")
    encrypted = crypto.encrypt(text("我家着火了").encode(), deliver.key, APP_ID)
    proof = crypto.signature(TOKEN, query["timestamp"], "n1", encrypted)
    body = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    async with plain.post("/channels/wechat", params=query | {"msg_signature": proof}, data=body) as response:
        answer = await response.text()
    deliver.key = base64.b64decode(KEY + "=")  # replies go under the current key
    assert "119" in words(deliver.opened(answer))


async def test_the_compatible_mode_believes_only_what_is_encrypted(sealed, account_house) -> None:
    deliver = sealed(base64.b64decode(KEY + "="))
    answer = await deliver.post(text("你好"), plain="<Content><![CDATA[人工]]></Content>")
    assert words(answer) and stored(account_house)[0] == ("citizen", "你好")
    async with deliver.client.post("/channels/wechat", params=deliver.query("n2"), data=text("人工", 7)) as response:
        assert response.status == 403  # no way down to plain messages
    await deliver.post(text("你好", 8), 403, deliver.query("n3") | {"msg_signature": "0" * 40})


async def _announced(house, n: int) -> None:
    def tell(session):
        view = conversations.running(session, "wechat", OPENID, house.city.code)
        seq = announce(session, view.id, f"工单有了进展 {n}", f"key-{n}", datetime.now(UTC))
        return outgoing.forward(session, view.id, seq, datetime.now(UTC))

    assert await house.database.writing(tell)
    await asyncio.to_thread(drain, house)


def _contact(house) -> ChannelContact:
    with house.database.read() as session:
        return session.scalars(select(ChannelContact)).one()


async def test_announcements_are_sent_within_the_budget(deliver, account_house, fake) -> None:
    await deliver.post(text("你好", 1))
    for n in range(6):
        await _announced(account_house, n)
    assert [said for _, said in fake.sent] == [f"工单有了进展 {n}" for n in range(5)]
    assert _contact(account_house).sent == 5 and fake.asked == 1
    await deliver.post(text("谢谢", 2))
    await _announced(account_house, 7)
    assert fake.sent[-1] == (OPENID, "工单有了进展 7")


async def test_a_closed_window_is_marked_and_opens_with_the_next_word(deliver, account_house, fake) -> None:
    await deliver.post(text("你好", 1))
    fake.refusals = [45015]
    await _announced(account_house, 1)
    assert _contact(account_house).closed_reason == "window" and fake.sent == []
    await _announced(account_house, 2)
    assert fake.sent == []
    await deliver.post(text("谢谢", 2))
    await _announced(account_house, 3)
    assert len(fake.sent) == 1


async def test_who_unsubscribed_is_left_alone(deliver, account_house, fake) -> None:
    await deliver.post(text("你好", 1))
    await deliver.post(sample("event", "<Event><![CDATA[unsubscribe]]></Event>", None))
    await _announced(account_house, 1)
    assert fake.sent == [] and fake.asked == 0


async def test_a_refused_token_is_renewed_and_trouble_is_tried_again(deliver, account_house, fake) -> None:
    await deliver.post(text("你好", 1))
    await _announced(account_house, 1)
    fake.tokens.append("somebody else asked for one")
    await _announced(account_house, 2)
    assert len(fake.sent) == 2 and fake.asked == 2
    fake.refusals = [-1]
    await _announced(account_house, 3)
    assert len(fake.sent) == 2 and _contact(account_house).sent == 2
    await asyncio.to_thread(drain, account_house, 30)
    assert len(fake.sent) == 3


async def test_a_person_s_words_reach_wechat_and_the_bot_is_silent(deliver, account_house, fake) -> None:
    await deliver.post(text("人工", 1))
    assert await deliver.post(text("在吗", 2)) == "success"
    with account_house.database.read() as session:
        assert [m.author for m in session.scalars(select(Message).order_by(Message.seq))][-1] == Author.CITIZEN
    await asyncio.to_thread(drain, account_house, 60)
    assert fake.sent == []


async def test_what_an_operator_writes_is_sent_once(deliver, account_house, fake) -> None:
    await deliver.post(text("人工", 1))
    with account_house.database.write() as session:
        view = conversations.running(session, "wechat", OPENID, account_house.city.code)
        staff = session.scalars(select(Staff).where(Staff.username == "operator")).one()
        conversations.take(session, view.id, staff.id, datetime.now(UTC))
    for _ in range(2):
        await account_house.database.writing(desk.store_words, view.id, staff.id, "您好，我是工作人员。", "form-1")
    await asyncio.to_thread(drain, account_house, 60)
    assert fake.sent == [(OPENID, "您好，我是工作人员。")]


async def test_a_ticket_s_change_is_told_on_wechat(deliver, account_house, fake) -> None:
    await deliver.post(text("你好", 1))
    with account_house.database.write() as session:
        view = conversations.running(session, "wechat", OPENID, account_house.city.code)
        draft = AppealDraft(
            "投诉", "路灯不亮", None, None, None, "13900000001", None, False, False, True, "wechat", view.id, "ordos"
        )
        made = intake.register(session, draft, {}, account_house.city, datetime.now(UTC), Actor(Role.BOT), None)
        ticket = session.get(Ticket, made.ticket_id)
        notices.tell(session, ticket, notices.Purpose.CLOSED, 99, datetime.now(UTC))
    await asyncio.to_thread(drain, account_house, 60)
    assert len(fake.sent) == 1 and made.number in fake.sent[0][1]
