"""The inbox of staff: everybody concerned, once, and nobody else."""

from __future__ import annotations

from uuid import UUID

from ticketing import handling, jobs, staff_notices
from ticketing.identity import reveal
from ticketing.models import Post, Role, Staff
from ticketing.reminders import STAFF_EVENT, STAFF_REMINDER

KINDS = frozenset({STAFF_EVENT, STAFF_REMINDER})


def deliver(office):
    """Carry out the reminders as the worker does, each of them twice."""
    for job in office.on(jobs.claim, office.now, limit=100, kinds=KINDS):
        told = job.payload
        for _ in range(2):
            office.on(
                staff_notices.deliver, made_id(job), told["matter"], job.key, office.now,
                to=told["to"], department=told["department"],
            )  # fmt: skip
        office.on(jobs.done, job, office.now)


def made_id(job):
    return UUID(job.payload["ticket_id"])


def inbox(office, actor):
    with office.database.read() as session:
        return [notice.matter for notice in staff_notices.inbox(session, actor.staff_id)]


def test_each_step_reaches_whoever_goes_on(everywhere):
    office = everywhere
    other = office.hire(Role.DEPARTMENT, "GA")
    handler, reviewer, colleague = office.handler, office.reviewer, office.hire(Role.DEPARTMENT, "CG")
    made = office.dispatched()
    deliver(office)
    assert inbox(office, handler) == inbox(office, colleague) == ["dispatch"]
    office.handle(made.ticket_id)
    deliver(office)
    assert inbox(office, reviewer) == ["answer"]
    office.do(handling.send_back, made.ticket_id, reviewer, office.now, note="没答到点上")
    deliver(office)
    assert sorted(inbox(office, handler)) == ["dispatch", "send_back"]
    assert inbox(office, other) == []


def test_reading_one_and_reading_all(office):
    handler, other = office.handler, office.hire(Role.DEPARTMENT, "CG")
    office.dispatched()
    office.dispatched()
    deliver(office)
    with office.database.read() as session:
        first = staff_notices.inbox(session, handler.staff_id)[0]
        assert staff_notices.unread(session, handler.staff_id) == 2
    office.on(staff_notices.mark_read, other.staff_id, office.now, first.id)  # not theirs: nothing happens
    office.on(staff_notices.mark_read, handler.staff_id, office.now, first.id)
    with office.database.read() as session:
        assert staff_notices.unread(session, handler.staff_id) == 1
        assert [notice.read for notice in staff_notices.inbox(session, handler.staff_id)] == [False, True]
    office.on(staff_notices.mark_read, handler.staff_id, office.now)
    with office.database.read() as session:
        assert staff_notices.unread(session, handler.staff_id) == 0
        assert staff_notices.unread(session, other.staff_id) == 2


def test_a_leaders_matter_goes_to_the_leader_or_to_all_of_a_small_unit(office):
    handler, made = office.handler, office.dispatched()
    who = {"to": "leader", "department": "CG"}
    assert office.on(staff_notices.deliver, made.ticket_id, "warn_overdue_leader", "a", office.now, **who) == (
        handler.staff_id,
    )
    leader = office.hire(Role.DEPARTMENT, "CG")
    with office.database.write() as session:
        session.get_one(Staff, leader.staff_id).post = Post.LEADER
    assert office.on(staff_notices.deliver, made.ticket_id, "warn_overdue_leader", "b", office.now, **who) == (
        leader.staff_id,
    )


def test_a_department_that_looks_up_the_number_during_the_survey_is_seen(office):
    made, supervisor = office.passed(), office.supervisor
    office.on(reveal, office.handler, made.ticket_id, "联系诉求人", office.now)
    deliver(office)
    assert "reveal_in_survey" in inbox(office, supervisor)


def test_looking_it_up_before_is_nothing_special(office):
    made, supervisor = office.dispatched(), office.supervisor
    office.on(reveal, office.handler, made.ticket_id, "联系诉求人", office.now)
    deliver(office)
    assert inbox(office, supervisor) == []
