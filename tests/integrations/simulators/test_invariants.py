"""Whatever the line does, nothing is lost and nothing is doubled: random schedules, each with its seed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from integrations.channels.wechat import inbox
from integrations.channels.wechat.inbox import Proof
from integrations.channels.wechat.messages import Incoming
from integrations.channels.wechat.words import Heard
from integrations.simulators.faults import BadFaults, Faults, Luck
from integrations.simulators.wechat import openid_of
from ticketing import intake
from ticketing.intake import AppealDraft
from ticketing.models import Conversation, Message, OutboxRow, Role, Ticket
from ticketing.workflow import Actor

PURE, REAL, TRIES = 5000, 300, 3
START = datetime(2026, 11, 20, 2, tzinfo=UTC)


def faults_of(seed: int) -> Faults:
    """Faults of every kind, none of them certain."""
    luck = random.Random(seed)
    return Faults(*(luck.random() * 0.6 for _ in range(5)), longest=luck.random() * 12)


def test_what_a_schedule_promises():
    for seed in range(PURE):
        count = 1 + seed % 7
        schedule = Luck(faults_of(seed), seed).schedule(count, tries=TRIES)
        assert schedule == Luck(faults_of(seed), seed).schedule(count, tries=TRIES), seed
        assert [one.at for one in schedule] == sorted(one.at for one in schedule), seed
        for index in range(count):
            mine = [one for one in schedule if one.index == index]
            tried = Counter(one.attempt for one in mine)
            assert set(tried) == set(range(len(tried))), seed
            assert max(tried.values()) <= 2, seed
            answered = {one.attempt for one in mine if one.answered}
            assert answered <= {len(tried) - 1}, f"{seed}: asked again although answered"
            assert answered or len(tried) == TRIES, f"{seed}: gave up early"
            assert all(one.arrives for one in mine if one.answered), seed


def test_a_perfect_line_sends_once():
    assert [one.index for one in Luck(Faults()).schedule(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["loss=0.1", "retry", "retry=2", "retry=-1", "drop=x"])
def test_faults_that_cannot_be_are_refused(text):
    with pytest.raises(BadFaults):
        Faults.read(text)


def test_hundreds_of_schedules_against_the_house(house):
    """Each delivery stores its message and, as a turn that runs twice would, registers its ticket."""
    told = house.bot.router.recommend("路灯不亮").to_json()
    arrived: dict[str, set[str]] = {}
    for seed in range(REAL):
        openid = openid_of(f"{seed}")
        arrived[openid] = set()
        with house.database.write() as session:
            for one in Luck(faults_of(seed), seed).schedule(1 + seed % 3, tries=TRIES):
                if one.arrives:
                    arrived[openid].add(f"{seed}{one.index:03d}")
                    deliver(session, house, openid, seed, one, told)
    sent = sum(len(ids) for ids in arrived.values())
    assert sent > REAL
    with house.database.read() as session:
        stored = session.execute(select(Message.external_id)).scalars().all()
        assert sorted(stored) == sorted(one for ids in arrived.values() for one in ids)
        keys = [row.key for row in session.scalars(select(OutboxRow)) if row.key.startswith("wechat:")]
        assert len(keys) == len(set(keys)) == sent
        talks = [row.id for row in session.scalars(select(Conversation))]
        assert len(talks) == sum(1 for ids in arrived.values() if ids)
        numbers = [row.number for row in session.scalars(select(Ticket))]
        assert len(numbers) == len(set(numbers)) == sent


def deliver(session, house, openid, seed, one, told) -> None:
    external, at = f"{seed}{one.index:03d}", START + timedelta(seconds=one.at)
    words = f"第{one.index}件：路灯不亮"
    fields = {"Content": words, "MsgId": external}
    proof = Proof.of(str(int(at.timestamp())), f"{seed}.{one.index}.{one.attempt}", "x", words.encode())
    incoming = Incoming(openid, "gh_0", "text", external, fields)
    recorded = inbox.take(session, proof, incoming, Heard(words), house.replies, house.city.code, at)
    draft = AppealDraft(
        kind="求助", content=words, place=None, region=None, happened=None, phone=None, name=None, anonymous=True,
        confidential=False, wants_reply=False, channel="wechat", conversation_id=recorded.conversation.id,
        city=house.city.code,
    )  # fmt: skip
    intake.register(session, draft, told, house.city, at, Actor(Role.BOT), str(recorded.message_id))
