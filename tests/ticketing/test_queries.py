from __future__ import annotations

from datetime import timedelta

import pytest

from ticketing import dispatching, identity, queries
from ticketing.errors import Forbidden, Invalid, NotFound, TooManyAttempts
from ticketing.models import Role, Status
from ticketing.workflow import Action, Actor


def ask(office, number, **known):
    with office.database.write() as session:
        return queries.progress(session, number, now=office.now, **known)


def page(office, actor, made):
    with office.database.read() as session:
        return queries.ticket_page(session, actor, made.ticket_id)


def listed(office, actor, **wanted):
    with office.database.read() as session:
        return queries.tickets(session, office.city, actor, **wanted)


def test_number_and_code_or_phone_show_the_progress(office):
    made = office.register()
    for known in ({"code": made.query_code}, {"phone": "139-0000-0000"}, {"code": f" {made.query_code} "}):
        assert ask(office, made.number, **known).title == "楼下工地半夜施工吵得睡不着"
    assert ask(office, made.number.replace("-", ""), code=made.query_code).number == made.number


@pytest.mark.parametrize("known", [{}, {"code": "x"}, {"code": ""}, {"phone": "13911111111"}, {"phone": "nonsense"}])
def test_nobody_else_learns_that_the_ticket_exists(office, known):
    assert ask(office, office.register().number, **known) is None


@pytest.mark.parametrize("number", ["", "260303-000001-9", "'; --", "9" * 10_000, "260303-000009-0"])
def test_a_number_that_is_none_finds_nothing(office, number):
    assert ask(office, number, code="123456") is None


def test_guessing_codes_is_stopped(office):
    made = office.register()
    for _ in range(5):
        assert ask(office, made.number, code="wrong") is None
    with pytest.raises(TooManyAttempts):
        ask(office, made.number, code=made.query_code)
    office.now += timedelta(minutes=31)
    assert ask(office, made.number, code=made.query_code) is not None


def test_a_department_sees_only_its_own(everywhere):
    office = everywhere
    mine, other = office.dispatched(), office.register()
    neighbour = office.hire(Role.DEPARTMENT, "HB")
    assert [row.number for row in listed(office, office.handler)] == [mine.number]
    assert listed(office, neighbour) == ()
    for actor, made in (
        (office.handler, other),
        (neighbour, mine),
        (Actor(Role.CITIZEN), mine),
        (Actor(Role.BOT), mine),
    ):
        with pytest.raises(NotFound):
            page(office, actor, made)
    with office.database.read() as session, pytest.raises(NotFound):
        queries.ticket_id(session, neighbour, mine.number)


def test_an_assisting_department_sees_the_ticket_but_does_not_act(office):
    made = office.register()
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG", assisting=["HB"])
    assert page(office, office.hire(Role.DEPARTMENT, "HB"), made).actions == ()
    assert page(office, office.handler, made).actions == (Action.SIGN,)


def test_a_department_without_a_name_sees_nothing(office):
    office.dispatched()
    assert listed(office, Actor(Role.DEPARTMENT)) == ()


def test_the_page_masks_the_citizen(office):
    found = page(office, office.operator, office.dispatched())
    assert (found.phone, found.name) == ("139****0000", "市" + "*" * 6)


def test_a_confidential_reporter_stays_unknown_to_the_department(office):
    made = office.dispatched(confidential=True, kind="举报")
    seen = page(office, office.handler, made)
    assert (seen.phone, seen.name) == (None, None)
    assert "13900000000" not in seen.content
    assert "13900000000" in page(office, office.operator, made).content


def test_every_look_at_a_number_has_a_purpose_and_is_in_the_chain(office):
    made, handler = office.dispatched(), office.handler
    with office.database.write() as session:
        assert identity.reveal(session, handler, made.ticket_id, "上门核实", office.now).phone == "13900000000"
        with pytest.raises(Invalid):
            identity.reveal(session, handler, made.ticket_id, " ", office.now)
    event = page(office, office.operator, made).events[-1]
    assert (event.action, event.actor_role, event.data) == (identity.REVEAL, "department", {"purpose": "上门核实"})
    assert ask(office, made.number, code=made.query_code).steps[-1].code == Action.DISPATCH


def test_who_need_not_call_sees_no_number(office):
    made, secret = office.dispatched(), office.dispatched(confidential=True)
    refused = [(office.supervisor, made), (office.hire(Role.DEPARTMENT, "HB"), made), (office.handler, secret)]
    for actor, ticket in refused:
        with office.database.write() as session, pytest.raises(Forbidden):
            identity.reveal(session, actor, ticket.ticket_id, "好奇", office.now)


def test_lists_go_by_status_and_page(office):
    made = [office.register() for _ in range(3)]
    office.do(dispatching.dispatch, made[0].ticket_id, office.operator, office.now, lead_department="CG")
    assert [r.number for r in listed(office, office.operator, limit=2)] == [made[2].number, made[1].number]
    assert [r.number for r in listed(office, office.operator, before=made[1].ticket_id)] == [made[0].number]
    assert len(listed(office, office.operator, statuses=frozenset({Status.REGISTERED}))) == 2
    assert len(listed(office, office.operator, department="CG")) == 1


def test_counts_know_what_is_overdue(office):
    office.dispatched()
    office.register()
    with office.database.read() as session:
        found = queries.counts(session, office.city, office.operator, office.now + timedelta(days=30))
        assert (found["dispatched"], found["registered"], found["closed"], found["overdue"]) == (1, 1, 0, 1)
        assert sum(queries.counts(session, office.city, Actor(Role.CITIZEN), office.now).values()) == 0
