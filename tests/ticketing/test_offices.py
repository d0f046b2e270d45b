from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select, update

from ticketing import audit, dispatching, handling, offices, queries, units
from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound
from ticketing.models import Assignment, OutboxRow, Part, Post, Role, Staff, Status, Unit, new_id

DRAFT = {"answer": "已责令停工并处罚。", "outcome_code": "solved"}


@pytest.fixture
def office(everywhere, nlu_data):
    with everywhere.database.write() as session:
        units.seed(session, everywhere.city, nlu_data / "city" / "ordos")
    return everywhere


def person(office, post, department="CG"):
    actor = office.hire(Role.DEPARTMENT, department)
    office.on(lambda session: session.execute(update(Staff).where(Staff.id == actor.staff_id).values(post=post)))
    return actor


@pytest.fixture
def people(office):
    return {post: person(office, post) for post in Post}


def part_of(office, made, part=Part.LEAD):
    with office.database.read() as session:
        return session.scalars(
            select(Assignment)
            .where(Assignment.ticket_id == made.ticket_id, Assignment.part == part)
            .order_by(Assignment.id.desc())
        ).first()


def signed(office, who, **changed):
    made = office.dispatched(**changed)
    office.do(handling.sign, made.ticket_id, who, office.now)
    return made, part_of(office, made).id


def test_from_the_liaison_to_the_leader_and_out(office, people):
    liaison, holder, leader = people.values()
    made, part = signed(office, liaison)
    office.on(offices.assign, part, liaison, office.now, office="执法一大队", holder_id=holder.staff_id)
    with pytest.raises(Forbidden, match="post_may_not"):
        office.on(offices.approve, part, liaison, office.now)
    with pytest.raises(IllegalTransition, match="draft_missing"):
        office.on(offices.approve, part, leader, office.now)
    office.on(offices.draft, part, holder, office.now, **DRAFT)
    office.on(offices.send_down, part, leader, office.now, note="请写明处罚依据")
    with pytest.raises(IllegalTransition, match="draft_missing"):
        office.do(offices.submit, part, holder, office.now)
    office.on(offices.draft, part, holder, office.now, **DRAFT, basis="某条例第三条")
    with pytest.raises(IllegalTransition, match="approval_missing"):
        office.do(offices.submit, part, holder, office.now)
    with pytest.raises(IllegalTransition, match="approval_missing"):
        office.do(handling.answer, made.ticket_id, holder, office.now, **DRAFT)
    office.on(offices.approve, part, leader, office.now, note="同意")
    with pytest.raises(Invalid, match="answer_not_signed"):
        office.do(handling.answer, made.ticket_id, holder, office.now, answer="别的话", outcome_code="solved")
    assert office.do(offices.submit, part, holder, office.now).status is Status.ANSWERED
    with office.database.read() as session:
        page = queries.ticket_page(session, office.supervisor, made.ticket_id)
        assert audit.verify(session) == ()
    assert (page.answer, page.answer_basis) == (DRAFT["answer"], "某条例第三条")
    steps = [event.action for event in page.events][-7:]
    assert steps == ["sign", "assign_holder", "draft", "return_draft", "draft", "approve_draft", "answer"]


def test_an_answer_sent_back_needs_a_new_signature(office, people):
    liaison, holder, leader = people.values()
    made, part = signed(office, liaison)
    office.on(offices.draft, part, holder, office.now, **DRAFT)
    office.on(offices.approve, part, leader, office.now)
    office.do(offices.submit, part, liaison, office.now)
    office.do(handling.send_back, made.ticket_id, office.reviewer, office.now, note="没有照片")
    with pytest.raises(IllegalTransition, match="draft_missing"):
        office.do(offices.submit, part, liaison, office.now)
    office.on(offices.draft, part, holder, office.now, **DRAFT)
    with pytest.raises(IllegalTransition, match="approval_missing"):
        office.do(handling.answer, made.ticket_id, holder, office.now, **DRAFT)


def test_a_leader_does_not_sign_their_own_draft(office):
    alone = office.handler
    made, part = signed(office, alone)
    office.on(offices.draft, part, alone, office.now, **DRAFT)
    office.on(lambda s: s.execute(update(Staff).where(Staff.id == alone.staff_id).values(post=Post.LEADER)))
    with pytest.raises(Forbidden, match="signer_is_drafter"):
        office.on(offices.approve, part, alone, office.now)
    assert office.ticket(made.ticket_id).status == Status.HANDLING


def test_a_small_unit_drafts_and_submits_by_itself(office):
    made, part = signed(office, office.handler)
    office.on(offices.draft, part, office.handler, office.now, **DRAFT)
    office.do(offices.submit, part, office.handler, office.now)
    assert office.ticket(made.ticket_id).status == Status.ANSWERED


def sub_unit(office, department="CG", region="150603"):
    with office.database.read() as session:
        return session.scalars(select(Unit.id).where(Unit.department == department, Unit.region == region)).one()


def test_a_sub_unit_has_its_own_clock_and_reports(office):
    made, part = signed(office, office.handler)
    due = office.ticket(made.ticket_id).finish_due
    unit = sub_unit(office)
    with pytest.raises(Invalid, match="part_due_unfit"):
        office.do(offices.hand_down, part, office.handler, office.now, unit_id=unit, due_at=due + timedelta(days=1))
    for wrong in (new_id(), sub_unit(office, "MZ")):
        with pytest.raises(Invalid, match="unit_unknown"):
            office.do(offices.hand_down, part, office.handler, office.now, unit_id=wrong)
    ends = due - timedelta(days=2)
    sub = office.do(offices.hand_down, part, office.handler, office.now, unit_id=unit, due_at=ends, note="请现场查看")
    with pytest.raises(Conflict, match="unit_has_it"):
        office.do(offices.hand_down, part, office.handler, office.now, unit_id=unit)
    with pytest.raises(IllegalTransition, match="part_not_now"):
        office.on(offices.draft, sub, office.handler, office.now, **DRAFT)
    office.on(offices.sign_part, sub, office.handler, office.now)
    with pytest.raises(IllegalTransition, match="part_not_now"):
        office.on(offices.sign_part, sub, office.handler, office.now)
    office.on(offices.draft, sub, office.handler, office.now, **DRAFT)
    assert office.do(offices.submit, sub, office.handler, office.now) is None
    with office.database.read() as session:
        ticket = session.merge(office.ticket(made.ticket_id))
        lead, mine = offices.inside(session, ticket, office.handler, office.now)
        seen = offices.inside(session, ticket, office.operator, office.now)
        assert [part.draft for part in seen] == [None, DRAFT["answer"]]
    assert (mine.part, mine.due_at, mine.parent_id, mine.overdue) == ("sub", ends, lead.id, False)
    assert mine.steps == () and "draft" in lead.steps
    assert mine.unit and mine.done_at == office.now


def test_an_assisting_department_sees_its_part_and_reports_with_its_leaders_word(office):
    made = office.register()
    office.do(
        dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG", assisting=("GA",)
    )
    office.do(handling.sign, made.ticket_id, office.handler, office.now)
    helper, leader = person(office, None, "GA"), person(office, Post.LEADER, "GA")
    part = part_of(office, made, Part.ASSISTING).id
    with office.database.read() as session:
        ticket = session.merge(office.ticket(made.ticket_id))
        assert [one.department for one in offices.inside(session, ticket, helper, office.now)] == ["GA"]
        assert [one.steps for one in offices.inside(session, ticket, helper, office.now)] == [("sign_part",)]
    with pytest.raises(Forbidden, match="not_your_ticket"):
        office.on(offices.sign_part, part, office.handler, office.now)
    office.on(offices.sign_part, part, helper, office.now)
    office.on(offices.draft, part, helper, office.now, **DRAFT)
    with pytest.raises(IllegalTransition, match="approval_missing"):
        office.do(offices.submit, part, helper, office.now)
    office.on(offices.approve, part, leader, office.now)
    office.do(offices.submit, part, helper, office.now)
    assert part_of(office, made, Part.ASSISTING).done_at == office.now


def test_what_nobody_reported_is_named_with_the_answer_and_reminded_once(office):
    made = office.register()
    office.do(
        dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG", assisting=("GA",)
    )
    office.do(handling.sign, made.ticket_id, office.handler, office.now)
    office.now += timedelta(days=30)
    assert [office.do(offices.overdue_parts, office.now) for _ in range(2)] == [1, 0]
    office.do(handling.answer, made.ticket_id, office.handler, office.now, **DRAFT)
    with office.database.read() as session:
        page = queries.ticket_page(session, office.operator, made.ticket_id)
        assert session.scalars(select(OutboxRow).where(OutboxRow.kind == "staff_reminder")).one()
    assert page.events[-1].data["unreported"] == ["GA"]


def test_fields_and_people_are_checked(office):
    made, part = signed(office, office.handler)
    other = office.hire(Role.DEPARTMENT, "GA")
    with pytest.raises(Invalid, match="holder_unknown"):
        office.on(offices.assign, part, office.handler, office.now, office="一科", holder_id=other.staff_id)
    with pytest.raises(Invalid):
        office.on(offices.assign, part, office.handler, office.now, office=" ")
    with pytest.raises(Invalid, match="code_unknown"):
        office.on(offices.draft, part, office.handler, office.now, answer="好", outcome_code="great")
    office.on(offices.assign, part, office.handler, office.now, office="一科", holder_id=office.handler.staff_id)
    with pytest.raises(Forbidden, match="not_the_holder"):
        office.on(offices.draft, part, person(office, Post.HOLDER), office.now, **DRAFT)
    with pytest.raises(NotFound):
        office.on(offices.sign_part, new_id(), office.handler, office.now)
    office.do(dispatching.withdraw, made.ticket_id, office.operator, office.now, note="已确认")
    with pytest.raises(IllegalTransition, match="part_not_now"):
        office.on(offices.draft, part, office.handler, office.now, **DRAFT)


@pytest.mark.parametrize(("step", "post"), list(product(offices.POSTS, [*Post, None])))
def test_every_step_and_post(step, post):
    leaders = {"approve_draft", "return_draft"}
    heads = {"hand_down", "sign_part", "assign_holder"}
    expected = {
        Post.LEADER: leaders | heads | {"report_part"},
        Post.LIAISON: heads | {"draft", "report_part"},
        Post.HOLDER: {"draft", "report_part"},
        None: heads | {"draft", "report_part"},
    }
    assert (post in offices.POSTS[step]) == (step in expected[post])
