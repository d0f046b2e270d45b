"""The callback plan: link, robot, person, in the city's hours; every try logged, silence never counted as content."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from ticketing import callback_plan, callbacks, jobs, promises, reports
from ticketing.call_plan import CallPlan, Channel
from ticketing.errors import Conflict, Forbidden, Invalid
from ticketing.models import CallbackAttempt, Citizen, PromiseStatus, Status, Survey
from ticketing.surveys import SurveyAnswer, dissatisfied

HOUR = timedelta(hours=1)


def go_on(office, now):
    with office.database.read() as session:
        found = callback_plan.waiting(session, office.city, now)
    return [office.do(callback_plan.go_on, one, now) for one in found]


def attempts(office):
    with office.database.read() as session:
        rows = session.execute(select(CallbackAttempt.channel, CallbackAttempt.outcome).order_by(CallbackAttempt.id))
        return [tuple(row) for row in rows]


def robot_jobs(office, now):
    found = office.on(jobs.claim, now, limit=10, kinds=frozenset({callback_plan.ROBOT_CALL}))
    for job in found:
        office.on(jobs.done, job, now)
    return found


def test_the_plan_goes_from_link_to_robot_to_a_person(everywhere):
    office, now = everywhere, everywhere.now
    office.passed()
    assert go_on(office, now) == [Channel.LINK]
    assert go_on(office, now + HOUR) == []  # it waits for the citizen
    assert go_on(office, now + 25 * HOUR) == [Channel.ROBOT]
    (job,) = robot_jobs(office, now + 25 * HOUR)
    office.do(callback_plan.hand_on, UUID(job.payload["callback_id"]), callback_plan.NOT_CONFIGURED, now + 25 * HOUR)
    (due,) = office.due_callbacks()
    assert (due.channel, due.turn, due.attempts) == ("operator", True, 0)
    assert attempts(office) == [("link", "sent"), ("robot", "not_configured")]


def _id(office):
    return office.due_callbacks()[0].id


def test_a_robot_that_is_there_tries_as_often_as_the_plan_says(office):
    now = office.now + 25 * HOUR
    office.passed()
    go_on(office, office.now)
    go_on(office, now)
    assert len(robot_jobs(office, now)) == 1
    office.do(callback_plan.hand_on, _id(office), "no_answer", now)
    later = now + 3 * HOUR
    assert go_on(office, later - HOUR) == []
    assert go_on(office, later) == [Channel.ROBOT]
    assert len(robot_jobs(office, later)) == 1
    office.do(callback_plan.hand_on, _id(office), "busy", later)
    assert office.due_callbacks()[0].turn


def test_a_robot_that_never_reports_does_not_hold_the_callback(office):
    now = office.now + 25 * HOUR
    office.passed()
    go_on(office, office.now)
    go_on(office, now)
    assert go_on(office, now + HOUR) == [Channel.OPERATOR]
    assert attempts(office)[-1] == ("robot", "silent")


def test_nobody_is_called_at_night(office):
    office.passed()
    go_on(office, office.now)
    night = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)  # 22:00 in the city
    assert go_on(office, night) == [Channel.ROBOT]
    assert robot_jobs(office, night) == ()
    assert office.due_callbacks()[0].next_at == datetime(2026, 3, 5, 1, 0, tzinfo=UTC)  # 9:00


def test_the_citizens_own_hours_are_kept(office):
    office.passed()
    with office.database.write() as session:
        session.execute(update(Citizen).values(hours="18-20"))
    go_on(office, office.now)
    go_on(office, office.now + 25 * HOUR)
    assert office.due_callbacks()[0].next_at == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # 18:00


def test_a_person_who_reaches_nobody_tries_again_later_and_then_it_ends_uncounted(office):
    made = office.passed(phone="13900000001")
    now = office.now
    for n in range(3):
        due = office.due_callbacks()[0]
        office.do(callbacks.record_attempt, due.id, office.caller, now, channel="phone", outcome="no_answer")
        if n < 2:
            (due,) = office.due_callbacks()
            assert due.next_at > now and not due.turn
            now = due.next_at
            assert go_on(office, now) == [Channel.OPERATOR]
            assert office.due_callbacks()[0].turn
    assert office.ticket(made.ticket_id).status == Status.CLOSED
    assert office.ticket(made.ticket_id).reason_code == "unreached"
    assert go_on(office, now + 100 * HOUR) == []


def test_who_handled_or_reviewed_may_not_ask(office):
    office.passed()
    answer = SurveyAnswer(True, True, 5)
    reviewer = replace(office.caller, staff_id=office.reviewer.staff_id)
    with pytest.raises(Forbidden, match="handler_may_not_survey"):
        office.do(callbacks.record_result, _id(office), reviewer, office.now, answer, channel="phone")
    with pytest.raises(Forbidden, match="handler_may_not_survey"):
        office.do(callbacks.record_attempt, _id(office), reviewer, office.now, channel="phone", outcome="busy")


def test_the_scale_is_the_one_the_citizen_was_asked_on(office):
    office.passed()
    three = replace(office.city, survey=replace(office.city.survey, scale=3))
    due, caller, answer = _id(office), office.caller, SurveyAnswer(True, True, 5)
    with office.database.write() as session:
        callbacks.record_result(session, three, due, caller, office.now, answer, channel="phone")
        assert session.scalars(select(Survey.scale)).all() == [5]
    assert [dissatisfied(5, SurveyAnswer(None, None, n)) for n in range(1, 6)] == [True, True, False, False, False]
    assert [dissatisfied(3, SurveyAnswer(None, None, n)) for n in range(1, 4)] == [True, False, False]


def test_a_plan_without_people_is_refused(city):
    data = {"steps": [{"channel": "link", "attempts": 1, "apart": "1 h", "basis": "样例"}], "hours": ["09:00", "20:00"]}
    with pytest.raises(ValueError, match="operator"):
        CallPlan.load(data | {"quiet": ["21:00", "08:00"]}, city.zone)


def test_quiet_hours_reach_over_midnight(city):
    late = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # 23:00
    assert city.callbacks.quiet.holds(late)
    assert city.callbacks.quiet.end(late) == datetime(2026, 3, 4, 0, 0, tzinfo=UTC)
    assert city.callbacks.quiet.end(office_hours := datetime(2026, 3, 3, 4, 0, tzinfo=UTC)) == office_hours


def test_a_promise_comes_back_on_its_day(everywhere):
    office = everywhere
    made = office.answered()
    due_at = office.now + timedelta(days=30)
    promise_id = office.on(
        promises.promise, made.ticket_id, office.handler, office.now, text="三月底前修好", due_at=due_at
    )
    assert office.do(promises.fall_due, office.now) == 0
    with pytest.raises(Conflict):
        office.do(promises.check, promise_id, office.caller, office.now, kept=True, note=None)
    assert office.do(promises.fall_due, due_at) == 1
    assert office.do(promises.fall_due, due_at) == 0
    assert office.do(promises.check, promise_id, office.caller, due_at, kept=None, note=None) == PromiseStatus.DUE
    with pytest.raises(Invalid):
        office.do(promises.check, promise_id, office.caller, due_at, kept=False, note=" ")
    assert office.do(promises.check, promise_id, office.caller, due_at, kept=False, note="没修") == PromiseStatus.BROKEN
    with office.database.read() as session:
        (line,) = promises.ledger(session, office.city, office.handler)
        assert (line.status, line.text, line.attempts) == ("broken", "三月底前修好", 2)
        assert promises.ledger(session, office.city, replace(office.handler, department="GA")) == ()


def test_only_the_lead_promises_and_only_a_day_to_come(office):
    made = office.answered()
    words = {"text": "会修好", "due_at": office.now + timedelta(days=3)}
    with pytest.raises(Forbidden):
        office.on(promises.promise, made.ticket_id, replace(office.handler, department="GA"), office.now, **words)
    with pytest.raises(Invalid):
        office.on(promises.promise, made.ticket_id, office.handler, office.now, **words | {"due_at": office.now})


def test_reports_are_due_once_their_span_is_over(office):
    with office.database.read() as session:
        found = reports.due(session, office.city, office.now)
    assert {kind for _, kind, _, _ in found} == {name for name, kind in reports.KINDS.items() if kind.every}
    assert all(end <= office.now for _, _, _, end in found)


def test_what_the_citizen_asks_for_is_kept_and_nonsense_is_not(office):
    made = office.passed()
    due, caller = _id(office), office.caller
    office.on(callbacks.prefer, due, caller, "sms", "18-20")
    with office.database.read() as session:
        assert callbacks.preference(session, made.ticket_id) == ("sms", "18-20")
    for channel, hours in (("fax", None), (None, "20-18"), (None, "9-25"), (None, "x"), (None, "9-12-14"), (None, "-")):
        with pytest.raises(Invalid):
            office.on(callbacks.prefer, due, caller, channel, hours)
    with pytest.raises(Forbidden):
        office.on(callbacks.prefer, due, office.handler, "sms", None)
