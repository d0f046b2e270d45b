from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from ticketing import jobs
from ticketing.errors import NotFound
from ticketing.jobs import LEASE, MAX_ATTEMPTS


def enqueue(database, now, key="k1", **more):
    with database.write() as session:
        return jobs.enqueue(session, "citizen_message", key, {"ticket_id": "t"}, now, **more)


def claim(database, now, **more):
    with database.write() as session:
        return jobs.claim(session, now, **more)


def on(database, work, *args):
    with database.write() as session:
        return work(session, *args)


def test_a_key_is_one_effect(database, now):
    assert enqueue(database, now)
    assert not enqueue(database, now)
    assert len(claim(database, now, limit=10)) == 1


def test_a_claimed_job_is_nobody_elses_until_its_lease_ends(database, now):
    enqueue(database, now)
    (job,) = claim(database, now)
    assert claim(database, now) == ()
    (again,) = claim(database, now + LEASE)
    assert (again.id, again.attempts) == (job.id, 2)
    assert not on(database, jobs.done, job, now)  # the first worker's lease is lost
    assert on(database, jobs.done, again, now)
    assert claim(database, now + 10 * LEASE) == ()


def test_work_that_failed_comes_back_later_and_later(database, now):
    enqueue(database, now)
    (job,) = claim(database, now)
    assert on(database, jobs.fail, job, "provider away", now)
    assert claim(database, now) == ()
    assert len(claim(database, now + timedelta(seconds=10))) == 1
    pauses = [jobs.back_off(n) for n in range(1, 30)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)


def test_work_that_never_succeeds_is_visible_and_can_be_revived(database, now):
    enqueue(database, now)
    for _ in range(MAX_ATTEMPTS):
        now += timedelta(hours=2)
        (job,) = claim(database, now)
        on(database, jobs.fail, job, "x" * 9000, now)
    assert claim(database, now + timedelta(days=9)) == ()
    (buried,) = on(database, jobs.dead)
    assert (buried.id, len(buried.error)) == (job.id, 500)
    on(database, jobs.revive, buried.id, now)
    assert on(database, jobs.dead) == ()
    assert claim(database, now)[0].attempts == 1
    with pytest.raises(NotFound):
        on(database, jobs.revive, uuid4(), now)


def test_a_job_that_kills_its_worker_every_time_is_given_up(database, now):
    enqueue(database, now)
    for attempt in range(MAX_ATTEMPTS):
        assert len(claim(database, now + attempt * LEASE)) == 1
    assert claim(database, now + MAX_ATTEMPTS * LEASE) == ()
    assert len(on(database, jobs.dead)) == 1


def test_postponed_work_does_not_count_as_tried(database, now):
    enqueue(database, now)
    (job,) = claim(database, now)
    on(database, jobs.postpone, job, now + timedelta(hours=8))
    assert claim(database, now) == ()
    assert claim(database, now + timedelta(hours=8))[0].attempts == 1


def test_delays_and_kinds(database, now):
    enqueue(database, now, key="later", run_at=now + timedelta(minutes=5))
    assert claim(database, now) == ()
    assert on(database, jobs.next_run) == now + timedelta(minutes=5)
    assert claim(database, now + timedelta(minutes=5), kinds=frozenset({"other"})) == ()
    assert len(claim(database, now + timedelta(minutes=5), kinds=frozenset({"citizen_message"}))) == 1


def test_personal_data_travels_sealed(database, now):
    enqueue(database, now, secret={"phone": "13900000000"})
    (job,) = claim(database, now)
    assert (job.payload, job.secret) == ({"ticket_id": "t"}, {"phone": "13900000000"})
