from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from ticketing import conversations
from ticketing.conversations import IDLE, LEASE, MAX_ATTEMPTS, Inbound
from ticketing.errors import Conflict, Invalid, NotFound, Stale
from ticketing.models import Author, Message, Owner, Role, Staff

HELLO = Inbound("web", "browser-1", "身份证丢了怎么补", "m1", "ordos")


def record(database, now, inbound=HELLO):
    with database.write() as session:
        return conversations.record(session, inbound, now)


def finish(database, recorded, now, **changed):
    values = {
        "message_id": recorded.message_id,
        "expected_version": recorded.conversation.version,
        "reply": {"action": "answer"},
        "text": "带户口簿到派出所。",
        "redacted": "身份证丢了怎么补",
        "flow": "consult",
        "state": {"item": "GA-001"},
        "now": now,
    }
    with database.write() as session:
        return conversations.finish_turn(session, **values | changed)


def due(database, now):
    with database.write() as session:
        return conversations.due_messages(session, now)


@pytest.fixture
def operator(database, now):
    with database.write() as session:
        staff = Staff(username="operator", display_name="话务员", password_hash="", role=Role.OPERATOR, created_at=now)
        session.add(staff)
        session.flush()
        return staff.id


def test_a_message_is_stored_before_it_is_answered(database, now):
    recorded = record(database, now)
    assert (recorded.seq, recorded.duplicate, recorded.reply) == (1, False, None)
    with database.read() as session:
        (message,) = conversations.messages_after(session, recorded.conversation.id, 0)
        assert HELLO.text.encode() not in session.get(Message, message.id).body_sealed
    assert (message.text, message.author) == (HELLO.text, Author.CITIZEN)


def test_a_doubled_delivery_finds_the_first_row_and_its_reply(database, now):
    first = record(database, now)
    waiting = record(database, now)
    assert (waiting.message_id, waiting.duplicate, waiting.reply) == (first.message_id, True, None)
    finish(database, first, now)
    again = record(database, now)
    assert (again.message_id, again.reply) == (first.message_id, {"action": "answer"})
    assert record(database, now, replace(HELLO, external_id="m2")).seq == 3


def test_messages_without_an_external_id_are_each_their_own(database, now):
    anonymous = replace(HELLO, external_id=None)
    assert [record(database, now, anonymous).seq for _ in range(2)] == [1, 2]


def test_addresses_channels_and_cities_have_their_own_conversations(database, now):
    others = [replace(HELLO, address="browser-2"), replace(HELLO, channel="sms"), replace(HELLO, city="guangdong")]
    assert len({record(database, now, inbound).conversation.id for inbound in [HELLO, *others]}) == 4


def test_the_next_turn_remembers(database, now):
    finish(database, record(database, now), now)
    second = record(database, now, replace(HELLO, external_id="m2", text="那要多少钱"))
    assert (second.conversation.flow, second.conversation.state) == ("consult", {"item": "GA-001"})
    assert second.conversation.version == 1


def test_memory_fades_after_a_long_silence(database, now):
    finish(database, record(database, now), now)
    later = record(database, now + IDLE + timedelta(minutes=1), replace(HELLO, external_id="m2"))
    assert (later.conversation.flow, later.conversation.state, later.conversation.version) == (None, {}, 2)
    assert later.seq == 3


def test_a_message_gets_exactly_one_reply(database, now):
    recorded = record(database, now)
    first = finish(database, recorded, now)
    assert finish(database, recorded, now, text="another", expected_version=1) == first
    with database.read() as session:
        said = conversations.messages_after(session, recorded.conversation.id, 0)
    assert [(m.seq, m.author) for m in said] == [(1, Author.CITIZEN), (2, Author.BOT)]


def test_a_turn_on_an_older_state_is_stale(database, now):
    first, second = record(database, now), record(database, now, replace(HELLO, external_id="m2"))
    with pytest.raises(Stale):
        finish(database, second, now)  # the first message still waits
    finish(database, first, now)
    with pytest.raises(Stale):
        finish(database, second, now)  # computed before the first turn
    with database.read() as session:
        pending = conversations.load_turn(session, second.message_id)
    assert (pending.due, pending.text, pending.conversation.version) == (True, HELLO.text, 1)
    assert finish(database, second, now, expected_version=1).seq == 4


def test_the_channels_extras_come_with_the_turn(database, now):
    recorded = record(database, now, replace(HELLO, data={"elder": True}))
    with database.read() as session:
        assert conversations.load_turn(session, recorded.message_id).data == {"elder": True}


def test_a_late_reply_of_the_bot_is_dropped_after_a_hand_off(database, now, operator):
    recorded = record(database, now)
    with database.write() as session:
        conversations.hand_off(session, recorded.conversation.id, "asked", now)
        conversations.hand_off(session, recorded.conversation.id, "asked again", now)
        (waiting,) = conversations.waiting(session, "ordos")
    assert (waiting.reason, waiting.since) == ("asked", now)
    assert finish(database, recorded, now) is None
    assert due(database, now + LEASE) == []
    assert record(database, now, replace(HELLO, external_id="m2")).conversation.owner is Owner.QUEUE
    with database.read() as session:
        assert conversations.waiting(session, "guangdong") == ()
        assert len(conversations.messages_after(session, recorded.conversation.id, 0)) == 2


def test_a_turn_can_reply_and_hand_off_at_once(database, now):
    recorded = record(database, now)
    assert finish(database, recorded, now, hand_off_reason="asked") is not None
    with database.read() as session:
        assert conversations.view(session, recorded.conversation.id).owner is Owner.QUEUE


def test_an_operator_takes_speaks_and_hands_back(database, now, operator):
    recorded = record(database, now)
    conversation = recorded.conversation.id
    with database.write() as session:
        with pytest.raises(Conflict):
            conversations.operator_says(session, conversation, operator, "您好", None, now)
        assert conversations.take(session, conversation, operator, now).owner is Owner.OPERATOR
        conversations.take(session, conversation, operator, now)
        with pytest.raises(Conflict):
            conversations.take(session, conversation, uuid4(), now)
        said = conversations.operator_says(session, conversation, operator, "您好", "o1", now)
        assert conversations.operator_says(session, conversation, operator, "您好", "o1", now) == said
        conversations.hand_back(session, conversation, operator, now)
    assert said.seq == 2
    with pytest.raises(NotFound):
        finish(database, replace(recorded, message_id=uuid4()), now)
    assert record(database, now, replace(HELLO, external_id="m2")).conversation.owner is Owner.BOT


def test_a_sweeper_takes_over_a_turn_that_died(database, now):
    first = record(database, now)
    record(database, now, replace(HELLO, external_id="m2"))
    assert due(database, now) == []
    assert due(database, now + LEASE) == [first.message_id]
    assert due(database, now + LEASE) == []


def test_a_message_that_kills_every_turn_goes_to_a_person(database, now):
    recorded = record(database, now)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert due(database, now + attempt * LEASE) == [recorded.message_id]
    assert due(database, now + (MAX_ATTEMPTS + 1) * LEASE) == []
    with database.read() as session:
        (waiting,) = conversations.waiting(session, "ordos")
    assert waiting.reason == "turn_failed"


@pytest.mark.parametrize("text", ["\0" * 3, "坏\ud83d字", "", "'; DROP TABLE message; --", "😀" * 100])
def test_any_text_can_be_stored(database, now, text):
    recorded = record(database, now, replace(HELLO, text=text))
    with database.read() as session:
        (message,) = conversations.messages_after(session, recorded.conversation.id, 0)
    assert message.text == text.replace("\0", "").replace("\ud83d", "?")


def test_a_text_beyond_measure_is_refused(database, now):
    with pytest.raises(Invalid):
        record(database, now, replace(HELLO, text="长" * 30_000))
