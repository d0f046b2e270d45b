from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ticketing import audit, callbacks, dispatching, handling, queries, rounds, surveys
from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound, Stale
from ticketing.models import Callback, CallbackStatus, Clock, OutboxRow, Role, Status, Survey
from ticketing.surveys import Result, SurveyAnswer

GOOD = SurveyAnswer(contacted=True, resolved=True, department_rating=5, hotline_rating=5)
BAD = SurveyAnswer(contacted=True, resolved=False, department_rating=1, reason="还在施工")


def token(office, made):
    with office.database.read() as session:
        return rounds.link_token(session, made.ticket_id)


def submit(office, made, answer, link=None):
    return office.do(surveys.submit, link or token(office, made), answer, office.now)


def purposes(office, made):
    with office.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "citizen_message").order_by(OutboxRow.id))
        return [row.payload["purpose"] for row in rows if row.payload["ticket_id"] == str(made.ticket_id)]


def progress(office, made, **known):
    with office.database.write() as session:
        return queries.progress(session, made.number, now=office.now, **known or {"code": made.query_code})


def test_the_whole_life_of_a_complaint(everywhere):
    office = everywhere
    made = office.passed()
    page = office.do(surveys.open_survey, token(office, made), office.now)
    assert (page.answer, page.answered, page.department) == ("已责令停工。", False, "CG")
    assert submit(office, made, GOOD) is Result.CLOSED
    ticket = office.ticket(made.ticket_id)
    assert (ticket.status, ticket.reason_code, ticket.closed_at) == (Status.CLOSED, "rated", office.now)
    assert purposes(office, made) == ["registered", "dispatched", "answered", "survey", "closed"]
    found = progress(office, made)
    assert [step.code for step in found.steps] == ["register", "accept", "dispatch", "sign", "answer", "pass", "close"]
    assert (found.status, found.answer, found.can_rate) == (Status.CLOSED, "已责令停工。", False)
    with office.database.read() as session:
        assert audit.verify(session) == ()


def test_a_survey_is_answered_once(everywhere):
    made = everywhere.passed()
    link = token(everywhere, made)
    submit(everywhere, made, GOOD, link)
    with pytest.raises(Conflict, match="survey_answered"):
        submit(everywhere, made, BAD, link)
    assert everywhere.do(surveys.open_survey, link, everywhere.now).answered
    assert everywhere.ticket(made.ticket_id).status == Status.CLOSED


def test_a_dissatisfied_citizen_is_heard_twice_then_a_supervisor_judges(office):
    made = office.passed()
    for rework in (1, 2):
        assert submit(office, made, BAD) is Result.REWORK
        ticket = office.ticket(made.ticket_id)
        assert (ticket.status, ticket.rework_count, ticket.lead_department) == (Status.DISPATCHED, rework, "CG")
        office.handle(made.ticket_id)
        office.do(handling.pass_answer, made.ticket_id, office.reviewer, office.now)
    assert submit(office, made, BAD) is Result.ADJUDICATION
    assert office.ticket(made.ticket_id).status == Status.CALLBACK
    assert office.due_callbacks() == ()
    judged = {"reason_code": "judged", "note": "已多次核实"}
    with pytest.raises(Forbidden):
        office.do(callbacks.adjudicate, made.ticket_id, office.caller, office.now, **judged)
    office.do(callbacks.adjudicate, made.ticket_id, office.supervisor, office.now, **judged)
    assert office.ticket(made.ticket_id).reason_code == "judged"
    assert purposes(office, made).count("rework") == 2


def test_a_rework_keeps_the_citizens_clock_and_the_history_of_the_units(office):
    made = office.passed()
    office.now += timedelta(days=7)
    submit(office, made, BAD)
    with office.database.read() as session:
        clocks = session.scalars(select(Clock).order_by(Clock.name, Clock.revision)).all()
        page = queries.ticket_page(session, office.operator, made.ticket_id)
    assert [c.revision for c in clocks if c.name == "citizen"] == [1]
    finish = [c for c in clocks if c.name == "finish"]
    assert [(c.revision, c.cause) for c in finish] == [(1, "dispatch"), (2, "rework")]
    assert finish[0].due_at < finish[1].due_at == office.ticket(made.ticket_id).finish_due
    assert next(c for c in page.clocks if c.name == "finish").revision == 2
    assert office.ticket(made.ticket_id).promised_at == made.promised_at


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (SurveyAnswer(True, True, 0), "department_rating"),
        (SurveyAnswer(True, True, 6), "department_rating"),
        (SurveyAnswer(True, True, 5, 9), "hotline_rating"),
        (SurveyAnswer(True, False, 2), "reason"),
        (SurveyAnswer(True, False, 2, reason="  "), "reason"),
        (SurveyAnswer(True, True, 5, reason="长" * 2000), "reason"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(office, answer, field):
    made = office.passed()
    with pytest.raises(Invalid) as refused:
        submit(office, made, answer)
    assert refused.value.details["field"] == field
    assert token(office, made) is not None


def test_links_run_out_and_cannot_be_guessed(office):
    made = office.passed()
    link = token(office, made)
    with pytest.raises(NotFound):
        submit(office, made, GOOD, "x" * 24)
    office.now += timedelta(days=16)
    assert office.do(surveys.open_survey, link, office.now).expired
    with pytest.raises(Conflict, match="survey_expired"):
        submit(office, made, GOOD, link)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"anonymous": True}, "anonymous"), ({"wants_reply": False}, "no_reply_wanted"), ({"phone": None}, "no_contact")],
)
def test_who_cannot_be_asked_is_closed_without_counting(office, changed, reason):
    made = office.passed(**changed)
    ticket = office.ticket(made.ticket_id)
    assert (ticket.status, ticket.reason_code) == (Status.CLOSED, reason)
    with office.database.read() as session:
        assert session.scalars(select(Callback)).one().status == CallbackStatus.WAIVED
        assert session.scalars(select(Survey)).all() == []
    assert "survey" not in purposes(office, made)


def test_a_callback_officer_asks_the_same_questions(office):
    made = office.passed()
    (callback,) = office.due_callbacks()
    assert (callback.number, callback.round, callback.attempts) == (made.number, 1, 0)
    assert (
        office.do(callbacks.record_result, callback.id, office.caller, office.now, GOOD, channel="phone")
        is Result.CLOSED
    )
    with pytest.raises(Conflict, match="callback_finished"):
        office.do(callbacks.record_result, callback.id, office.caller, office.now, BAD, channel="phone")


def test_three_failed_tries_close_uncounted(office):
    made = office.passed()
    (callback,) = office.due_callbacks()
    attempt = {"channel": "phone", "outcome": "no_answer"}
    for _ in range(2):
        assert office.do(callbacks.record_attempt, callback.id, office.caller, office.now, **attempt) is None
    assert office.due_callbacks()[0].attempts == 2
    closed = office.do(callbacks.record_attempt, callback.id, office.caller, office.now, **attempt)
    assert (closed.status, office.ticket(made.ticket_id).reason_code) == (Status.CLOSED, "unreached")
    with office.database.read() as session:
        assert session.scalars(select(Callback)).one().status == CallbackStatus.UNREACHED
        assert session.scalars(select(Survey)).one().department_rating is None


def test_the_department_makes_no_callbacks(office):
    office.passed()
    (callback,) = office.due_callbacks()
    with pytest.raises(Forbidden):
        office.do(callbacks.record_result, callback.id, office.handler, office.now, GOOD, channel="phone")


def test_a_refusal_is_no_satisfaction(office):
    made = office.passed()
    (callback,) = office.due_callbacks()
    office.do(callbacks.record_attempt, callback.id, office.caller, office.now, channel="phone", outcome="refused")
    assert office.ticket(made.ticket_id).reason_code == "refused"


def test_a_stale_or_doubled_action_changes_nothing_and_says_why(office):
    made = office.dispatched()
    version = office.ticket(made.ticket_id).version
    with pytest.raises(Stale):
        office.do(handling.sign, made.ticket_id, office.handler, office.now, expected_version=version - 1)
    office.do(handling.sign, made.ticket_id, office.handler, office.now, expected_version=version)
    with pytest.raises(IllegalTransition):
        office.do(handling.sign, made.ticket_id, office.handler, office.now)
    assert office.ticket(made.ticket_id).version == version + 1


def test_the_handler_does_not_review(office):
    made = office.answered()
    impostor = callbacks.Actor(Role.REVIEWER, office.handler.staff_id)
    with pytest.raises(Forbidden, match="reviewer_is_handler"):
        office.do(handling.pass_answer, made.ticket_id, impostor, office.now)


def test_an_answer_sent_back_is_not_shown_and_can_be_given_again(office):
    made = office.answered()
    assert progress(office, made).answer is None
    office.do(handling.send_back, made.ticket_id, office.reviewer, office.now, note="没有说明整改时间")
    office.do(handling.answer, made.ticket_id, office.handler, office.now, answer="三日内整改。", outcome_code="solved")
    assert office.ticket(made.ticket_id).status == Status.ANSWERED


def test_a_return_ends_the_assignments_and_keeps_the_first_department(office):
    made = office.register()
    office.do(
        dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG", assisting=["HB", "CG"]
    )
    with office.database.read() as session:
        assert queries.ticket_page(session, office.operator, made.ticket_id).assisting == ("HB",)
    office.do(
        dispatching.take_back, made.ticket_id, office.reviewer, office.now, reason_code="not_ours", note="属住建职责"
    )
    with pytest.raises(Forbidden):
        office.do(handling.sign, made.ticket_id, office.handler, office.now)
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="ZJ")
    ticket = office.ticket(made.ticket_id)
    assert (ticket.first_department, ticket.lead_department) == ("CG", "ZJ")
    with office.database.read() as session, pytest.raises(NotFound):
        queries.ticket_page(session, office.handler, made.ticket_id)


def test_a_rejection_names_its_reason_and_outlet(office):
    made = office.register()
    office.do(dispatching.reject, made.ticket_id, office.operator, office.now, reason_code="discipline", outlet="12388")
    found = progress(office, made)
    assert (found.status, found.steps[-1].data) == (Status.REJECTED, {"reason": "discipline", "outlet": "12388"})


def test_an_answer_on_the_spot_closes(office):
    made = office.register(kind="咨询")
    office.do(dispatching.answer_directly, made.ticket_id, office.operator, office.now, answer="带身份证即可。")
    found = progress(office, made)
    assert (found.status, found.answer) == (Status.CLOSED, "带身份证即可。")


def test_a_withdrawal_is_the_hotlines(office):
    made = office.dispatched()
    with pytest.raises(Forbidden):
        office.do(dispatching.withdraw, made.ticket_id, office.handler, office.now, note="已劝说撤单")
    office.do(dispatching.withdraw, made.ticket_id, office.operator, office.now, note="已与诉求人核实")
    assert office.ticket(made.ticket_id).status == Status.WITHDRAWN


@pytest.mark.parametrize(
    ("work", "fields"),
    [
        (dispatching.dispatch, {"lead_department": "XX"}),
        (dispatching.dispatch, {"lead_department": "CG", "assisting": ["XX"]}),
        (dispatching.reject, {"reason_code": "我不想办"}),
    ],
)
def test_a_code_that_nobody_knows_changes_nothing(office, work, fields):
    made = office.register()
    with pytest.raises(Invalid):
        office.do(work, made.ticket_id, office.operator, office.now, **fields)
    assert office.ticket(made.ticket_id).status == Status.REGISTERED
