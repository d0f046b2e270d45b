from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from ticketing import (
    alerts,
    audit,
    callbacks,
    cards,
    dispatching,
    duty,
    exclusions,
    handling,
    merging,
    particulars,
    queries,
    requests,
    supervision,
    surveys,
    urging,
)
from ticketing.cases import CARDS, EXCLUSIONS, open_steps, step
from ticketing.errors import Conflict, Forbidden, HotlineError, IllegalTransition, Invalid, NotFound, TooManyAttempts
from ticketing.models import DueWarning, OutboxRow, RequestKind, Role, Status, Ticket, new_id
from ticketing.requests import Wish
from ticketing.supervision import Visit
from ticketing.workflow import Action, Actor


def sweep(office):
    """What the worker does: look, then warn one by one."""
    with office.database.read() as session:
        found = alerts.due_alerts(session, office.city, office.now)
    return [(alert.clock.value, alert.level, alert.to) for alert in found if office.do(alerts.fire, alert, office.now)]


def handling_ticket(office, **changed):
    made = office.dispatched(**changed)
    office.do(handling.sign, made.ticket_id, office.handler, office.now)
    office.on(particulars.contacted, made.ticket_id, office.handler, office.now, channel="phone")
    return made


def test_a_long_limit_warns_two_days_and_one_day_before_and_climbs_the_ladder(everywhere):
    office = everywhere
    made = handling_ticket(office)  # due on Tuesday the 10th, 17:30
    due = office.ticket(made.ticket_id).finish_due
    seen = []
    for hours in range(-60, 24 * 7, 6):
        office.now = due + timedelta(hours=hours)
        seen += [(level, to) for clock, level, to in sweep(office) if clock == "finish"]
        assert sweep(office) == []
    assert seen == [
        ("h48", "department"),
        ("h24", "department"),
        ("overdue", "department"),
        ("overdue_leader", "leader"),
        ("overdue_supervisor", "supervisor"),
    ]
    with office.database.read() as session:
        rows = session.scalars(select(OutboxRow.payload).where(OutboxRow.kind == "staff_reminder")).all()
        assert [row["matter"] for row in rows] == [f"warn_{level}" for level, _ in seen]
        assert audit.verify(session) == ()


def test_short_limits_warn_by_their_share(office):
    office.hire(Role.DEPARTMENT, "GR")
    made = office.register()
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="GR")
    start, seen = office.now, []
    for hours in (1, 2.5, 11, 13, 19, 20, 23, 24.5):
        office.now = start + timedelta(hours=hours)
        seen += [(hours, clock, level) for clock, level, _ in sweep(office)]
    assert seen == [
        (1, "sign", "overdue"),
        (2.5, "first_contact", "overdue"),
        (13, "finish", "half"),
        (20, "finish", "most"),
        (24.5, "finish", "overdue"),
    ]


def test_an_enquiry_warns_at_eighty_percent_alone(office):
    made = handling_ticket(office, kind="咨询")
    start, seen = office.now, []
    for hours in range(24 * 4):
        office.now = start + timedelta(hours=hours)
        seen += [level for clock, level, _ in sweep(office) if clock == "finish"]
    assert seen[:2] == ["most", "overdue"]
    assert office.ticket(made.ticket_id).status == Status.HANDLING


def test_the_hotlines_own_steps_are_watched(office):
    office.register()
    office.now += timedelta(minutes=31)
    assert sweep(office) == [("dispatch", "overdue", "hotline")]
    answered = office.answered()
    office.now += timedelta(days=2)
    assert ("review", "overdue", "hotline") in sweep(office)
    office.do(handling.pass_answer, answered.ticket_id, office.reviewer, office.now)
    office.now += timedelta(days=6)
    assert ("callback", "overdue", "hotline") in sweep(office)
    assert sweep(office) == []


def test_nothing_warns_while_a_ticket_stands_still_or_is_answered(office):
    made, other = handling_ticket(office), handling_ticket(office)
    wish = Wish(RequestKind.SUSPENSION, "season", "冬季。", until=office.now + timedelta(days=80))
    asked = office.do(requests.ask, made.ticket_id, office.handler, office.now, wish)
    office.do(requests.decide, asked.request_id, office.reviewer, office.now, approve=True, note=None)
    office.do(handling.answer, other.ticket_id, office.handler, office.now, answer="好", outcome_code="solved")
    office.now += timedelta(days=40)
    assert [clock for clock, *_ in sweep(office)] == ["review"]


def test_a_level_that_is_no_longer_true_is_not_told(office):
    made = handling_ticket(office)
    office.now = office.ticket(made.ticket_id).finish_due + timedelta(hours=1)
    with office.database.read() as session:
        found = alerts.due_alerts(session, office.city, office.now)
    office.do(handling.answer, made.ticket_id, office.handler, office.now, answer="好", outcome_code="solved")
    assert [office.do(alerts.fire, alert, office.now) for alert in found] == [False] * len(found)


def test_many_sweeps_at_once_warn_once(everywhere):
    office = everywhere
    made = [handling_ticket(office) for _ in range(4)]
    office.now = office.ticket(made[0].ticket_id).finish_due + timedelta(hours=1)
    with ThreadPoolExecutor(4) as pool:
        fired = [one for result in pool.map(lambda _: sweep(office), range(4)) for one in result]
    assert Counter(fired) == Counter({("finish", level, "department"): 4 for level in ("h48", "h24", "overdue")})
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(DueWarning)) == 12
        assert session.scalar(select(func.count()).where(OutboxRow.kind == "staff_reminder")) == 12
        assert audit.verify(session) == ()


CITIZEN = Actor(Role.CITIZEN)


def urge(office, made, who=CITIZEN):
    return office.do(urging.urge, made.ticket_id, who, office.now, note="请快一点")


def test_a_citizen_urges_once_a_day_and_three_times_in_all(everywhere):
    office = everywhere
    made = office.dispatched()
    version = office.ticket(made.ticket_id).version
    assert urge(office, made) == 1
    with pytest.raises(TooManyAttempts, match="urged_just_now"):
        urge(office, made)
    for count in (2, 3):
        office.now += timedelta(hours=24)
        assert urge(office, made) == count
    office.now += timedelta(hours=24)
    with pytest.raises(TooManyAttempts, match="urged_enough"):
        urge(office, made, office.operator)
    assert urge(office, made, office.supervisor) == 4
    assert office.ticket(made.ticket_id).version == version  # an urge makes nobody's form stale
    with office.database.write() as session:
        steps = queries.progress(session, made.number, code=made.query_code, now=office.now).steps
    assert [step.code for step in steps].count("urge") == 4


def test_urging_has_its_time_and_its_people(office):
    made = office.passed()
    with pytest.raises(IllegalTransition, match="urge_not_now"):
        urge(office, made)
    with pytest.raises(Forbidden):
        urge(office, office.register(), office.handler)


def test_a_merged_tickets_urge_reaches_the_one_it_follows(office):
    parent, child = office.dispatched(), office.register()
    office.do(merging.merge, child.ticket_id, parent.ticket_id, office.operator, office.now)
    urge(office, child)
    with office.database.read() as session:
        page = queries.ticket_page(session, office.operator, parent.ticket_id)
    assert [event.action for event in page.events][-1] == "urge"


def supervise(office, made, **changed):
    fields = {"level": "key", "owner": "分管副局长", "instruction": "两日内查清并报告。"} | changed
    return office.do(supervision.supervise, made.ticket_id, office.supervisor, office.now, **fields)


def test_an_instruction_has_an_owner_a_due_time_and_a_proof(everywhere):
    office = everywhere
    made = handling_ticket(office)
    one = supervise(office, made)
    with pytest.raises(Forbidden):
        office.on(supervision.prove, one, office.hire(Role.DEPARTMENT, "GA"), office.now, proof="已办")
    with pytest.raises(IllegalTransition):
        office.on(supervision.end, one, office.supervisor, office.now, note="已看")
    office.on(supervision.prove, one, office.handler, office.now, proof="已查清，见照片。", files=("a1",))
    office.on(supervision.reopen, one, office.supervisor, office.now, note="照片不清楚。")
    office.on(supervision.prove, one, office.handler, office.now, proof="补拍照片。", files=("a2", "a3"))
    with pytest.raises(Forbidden):
        office.on(supervision.end, one, office.handler, office.now, note="自己办结")
    office.on(supervision.end, one, office.supervisor, office.now, note="属实。")
    with office.database.read() as session:
        (view,) = supervision.ledger(session, office.city, office.handler)
        assert supervision.ledger(session, office.city, Actor(Role.DEPARTMENT, uuid4(), "GA")) == ()
        assert audit.verify(session) == ()
    assert (view.status, view.level, view.owner, view.files) == ("ended", "key", "分管副局长", ("a2", "a3"))
    assert view.due_at - office.now == timedelta(days=2, hours=7, minutes=30)
    assert office.ticket(made.ticket_id).status == Status.HANDLING


@pytest.mark.parametrize(
    "changed",
    [{"level": "top"}, {"department": "XX"}, {"owner": " "}, {"instruction": ""}, {"owner": "长" * 61}],
)
def test_an_instruction_needs_its_fields(office, changed):
    with pytest.raises(Invalid):
        supervise(office, office.dispatched(), **changed)


def test_an_instruction_comes_in_time_and_from_a_supervisor(office):
    made = office.dispatched()
    with pytest.raises(Invalid):
        supervise(office, made, due_at=office.now)
    with pytest.raises(Invalid):
        supervise(office, office.register())
    fields = {"level": "key", "owner": "张", "instruction": "查"}
    with pytest.raises(Forbidden):
        office.do(supervision.supervise, made.ticket_id, office.operator, office.now, **fields)
    office.do(dispatching.withdraw, made.ticket_id, office.operator, office.now, note="已确认")
    with pytest.raises(IllegalTransition):
        supervise(office, made)
    with pytest.raises(NotFound):
        office.on(supervision.end, new_id(), office.supervisor, office.now, note="无")


def test_a_visit_is_kept_with_who_when_result_and_photos(office):
    made = handling_ticket(office)
    one, other = supervise(office, made), supervise(office, office.dispatched())
    seen = Visit(office.now - timedelta(hours=2), "督查科二人", "东胜区某工地", "已停工。", ("p1", "p2"), one)
    office.on(supervision.visit, made.ticket_id, office.supervisor, office.now, seen)
    with office.database.read() as session:
        (view,) = supervision.visits(session, office.city, ticket_id=made.ticket_id)
    assert (view.people, view.place, view.files) == ("督查科二人", "东胜区某工地", ("p1", "p2"))
    for wrong, error in (
        (replace(seen, visited_at=office.now + timedelta(hours=1)), Invalid),
        (replace(seen, supervision_id=other), NotFound),
        (replace(seen, files=("x",) * 21), Invalid),
        (replace(seen, people=""), Invalid),
    ):
        with pytest.raises(error):
            office.on(supervision.visit, made.ticket_id, office.supervisor, office.now, wrong)
    with pytest.raises(Forbidden):
        office.on(supervision.visit, made.ticket_id, office.handler, office.now, seen)


def propose(office):
    with office.database.read() as session:
        found = cards.due_cards(session, office.city, office.now)
    return [office.do(cards.propose, one, office.now) for one in found]


def test_rules_propose_a_person_issues_another_hears_the_appeal(everywhere):
    office = everywhere
    made = handling_ticket(office)
    supervise(office, made)
    office.now += timedelta(days=6)
    (red,) = propose(office)  # the instruction is late, the ticket is not
    office.now += timedelta(days=6)
    (yellow,) = propose(office)
    assert propose(office) == []
    office.now += timedelta(days=14)
    assert len(propose(office)) == 1
    judge, other = office.supervisor, office.hire(Role.SUPERVISOR)

    def act(card, action, who, note="理由"):
        return office.on(cards.act, card, action, who, office.now, note=note)

    with office.database.read() as session:
        assert cards.ledger(session, office.city, office.handler) == ()
    with pytest.raises(Forbidden):
        act(yellow, "issue_card", office.handler)
    assert act(yellow, "issue_card", judge) == "issued"
    with pytest.raises(IllegalTransition):
        act(yellow, "issue_card", judge)
    with pytest.raises(Forbidden, match="not_your_case"):
        act(yellow, "appeal_card", office.hire(Role.DEPARTMENT, "GA"))
    with pytest.raises(Invalid):
        act(yellow, "appeal_card", office.handler, " ")
    act(yellow, "appeal_card", office.handler, "停工令次日已下。")
    with pytest.raises(Forbidden, match="appeal_needs_another"):
        act(yellow, "uphold_card", judge)
    assert act(yellow, "withdraw_card", other, "申诉属实。") == "withdrawn"
    assert act(red, "dismiss_card", judge) == "dismissed"
    with pytest.raises(NotFound):
        act(new_id(), "issue_card", judge)
    with office.database.read() as session:
        (mine,) = cards.ledger(session, office.city, office.handler)
        both = cards.ledger(session, office.city, judge, status="proposed", ticket_id=made.ticket_id)
        assert audit.verify(session) == ()
    assert (mine.status, mine.appeal, mine.ruling) == ("withdrawn", "停工令次日已下。", "申诉属实。")
    assert mine.evidence["days"] == 3
    assert [card.rule for card in both] == ["very_late"]
    proposal = cards.Proposal(made.ticket_id, "CG", "late", 1, {})
    assert office.do(cards.propose, proposal, office.now) is None


def test_two_reworks_ask_for_a_card(office):
    made = office.passed()
    for _ in range(2):
        (due,) = office.due_callbacks()
        bad = surveys.SurveyAnswer(True, False, 1, reason="还在施工")
        office.do(callbacks.record_result, due.id, office.caller, office.now, bad, channel="phone")
        office.handle(made.ticket_id)
        office.do(handling.pass_answer, made.ticket_id, office.reviewer, office.now)
    assert len(propose(office)) == 1 and propose(office) == []


@pytest.mark.parametrize(("table", "ending"), [(CARDS, "_card"), (EXCLUSIONS, "_exclusion")])
def test_every_case_status_action_and_role(table, ending):
    statuses = {status for status, _ in table} | {found.to for found in table.values()}
    actions = {action for _, action in table}
    for status, action, role in product(statuses, actions, Role):
        actor = Actor(role, uuid4(), "CG" if role is Role.DEPARTMENT else None)
        judges = role is Role.SUPERVISOR and not action.startswith("appeal")
        if (status, action) in table and (judges or (role is Role.DEPARTMENT and action.startswith("appeal"))):
            assert step(table, status, action, actor, "CG", uuid4()) == table[status, action].to
            assert action in open_steps(table, status, actor, "CG", uuid4())
        else:
            with pytest.raises((Forbidden, IllegalTransition)):
                step(table, status, action, actor, "CG", uuid4())
            assert action not in open_steps(table, status, actor, "CG", uuid4())
    assert all(action.endswith(ending) for action in actions)


def test_an_exclusion_is_asked_decided_and_appealed(everywhere):
    office = everywhere
    made = office.passed()
    judge, other = office.supervisor, office.hire(Role.SUPERVISOR)

    def ask(who=office.handler, **changed):
        fields = {"reason_code": "wrong_rating", "evidence": "诉求人来电说点错了。"} | changed
        return office.on(exclusions.ask, made.ticket_id, who, office.now, **fields)

    for changed in ({"reason_code": "luck"}, {"evidence": ""}, {"files": ("x" * 201,)}):
        with pytest.raises(Invalid):
            ask(**changed)
    with pytest.raises(Forbidden):
        ask(office.hire(Role.DEPARTMENT, "GA"))
    one = ask(files=("录音1",))
    with pytest.raises(Conflict, match="exclusion_asked"):
        ask()

    def act(action, who, note="理由"):
        return office.on(exclusions.act, one, action, who, office.now, note=note)

    assert act("deny_exclusion", judge) == "denied"
    act("appeal_exclusion", office.handler, "有录音。")
    with pytest.raises(Forbidden):
        act("grant_exclusion", judge)
    assert act("grant_exclusion", other, "录音属实。") == "granted"
    with office.database.read() as session:
        (view,) = exclusions.ledger(session, office.city, office.handler, ticket_id=made.ticket_id)
        assert exclusions.ledger(session, office.city, Actor(Role.DEPARTMENT, uuid4(), "GA")) == ()
    assert (view.status, view.decision, view.appeal, view.ruling) == ("granted", "理由", "有录音。", "录音属实。")
    with pytest.raises(NotFound):
        office.on(exclusions.act, new_id(), "grant_exclusion", judge, office.now, note="x")


def test_problem_tickets_are_redone_thrice_or_passed_round(office):
    made = office.passed()
    for n in range(3):
        who = office.caller if n < 2 else office.supervisor
        office.do(redo, made.ticket_id, who, office.now)
        office.handle(made.ticket_id)
        office.do(handling.pass_answer, made.ticket_id, office.reviewer, office.now)
    round_ = office.register()
    for code in ("CG", "GA"):
        office.do(dispatching.dispatch, round_.ticket_id, office.operator, office.now, lead_department=code)
        back = {"reason_code": "not_ours", "note": "不归我们"}
        office.do(dispatching.take_back, round_.ticket_id, office.reviewer, office.now, **back)
    with office.database.write() as session:
        session.get_one(Ticket, round_.ticket_id).ruled_department = None
        assert [one.number for one in supervision.problems(session, office.city)] == [made.number]
        session.get_one(Ticket, round_.ticket_id).return_count = 1
    office.do(dispatching.dispatch, round_.ticket_id, office.operator, office.now, lead_department="ZJ")
    office.do(dispatching.take_back, round_.ticket_id, office.reviewer, office.now, **back)
    with office.database.read() as session:
        found = supervision.problems(session, office.city)
        assert {(one.number, one.reworks, one.units) for one in found} == {(made.number, 3, 1), (round_.number, 0, 3)}
        assert set(supervision.as_of(session, office.city, office.now).problems) == {made.number, round_.number}


def redo(session, city, ticket_id, actor, now):
    from ticketing.transitions import apply

    return apply(session, city, ticket_id, Action.REWORK, actor, now, note="重办")


def test_the_roster_has_one_leader_at_a_time(office):
    day = timedelta(days=1)

    def put(start, end, leader="值班领导甲", who=office.supervisor, **more):
        return office.do(
            duty.put, who, office.now, leader=leader, starts_at=office.now + start, ends_at=office.now + end, **more
        )

    first = put(timedelta(0), day, phone="13900000000", title="副主任")
    with pytest.raises(Conflict, match="shift_taken"):
        put(day / 2, day * 2)
    second = put(day, day * 2, "值班领导乙")
    for start, end in ((day, day), (day * 3, day * 20), (-day * 3, -day)):
        with pytest.raises(Invalid):
            put(start, end)
    with pytest.raises(Forbidden):
        put(day * 5, day * 6, who=office.operator)
    with office.database.read() as session:
        now = duty.on_duty(session, office.city, office.now)
        assert (now.leader, now.phone, now.title) == ("值班领导甲", "13900000000", "副主任")
        assert duty.on_duty(session, office.city, office.now + day * 3) is None
        assert [one.id for one in duty.roster(session, office.city, office.now, office.now + day * 9)] == [
            first,
            second,
        ]
    office.do(duty.cancel, second, office.supervisor, office.now)
    with pytest.raises(NotFound):
        office.do(duty.cancel, second, office.supervisor, office.now)
    put(day, day * 2, "值班领导丙")


def test_supervision_can_be_replayed_for_any_past_moment(everywhere):
    office = everywhere
    pictures = {}

    def look():
        with office.database.read() as session:
            pictures[office.now] = supervision.as_of(session, office.city, office.now)
        assert_like_the_live_lists(office, pictures[office.now])

    first, second = handling_ticket(office), office.register()
    look()
    office.now += timedelta(days=3)
    supervise(office, first)
    urge(office, first)
    look()
    office.now += timedelta(days=9)
    sweep(office)
    card = propose(office)[0]
    look()
    office.now += timedelta(hours=1)
    office.on(cards.act, card, "issue_card", office.supervisor, office.now, note="超期")
    office.do(dispatching.dispatch, second.ticket_id, office.operator, office.now, lead_department="GA")
    wish = Wish(RequestKind.SUSPENSION, "season", "冬季。", until=office.now + timedelta(days=9))
    police = office.hire(Role.DEPARTMENT, "GA")
    office.do(handling.sign, second.ticket_id, police, office.now)
    asked = office.do(requests.ask, second.ticket_id, police, office.now, wish)
    office.do(requests.decide, asked.request_id, office.reviewer, office.now, approve=True, note=None)
    look()
    office.now += timedelta(days=1)
    office.do(requests.resume, second.ticket_id, police, office.now)
    office.do(handling.answer, first.ticket_id, office.handler, office.now, answer="好", outcome_code="solved")
    office.do(handling.pass_answer, first.ticket_id, office.reviewer, office.now)
    look()
    with office.database.read() as session:
        for at, picture in pictures.items():
            assert supervision.as_of(session, office.city, at) == picture
    start, third, late, paused, end = pictures.values()
    assert [len(one.overdue) for one in (start, third, late, paused, end)] == [0, 0, 1, 1, 0]
    assert (third.supervisions[0].status, third.open[0].urges) == ("open", 1)
    assert [line.status for line in late.cards] == ["proposed"] * len(late.cards)
    assert "issued" in [line.status for line in paused.cards]
    assert [line.suspended for line in paused.open] == [False, True]
    assert late.overdue_by_department == {"CG": 1}


def assert_like_the_live_lists(office, picture):
    with office.database.read() as session:
        live = queries.counts(session, office.city, office.operator, office.now)
        late = queries.overdue(session, office.city, office.operator, office.now)
    assert {line.number for line in picture.overdue} == {row.number for row in late}
    assert all(picture.counts[status] == live[status] for status in map(str, Status))


def test_who_may_not_is_told_why(office):
    with pytest.raises(HotlineError):
        office.on(supervision.prove, new_id(), office.handler, office.now, proof="x")
