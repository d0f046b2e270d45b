"""Calls and lanes: one row a call, one document a step, one effect a second — on both databases, with many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from ticketing import calls, lanes
from ticketing.errors import Forbidden

NOW = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def opened(database, sid="CA1"):
    with database.write() as session:
        return calls.open_call(session, sid, "ordos", "+8613900000001", "start", NOW)


def do(database, work, *args, **kwargs):
    with database.write() as session:
        return work(session, *args, **kwargs)


def test_a_call_is_one_row(database):
    first = opened(database)
    assert opened(database) == first
    assert first.address == "+8613900000001"
    assert opened(database, "CA2").id != first.id


def test_a_step_has_one_document(database):
    call = opened(database)
    assert do(database, calls.claim, call.id, "0", b"proof", NOW).mine
    assert not do(database, calls.claim, call.id, "0", b"proof", NOW).mine
    told = (call, "0", "<Response/>", "talk", {"misses": 1}, NOW)
    assert do(database, calls.told, *told) == "<Response/>"
    assert do(database, calls.told, call, "0", "<Other/>", "talk", {}, NOW) == "<Response/>"
    assert do(database, calls.claim, call.id, "0", b"proof", NOW).body == "<Response/>"
    with pytest.raises(Forbidden):
        do(database, calls.claim, call.id, "0", b"another", NOW)
    now = do(database, calls.locked, call.id)
    assert (now.stage, now.step, now.memory) == ("talk", 1, {"misses": 1})


def test_who_died_composing_is_replaced(database):
    call = opened(database)
    do(database, calls.claim, call.id, "0", b"proof", NOW)
    assert not do(database, calls.claim, call.id, "0", b"proof", NOW + 5 * SECOND).mine
    assert do(database, calls.claim, call.id, "0", b"proof", NOW + 16 * SECOND).mine
    assert not do(database, calls.claim, call.id, "0", b"proof", NOW + 17 * SECOND).mine
    do(database, calls.disclaim, call.id, "0")
    assert do(database, calls.claim, call.id, "0", b"proof", NOW + 18 * SECOND).mine


def test_an_end_and_an_outcome_are_written_once(database):
    call = opened(database)
    assert do(database, calls.end, call.id, "busy", NOW)
    assert not do(database, calls.end, call.id, "completed", NOW + SECOND)
    assert do(database, calls.settle, call.id, "busy")
    assert not do(database, calls.settle, call.id, "hung_up")
    ended = do(database, calls.locked, call.id)
    assert (ended.status, ended.outcome, ended.ended_at) == ("busy", "busy", NOW)


def test_nothing_heard_of_a_call(database):
    call = opened(database)
    do(database, calls.change, call.id, stage="queue")
    assert do(database, calls.silent_since, NOW - SECOND) == ()
    assert do(database, calls.silent_since, NOW, "queue") == (call.id,)
    assert do(database, calls.silent_since, NOW, "talk") == ()


def test_a_lane_lets_one_pass_a_second(database):
    assert do(database, lanes.enter, "robot", SECOND, NOW) is None
    assert do(database, lanes.enter, "robot", SECOND, NOW) == NOW + SECOND
    assert do(database, lanes.enter, "other", SECOND, NOW) is None
    assert do(database, lanes.enter, "robot", SECOND, NOW + SECOND) is None


def test_a_lane_holds_over_all_workers(database):
    def worker(_):
        return do(database, lanes.enter, "robot", SECOND, NOW) is None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(worker, range(12))) == 1
