"""Webhooks reach a real receiver, which proves the signature as Standard Webhooks says; nothing reaches our network."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from integrations import effects, webhook_post
from integrations.bootstrap import House
from integrations.webhook_post import PostFailed, is_public
from ticketing import conversations, dispatching, intake, jobs, webhooks
from ticketing.conversations import Inbound
from ticketing.intake import AppealDraft
from ticketing.models import HookStatus, Role, Staff
from ticketing.webhooks import Topic
from ticketing.workflow import Actor

NOW = datetime.now(UTC)
SECRET_WORDS = ("13900000001", "市民-0001", "路灯", "3号楼")
DRAFT = AppealDraft(
    "投诉", "路灯不亮，请打13900000001", "某小区3号楼", None, None, "13900000001", "市民-0001", False, False, True,
    "web", None, "ordos",
)  # fmt: skip


@dataclass
class Receiver:
    """Another system's server: keeps what comes and answers as it is told."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.text()))
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": f"{self.url}/elsewhere"} if status == 302 else {})

    def proves(self, at: int, secret: str) -> bool:
        """Whether a delivery was signed with a secret, as a receiver would check it."""
        headers, body = self.got[at]
        assert abs(int(headers["webhook-timestamp"]) - NOW.timestamp()) < 2 * 86400
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split(" "))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver


@pytest.fixture
def open_house(house: House) -> House:
    """A house that may send into its own network."""
    return replace(house, settings=house.settings.model_copy(update={"webhook_private": True}))


def register(house: House, url: str, *topics: str) -> tuple[UUID, str]:
    with house.database.write() as session:
        admin = session.execute(select(Staff.id).where(Staff.username == "admin")).scalar_one()
        wanted = topics or tuple(Topic)
        return webhooks.register(
            session, city="ordos", name="省平台", url=url, topics=wanted, by=admin, now=NOW, plain=True
        )


def ticket(house: House, **changes: Any) -> UUID:
    with house.database.write() as session:
        draft, bot = replace(DRAFT, **changes), Actor(Role.BOT)
        return intake.register(session, draft, {}, house.city, NOW, bot, None).ticket_id


async def drain(house: House, after: timedelta = timedelta()) -> None:
    """What the worker does."""
    await asyncio.to_thread(effects.drain, house, lambda: NOW + after)


def log_of(house: House, hook_id: UUID) -> tuple[webhooks.DeliveryView, ...]:
    with house.database.read() as session:
        return webhooks.deliveries(session, hook_id)


async def test_the_life_of_a_ticket_reaches_the_receiver_signed_and_without_anybodys_data(
    open_house: House, receiver: Receiver
) -> None:
    hook, secret = register(open_house, receiver.url + "/hook", Topic.REGISTERED, Topic.DISPATCHED)
    made = ticket(open_house)
    with open_house.database.write() as session:
        operator = session.execute(select(Staff.id).where(Staff.username == "operator")).scalar_one()
        actor = Actor(Role.OPERATOR, operator)
        dispatching.dispatch(session, open_house.city, made, actor, NOW, lead_department="CG")
    await drain(open_house)
    told = [json.loads(body) for _, body in receiver.got]
    assert sorted(one["type"] for one in told) == ["ticket.dispatched", "ticket.registered"]
    assert all(one["data"]["ticket_id"] == str(made) for one in told)
    assert all(receiver.proves(at, secret) for at in (0, 1))
    assert not receiver.proves(0, "whsec_" + base64.b64encode(b"another").decode())
    assert not [word for word in SECRET_WORDS for _, body in receiver.got if word in body]
    assert {(one.status, one.http_status) for one in log_of(open_house, hook)} == {(HookStatus.DELIVERED, 204)}


async def test_a_confidential_ticket_is_told_by_its_number_only(open_house: House, receiver: Receiver) -> None:
    register(open_house, receiver.url)
    ticket(open_house, kind="举报", confidential=True)
    await drain(open_house)
    assert set(json.loads(receiver.got[0][1])["data"]) == {"ticket_id", "number", "status"}


async def test_a_conversation_that_waits_for_a_person_is_told(open_house: House, receiver: Receiver) -> None:
    register(open_house, receiver.url, Topic.HANDED_OFF)
    with open_house.database.write() as session:
        said = Inbound("web", "somebody", "我家停水三天了，找人工", "m1", "ordos")
        conversation = conversations.record(session, said, NOW).conversation.id
        conversations.hand_off(session, conversation, "asked", NOW)
        conversations.hand_off(session, conversation, "asked", NOW)
    await drain(open_house)
    assert [json.loads(body)["data"]["conversation_id"] for _, body in receiver.got] == [str(conversation)]
    assert "停水" not in receiver.got[0][1]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id_and_body(
    open_house: House, receiver: Receiver
) -> None:
    receiver.answers = [500, 302]
    hook, secret = register(open_house, receiver.url, Topic.REGISTERED)
    ticket(open_house)
    await drain(open_house)
    assert (log_of(open_house, hook)[0].status, log_of(open_house, hook)[0].http_status) == (HookStatus.RETRYING, 500)
    await drain(open_house)  # too early
    assert len(receiver.got) == 1
    await drain(open_house, timedelta(minutes=1))
    assert log_of(open_house, hook)[0].error == "redirect_refused"
    await drain(open_house, timedelta(minutes=5))
    assert len(receiver.got) == 3  # nobody went elsewhere
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 3
    assert receiver.proves(2, secret)
    one = log_of(open_house, hook)[0]
    assert (one.status, one.attempts) == (HookStatus.DELIVERED, 3)


async def test_what_never_arrives_dies_is_visible_and_can_be_sent_again(open_house: House, receiver: Receiver) -> None:
    receiver.answers = [503] * jobs.MAX_ATTEMPTS
    hook, _ = register(open_house, receiver.url, Topic.REGISTERED)
    ticket(open_house)
    for hours in range(jobs.MAX_ATTEMPTS):
        await drain(open_house, timedelta(hours=2 * hours))
    (one,) = log_of(open_house, hook)
    assert one.status is HookStatus.DEAD
    with open_house.database.read() as session:
        assert [job.kind for job in jobs.dead(session)] == ["webhook"]
    with open_house.database.write() as session:
        webhooks.replay(session, "ordos", hook, one.id, NOW)
    await drain(open_house)
    assert log_of(open_house, hook)[0].status is HookStatus.DELIVERED
    assert receiver.got[0][0]["webhook-id"] == receiver.got[-1][0]["webhook-id"]


async def test_after_a_rotation_both_secrets_hold_for_a_day(open_house: House, receiver: Receiver) -> None:
    hook, old = register(open_house, receiver.url, Topic.REGISTERED)
    with open_house.database.write() as session:
        new = webhooks.rotate(session, "ordos", hook, NOW)
    ticket(open_house)
    await drain(open_house)
    assert receiver.proves(0, old) and receiver.proves(0, new)
    with open_house.database.write() as session:
        webhooks.replay(session, "ordos", hook, log_of(open_house, hook)[0].id, NOW)
    await drain(open_house, timedelta(hours=25))
    assert receiver.proves(1, new) and not receiver.proves(1, old)


async def test_a_stopped_address_gets_nothing(open_house: House, receiver: Receiver) -> None:
    hook, _ = register(open_house, receiver.url, Topic.REGISTERED)
    ticket(open_house)
    with open_house.database.write() as session:
        webhooks.stop(session, "ordos", hook, NOW)
    ticket(open_house)
    await drain(open_house)
    assert not receiver.got
    assert [one.status for one in log_of(open_house, hook)] == [HookStatus.STOPPED]


async def test_our_own_network_is_refused(house: House, receiver: Receiver) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]")
    for host in hosts:
        with pytest.raises(PostFailed, match=r"address_refused|InvalidUrl"):
            await asyncio.to_thread(webhook_post.post, f"http://{host}:{port}/", "{}", {}, private=False)
    hook, _ = register(house, receiver.url, Topic.REGISTERED)
    ticket(house)
    await drain(house)
    assert not receiver.got
    assert log_of(house, hook)[0].error == "address_refused"


async def test_a_receiver_that_sleeps_does_not_hold_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_post, "_TIMEOUT", webhook_post.aiohttp.ClientTimeout(total=0.2))

    async def sleep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    async with await asyncio.start_server(sleep, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PostFailed, match="timeout"):
            await asyncio.to_thread(webhook_post.post, f"http://127.0.0.1:{port}/", "{}", {}, private=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:4700::1111", True), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("::ffff:10.0.0.1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
