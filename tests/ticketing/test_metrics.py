"""The metrics: real tickets on both databases, both accountings, with and without 考核剔除."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from ticketing import callbacks, dispatching, durations, handling, measuring, pauses
from ticketing.measuring import Question, percent
from ticketing.metrics import METRICS, Accounting
from ticketing.models import Exclusion, Ticket, TicketEvent, new_id
from ticketing.privacy import seal
from ticketing.statements import table_of
from ticketing.surveys import SurveyAnswer

COHORT, PERIOD = Accounting.COHORT, Accounting.PERIOD
MARCH = Question(
    COHORT, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
)
DAY = timedelta(days=1)


def ask(office, code, question=MARCH):
    with office.database.read() as session:
        return measuring.measure(session, office.city, question, [code])[code]


def both(office, code):
    """Numerator and denominator by cohort and by period."""
    found = [ask(office, code, replace(MARCH, accounting=way)).everything for way in (COHORT, PERIOD)]
    return [(value.numerator, value.denominator) for value in found]


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [
        (22586, 23328, "96.82"),
        (537300, 540611, "99.39"),
        (45767, 49987, "91.56"),
        (6673, 8947, "74.58"),
        (1715, 2274, "75.42"),
        (1, 3, "33.33"),
        (1, 200, "0.50"),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
    ],
)
def test_shares_are_rounded_half_up_to_two_decimals(numerator, denominator, value):
    assert percent(numerator, denominator) == Decimal(value)


def test_nothing_of_nothing_has_no_value():
    assert percent(0, 0) is None


def test_an_empty_house_has_no_figure_that_looks_good(office):
    with office.database.read() as session:
        figures = measuring.measure(session, office.city, MARCH)
    assert set(figures) == set(METRICS)
    assert {figure.everything.value for figure in figures.values()} == {None}


def test_the_phone_is_not_built_and_the_screen_can_say_so(office):
    assert ask(office, "connected").known is False


def test_the_published_figures_of_a_real_hotline_come_out_of_the_sql(everywhere):
    """8,947 accepted: 6,673 answered directly, 2,274 transferred, of which 1,715 are closed."""
    history = [("accept", "registered", "accepted")]
    direct = [*history, ("answer_directly", "accepted", "closed")]
    open_ = [*history, ("dispatch", "accepted", "dispatched")]
    done = [
        *open_,
        ("sign", "dispatched", "handling"),
        ("answer", "handling", "answered"),
        ("pass", "answered", "callback"),
        ("close", "callback", "closed"),
    ]
    _fill(everywhere, [(direct, 6673), (done, 1715), (open_, 559)])
    assert both(everywhere, "direct") == [(6673, 8947)] * 2
    assert ask(everywhere, "direct").everything.value == Decimal("74.58")
    assert both(everywhere, "transferred_closed") == [(1715, 2274)] * 2
    assert ask(everywhere, "transferred_closed").everything.value == Decimal("75.42")
    assert ask(everywhere, "closed").everything.value == percent(6673 + 1715, 8947)


def _fill(office, groups):
    """Tickets with nothing but their milestones."""
    tickets, events = [], []
    for steps, count in groups:
        for _ in range(count):
            ticket_id = new_id()
            tickets.append(_bare(office, ticket_id, steps[-1][2]))
            for seq, (action, before, after) in enumerate(steps, 1):
                at = office.now + timedelta(minutes=seq)
                events.append(_event(ticket_id, seq, at, action, before, after))
    with office.database.write() as session:
        session.execute(insert(table_of(Ticket)), tickets)
        session.execute(insert(table_of(TicketEvent)), events)


def _bare(office, ticket_id, status):
    sealed = dict.fromkeys(("query_code_mac", "content_sealed"), b"x")
    return sealed | {
        "id": ticket_id, "number": str(ticket_id), "city": office.city.code, "channel": "phone",
        "registered_at": office.now, "kind": "投诉", "title": "噪音", "content_redacted": "", "evidence": {},
        "status": status, "profile": "appeal", "promised_at": office.now + 5 * DAY, "lead_department": "CG",
    }  # fmt: skip


def _event(ticket_id, seq, at, action, before, after):
    return {
        "id": new_id(), "at": at, "ticket_id": ticket_id, "seq": seq, "action": action, "from_status": before,
        "to_status": after, "actor_role": "system", "data": {"department": "CG"}, "previous_hash": b"", "hash": b"",
    }  # fmt: skip


def _rate(office, made, now, **said):
    callback = next(due for due in office.due_callbacks() if due.ticket_id == made.ticket_id)
    words = {"contacted": True, "resolved": True, "department_rating": 5, "hotline_rating": 5} | said
    office.do(callbacks.record_result, callback.id, office.caller, now, SurveyAnswer(**words), channel="phone")


def test_ratings_count_what_was_said_and_silence_is_not_satisfaction(everywhere):
    office = everywhere
    good, fair, bad, _silent = (office.passed(phone=f"139000000{n:02d}") for n in range(4))
    _rate(office, good, office.now + DAY, contacted=None)
    _rate(office, fair, office.now + DAY, department_rating=3, resolved=False, contacted=False)
    _rate(office, bad, office.now + DAY, department_rating=1, resolved=False, reason="没有解决", hotline_rating=None)
    assert both(office, "satisfied") == [(2, 3)] * 2
    assert both(office, "resolved") == [(1, 3)] * 2
    assert both(office, "contacted") == [(1, 2)] * 2
    assert both(office, "satisfied_hotline") == [(2, 2)] * 2
    assert both(office, "rated") == [(3, 4)] * 2
    assert both(office, "reworked") == [(1, 4)] * 2
    assert both(office, "call_back_reached") == [(3, 3)] * 2


def test_an_answer_after_the_cutoff_is_not_known_yet(office):
    made = office.passed()
    _rate(office, made, office.now + 3 * DAY)
    early = replace(MARCH, as_of=office.now + DAY)
    assert ask(office, "satisfied", early).everything.value is None
    assert ask(office, "closed", early).everything.numerator == 0
    assert ask(office, "closed").everything.numerator == 1


def test_the_two_accountings_are_apart(office):
    """Registered in February and closed in March: a February ticket by cohort, a March close by period."""
    office.now = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
    made = office.passed()
    _rate(office, made, datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    assert [pair[0] for pair in both(office, "closed")] == [0, 1]
    assert [pair[1] for pair in both(office, "closed")] == [0, 0]
    assert both(office, "satisfied") == [(0, 0), (1, 1)]


def test_a_late_answer_and_an_open_late_ticket_are_both_overdue(everywhere):
    office = everywhere
    late, _open, timely = office.dispatched(), office.dispatched(), office.dispatched()
    office.handle(timely.ticket_id)
    office.now += 10 * DAY
    office.handle(late.ticket_id)
    assert both(office, "finished_in_time") == [(1, 3)] * 2
    assert both(office, "overdue") == [(2, 3)] * 2
    assert both(office, "signed_in_time") == [(1, 3)] * 2


def test_an_answer_that_was_sent_back_is_no_answer(office):
    made = office.answered()
    office.do(handling.send_back, made.ticket_id, office.reviewer, office.now + DAY, note="没有答复到点上")
    assert both(office, "finished_in_time") == [(0, 1)] * 2
    late = office.now + 20 * DAY
    office.do(handling.answer, made.ticket_id, office.handler, late, answer="已停工。", outcome_code="solved")
    assert both(office, "overdue") == [(1, 1)] * 2


def test_a_return_is_counted_and_frees_the_department_of_its_clock(everywhere):
    office = everywhere
    made = office.dispatched()
    reviewer, later = office.reviewer, office.now + timedelta(hours=2)
    office.do(dispatching.take_back, made.ticket_id, reviewer, later, reason_code="not_ours", note="非城管职责")
    office.do(dispatching.dispatch, made.ticket_id, office.operator, later, lead_department="HB")
    assert both(office, "returned") == [(1, 2)] * 2
    assert both(office, "redirected") == [(1, 2)] * 2
    assert both(office, "finished_in_time") == [(0, 1)] * 2
    assert ask(office, "overdue", replace(MARCH, department="CG")).everything.denominator == 0


def test_withdrawn_is_never_done(office):
    made = office.dispatched()
    office.do(dispatching.withdraw, made.ticket_id, office.operator, office.now, note="诉求人确认不再反映")
    assert both(office, "closed") == [(0, 0)] * 2
    assert both(office, "withdrawn") == [(1, 1)] * 2


def test_what_is_excluded_counts_in_one_figure_and_not_in_the_other(everywhere):
    office = everywhere
    bad, good = office.passed(), office.passed()
    _rate(office, bad, office.now, department_rating=1, reason="就是不满意")
    _rate(office, good, office.now)
    with office.database.write() as session:
        session.add(
            Exclusion(
                id=new_id(), ticket_id=bad.ticket_id, department="CG", status="granted", reason_code="unreasonable",
                evidence_sealed=seal(session, "依据"), files=[], asked_at=office.now, decided_at=office.now,
            )
        )  # fmt: skip
    figure = ask(office, "satisfied")
    assert (figure.everything.value, figure.assessed.value) == (Decimal("50.00"), Decimal("100.00"))
    assert ask(office, "rated").assessed is None


def test_who_comes_back_within_a_week_was_not_served_the_first_time(everywhere):
    office = everywhere
    first = office.passed(phone="13900000001")
    once = office.passed(phone="13900000002")
    for made in (first, once):
        _rate(office, made, office.now)
    office.now += 5 * DAY
    office.dispatched(phone="13900000001")
    assert both(office, "first_time") == [(1, 2)] * 2
    assert both(office, "repeated") == [(1, 3)] * 2


def test_each_department_has_its_own_figures(office):
    office.dispatched()
    with office.database.read() as session:
        found = measuring.measure_by(session, office.city, MARCH, "department", ["finished_in_time", "closed"])
    assert set(found) == {"CG"}
    assert found["CG"]["finished_in_time"].everything.denominator == 1


def test_length_is_in_working_time(office):
    made = office.passed()
    friday = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)  # from Tuesday 10:00 to Friday 17:00: three days and a bit
    _rate(office, made, friday)
    worked = pauses.worked(office.city.calendar, office.now, friday)
    assert float(ask(office, "median_time").everything.value) == round(worked.total_seconds() / 3600, 2)


def test_working_hours_agree_with_the_clock_itself(city):
    worked = durations.Worked(city.calendar)
    start = datetime(2026, 1, 30, 6, 17, tzinfo=UTC)
    for hours in range(0, 1200, 37):
        end = start + timedelta(hours=hours)
        expected = pauses.worked(city.calendar, start, end).total_seconds() / 3600
        assert worked.hours(start, end) == pytest.approx(expected)
    assert worked.hours(end, start) == 0


def test_quantiles_are_values_that_occurred():
    assert durations.quantile([4.0, 1.0, 3.0, 2.0], 0.5) == Decimal("2.00")
    assert durations.quantile([float(n) for n in range(1, 11)], 0.9) == Decimal("9.00")
    assert durations.quantile([], 0.5) is None
