from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ticketing import audit, dispatching, handling, merging, queries, requests, rounds, surveys
from ticketing.errors import Forbidden, HotlineError, IllegalTransition, Invalid, NotFound, Stale
from ticketing.models import Assignment, Clock, OutboxRow, RequestKind, Role, Status, Ticket
from ticketing.requests import Wish
from ticketing.surveys import Result, SurveyAnswer

PHONES = [f"139000000{n:02d}" for n in range(10, 60)]


def register(office, n, **changed):
    return office.register(phone=PHONES[n], name=f"市民-{n:04d}", content=f"小区停暖了，家里只有{n}度。", **changed)


def merge(office, child, parent, who=None):
    return office.do(merging.merge, child.ticket_id, parent.ticket_id, who or office.operator, office.now)


def unmerge(office, child, who=None):
    return office.do(merging.unmerge, child.ticket_id, who or office.operator, office.now, note="不是同一件事")


def answer(office, made):
    office.handle(made.ticket_id)
    office.do(handling.pass_answer, made.ticket_id, office.reviewer, office.now)


def snapshot(office, made):
    """Every column of a ticket but its version, and its clocks and parts."""
    with office.database.read() as session:
        ticket = session.get_one(Ticket, made.ticket_id)
        columns = {c.key: getattr(ticket, c.key) for c in Ticket.__table__.columns if c.key != "version"}
        clocks = session.execute(select(Clock.id).where(Clock.ticket_id == ticket.id).order_by(Clock.id)).all()
        parts = session.execute(select(Assignment.id, Assignment.ended_at).where(Assignment.ticket_id == ticket.id))
        return columns, clocks, parts.all()


def told(office, made):
    with office.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "citizen_message").order_by(OutboxRow.id))
        return [row.payload["purpose"] for row in rows if row.payload["ticket_id"] == str(made.ticket_id)]


def token(office, made):
    with office.database.read() as session:
        return rounds.link_token(session, made.ticket_id)


STAGES = {
    "registered": lambda office, made: None,
    "accepted": lambda office, made: office.do(dispatching.accept, made.ticket_id, office.operator, office.now),
    "dispatched": lambda office, made: send(office, made),
    "handling": lambda office, made: (
        send(office, made),
        office.do(handling.sign, made.ticket_id, office.handler, office.now),
    ),
    "answered": lambda office, made: (send(office, made), office.handle(made.ticket_id)),
}


def sign(office, made):
    send(office, made)
    office.do(handling.sign, made.ticket_id, office.handler, office.now)


def send(office, made, department="CG"):
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department=department)


@pytest.mark.parametrize("stage", STAGES)
def test_an_unmerge_is_exact(everywhere, stage):
    office = everywhere
    parent, child, origin = register(office, 0), register(office, 1), register(office, 2)
    STAGES[stage](office, child)
    with office.database.write() as session:
        session.get_one(Ticket, child.ticket_id).parent_id = origin.ticket_id
    before = snapshot(office, child)
    merge(office, child, parent)
    assert office.ticket(child.ticket_id).status == Status.MERGED
    unmerge(office, child)
    assert snapshot(office, child) == before
    assert office.ticket(child.ticket_id).parent_id == origin.ticket_id


def test_a_unit_gets_back_the_time_its_ticket_was_merged(office):
    parent, child = register(office, 0), register(office, 1)
    send(office, child)
    due = office.ticket(child.ticket_id).finish_due
    merge(office, child, parent)
    office.now += timedelta(days=1)
    unmerge(office, child)
    ticket = office.ticket(child.ticket_id)
    assert (ticket.finish_due - due, ticket.promised_at) == (timedelta(days=1), child.promised_at)


def test_one_batch_answer_reaches_every_citizen(everywhere):
    office = everywhere
    parent, children = register(office, 0), [register(office, n) for n in range(1, 6)]
    numbers = [child.number for child in children] + ["260101-000000-0", parent.number, children[0].number]
    batch = office.do(merging.merge_many, parent.ticket_id, numbers, office.operator, office.now, note="同一片停暖")
    assert sorted(batch.merged) == sorted(child.number for child in children)
    assert {number: error.code for number, error in batch.refused} == {
        "260101-000000-0": "ticket_not_found",
        parent.number: "merge_with_itself",
    }
    send(office, parent)
    answer(office, parent)
    tokens = {token(office, made) for made in (parent, *children)}
    assert len(tokens) == 6 and None not in tokens
    for child in children:
        ticket = office.ticket(child.ticket_id)
        assert (ticket.status, ticket.lead_department, ticket.outcome_code) == (Status.CALLBACK, "CG", "solved")
        assert told(office, child)[-2:] == ["answered", "survey"]
        with office.database.write() as session:
            seen = queries.progress(session, child.number, code=child.query_code, now=office.now)
        assert (seen.answer, seen.can_rate) == ("已责令停工。", True)
        assert parent.number not in str(seen)
    assert len(office.due_callbacks()) == 6
    with office.database.read() as session:
        assert audit.verify(session) == ()


def test_each_citizen_decides_alone(office):
    parent, child = register(office, 0), register(office, 1)
    merge(office, child, parent)
    send(office, parent)
    answer(office, parent)
    bad = SurveyAnswer(True, False, 1, reason="还是冷")
    assert office.do(surveys.submit, token(office, child), bad, office.now) is Result.REWORK
    assert office.do(surveys.submit, token(office, parent), SurveyAnswer(True, True, 5), office.now) is Result.CLOSED
    ticket = office.ticket(child.ticket_id)
    assert (ticket.status, ticket.lead_department, ticket.rework_count) == (Status.DISPATCHED, "CG", 1)
    answer(office, child)
    assert office.do(surveys.submit, token(office, child), SurveyAnswer(True, True, 4), office.now) is Result.CLOSED
    with pytest.raises(IllegalTransition):
        unmerge(office, child)


@pytest.mark.parametrize(
    ("end", "fields"),
    [(dispatching.withdraw, {"note": "已确认"}), (dispatching.reject, {"reason_code": "court"})],
)
def test_no_child_ends_because_its_parent_did(office, end, fields):
    parent, child = register(office, 0), register(office, 1)
    send(office, child)
    merge(office, child, parent)
    office.do(end, parent.ticket_id, office.operator, office.now, **fields)
    ticket = office.ticket(child.ticket_id)
    assert (ticket.status, ticket.parent_id) == (Status.DISPATCHED, None)


def test_a_direct_answer_is_for_the_children_too(office):
    parent, child = register(office, 0), register(office, 1)
    merge(office, child, parent)
    office.do(dispatching.answer_directly, parent.ticket_id, office.operator, office.now, answer="今晚恢复供暖。")
    assert office.ticket(parent.ticket_id).status == Status.CLOSED
    assert office.ticket(child.ticket_id).status == Status.CALLBACK


def test_what_cannot_be_merged(office):
    parent, child, other = (register(office, n) for n in range(3))
    with pytest.raises(Invalid, match="merge_with_itself"):
        merge(office, parent, parent)
    with pytest.raises(Forbidden):
        merge(office, child, parent, office.reviewer)
    merge(office, child, parent)
    with pytest.raises(IllegalTransition):
        merge(office, child, parent)
    with pytest.raises(Invalid, match="child_has_children"):
        merge(office, parent, other)
    with pytest.raises(Invalid, match="parent_is_over"):
        merge(office, other, child)
    done = office.passed()
    with pytest.raises(Invalid, match="parent_is_over"):
        merge(office, other, done)
    with pytest.raises(IllegalTransition):
        merge(office, done, other)
    with pytest.raises(NotFound):
        merge(office, register(office, 4), type(parent)(office.operator.staff_id, "", "", office.now, ""))
    with pytest.raises(Invalid, match="too_many_numbers"):
        many = [str(n) for n in range(501)]
        office.do(merging.merge_many, parent.ticket_id, many, office.operator, office.now, note="多")
    with pytest.raises(Stale):
        office.do(merging.merge, other.ticket_id, parent.ticket_id, office.operator, office.now, expected_version=9)


def test_what_stands_still_is_not_merged(office):
    parent, child = register(office, 0), register(office, 1)
    STAGES["handling"](office, child)
    wish = Wish(RequestKind.SUSPENSION, "season", "冬季。", until=office.now + timedelta(days=3))
    asked = office.do(requests.ask, child.ticket_id, office.handler, office.now, wish)
    office.do(requests.decide, asked.request_id, office.reviewer, office.now, approve=True, note=None)
    with pytest.raises(IllegalTransition, match="ticket_suspended"):
        merge(office, child, parent)


def test_a_parents_department_sees_the_matters_and_no_person(office):
    parent = register(office, 0)
    child = office.register(phone="13900000077", name="市民-0077", content="停暖了，我的电话13900000077。")
    merge(office, child, parent)
    send(office, parent)
    with office.database.read() as session:
        (seen,) = merging.children(session, parent.ticket_id)
        with pytest.raises(NotFound):
            queries.ticket_page(session, office.handler, child.ticket_id)
    assert seen.number == child.number and "13900000077" not in str(seen) and "市民" not in str(seen)


def at_once(works):
    def run(work):
        try:
            return work()
        except HotlineError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.parametrize("turn", range(3))
def test_crossing_merges_and_answers_never_hang_or_corrupt(everywhere, turn):
    office = everywhere
    one, two, three = (register(office, n) for n in range(3))
    send(office, one)
    office.handle(one.ticket_id)
    merge(office, three, one)
    reviewer, operator, other = office.reviewer, office.operator, office.hire(Role.OPERATOR)
    works = [
        lambda: merge(office, one, two, operator),
        lambda: merge(office, two, one, other),
        lambda: merge(office, three, one, other),
        lambda: unmerge(office, three, operator),
        lambda: office.do(handling.pass_answer, one.ticket_id, reviewer, office.now),
    ]
    at_once(works * 2)
    with office.database.read() as session:
        assert audit.verify(session) == ()
        tickets = {made.ticket_id: session.get_one(Ticket, made.ticket_id) for made in (one, two, three)}
    for ticket in tickets.values():
        if ticket.status == Status.MERGED:
            assert tickets[ticket.parent_id].status not in {Status.MERGED, Status.CLOSED, Status.CALLBACK}


@given(st.lists(st.tuples(st.sampled_from("mu"), st.integers(0, 3), st.integers(0, 3)), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_merged_and_unmerged_ends_where_it_began(office, steps):
    made = [register(office, n) for n in range(4)]
    before = [snapshot(office, one) for one in made]
    for what, one, other in steps:
        try:
            if what == "m":
                merge(office, made[one], made[other])
            else:
                unmerge(office, made[one])
        except HotlineError:
            pass
    for one in made:
        if office.ticket(one.ticket_id).status == Status.MERGED:
            unmerge(office, one)
    assert [snapshot(office, one) for one in made] == before
