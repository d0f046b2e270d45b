from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select

from ticketing import audit, dispatching, handling, particulars, requests, rulings
from ticketing.errors import Conflict, Forbidden, HotlineError, IllegalTransition, Invalid, NotFound, Stale
from ticketing.explaining import explain
from ticketing.models import Assignment, OutboxRow, Request, RequestKind, Role, Status, TicketEvent, new_id
from ticketing.requests import Wish
from ticketing.workflow import Actor

SYSTEM = Actor(Role.SYSTEM)
RETURN = Wish(RequestKind.RETURN, "not_ours", "噪声扰民由公安机关管辖。", "《噪声污染防治法》第八十七条")
INCOMPLETE = Wish(RequestKind.RETURN, "incomplete", "没有写明小区名称。")
EXTENSION = Wish(RequestKind.EXTENSION, "works", "设备采购需要时间。")
WITHDRAWAL = Wish(RequestKind.WITHDRAWAL, "settled", "问题已经解决，不用再办了。")


def at_once(*works):
    """The result or the error of each, all started at the same moment."""
    start = Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        except HotlineError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def ask(office, made, wish, who=None):
    return office.do(requests.ask, made.ticket_id, who or office.handler, office.now, wish).request_id


def decide(office, request, *, approve=True, note="同意", who=None):
    return office.do(requests.decide, request, who or office.reviewer, office.now, approve=approve, note=note)


def handling_ticket(office, **changed):
    made = office.dispatched(**changed)
    office.do(handling.sign, made.ticket_id, office.handler, office.now)
    return made


def request_of(office, request):
    with office.database.read() as session:
        return session.get_one(Request, request)


def messages(office, made):
    with office.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "citizen_message").order_by(OutboxRow.id))
        return [row.payload for row in rows if row.payload["ticket_id"] == str(made.ticket_id)]


def tell_all(office, made):
    """What the worker does with messages that carry a request."""
    for payload in messages(office, made):
        if "request_id" in payload:
            office.do(requests.told, UUID(payload["request_id"]), SYSTEM, office.now)


def story(office, made, name="finish"):
    with office.database.read() as session:
        return next(story for story in explain(session, made.ticket_id) if story.name == name)


def test_a_return_goes_back_to_the_hotline_and_is_learned_from(everywhere):
    office = everywhere
    made = handling_ticket(office)
    request = ask(office, made, RETURN)
    assert office.ticket(made.ticket_id).status == Status.HANDLING
    assert decide(office, request) == "effective"
    ticket = office.ticket(made.ticket_id)
    assert (ticket.status, ticket.return_count, ticket.lead_department) == (Status.ACCEPTED, 1, None)
    assert (ticket.first_department, ticket.promised_at) == ("CG", made.promised_at)
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="GA")
    with office.database.read() as session:
        (learned,) = particulars.upheld_returns(session, office.now - timedelta(hours=1))
        assert (learned.code, learned.from_department, learned.to_department) == ("not_ours", "CG", "GA")
        assert audit.verify(session) == ()
    assert office.ticket(made.ticket_id).first_department == "CG"


def test_a_denied_return_changes_nothing_and_says_why(office):
    made = handling_ticket(office)
    request = ask(office, made, RETURN)
    with pytest.raises(Invalid):
        decide(office, request, approve=False, note=" ")
    assert decide(office, request, approve=False, note="属于城管职责。") == "denied"
    ticket = office.ticket(made.ticket_id)
    assert (ticket.status, ticket.lead_department, ticket.return_count) == (Status.HANDLING, "CG", 0)
    with pytest.raises(Conflict, match="request_decided"):
        decide(office, request)
    office.do(handling.answer, made.ticket_id, office.handler, office.now, answer="已责令停工。", outcome_code="solved")


def test_a_return_is_asked_for_within_a_working_day(office):
    made = handling_ticket(office)
    office.now += timedelta(days=1, hours=7, minutes=31)  # Wednesday 17:31
    with pytest.raises(IllegalTransition, match="return_too_late"):
        ask(office, made, RETURN)


def test_an_incomplete_ticket_comes_back_completed_and_counts_apart(office):
    made = handling_ticket(office)
    decide(office, ask(office, made, INCOMPLETE))
    assert office.ticket(made.ticket_id).return_count == 0
    office.on(particulars.supplement, made.ticket_id, office.operator, office.now, note="东胜区某小区")
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG")
    decide(office, ask(office, made, INCOMPLETE))
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="CG")
    with pytest.raises(IllegalTransition, match="no_returns_left"):
        ask(office, made, INCOMPLETE)
    with office.database.read() as session:
        assert particulars.upheld_returns(session, office.now) == ()


def test_after_two_returns_the_departments_are_heard_and_one_is_named(everywhere):
    office = everywhere
    police, housing = office.hire(Role.DEPARTMENT, "GA"), office.hire(Role.DEPARTMENT, "ZJ")
    made = office.dispatched()
    decide(office, ask(office, made, RETURN))
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="GA")
    decide(office, ask(office, made, RETURN, police))

    def send(department, who=office.operator):
        return office.do(dispatching.dispatch, made.ticket_id, who, office.now, lead_department=department)

    def rule(who=office.supervisor, **changed):
        fields = {"department": "ZJ", "basis": "三定方案", "note": "由住建局办理", "proposal": "施工噪声改派住建局"}
        return office.do(rulings.rule, made.ticket_id, who, office.now, **fields | changed)

    def hear(department, who=office.operator):
        return office.do(rulings.hear, made.ticket_id, who, office.now, department=department, opinion="不归我们管")

    with pytest.raises(IllegalTransition, match="ruling_needed"):
        send("ZJ")
    with pytest.raises(Forbidden):
        hear("CG")
    heads = {"who": office.reviewer}
    hear("CG", **heads)
    with pytest.raises(IllegalTransition, match="hearing_needed"):
        rule()
    assert hear("GA", **heads) == hear("GA", **heads)
    with pytest.raises(Forbidden):
        rule(office.reviewer)
    with pytest.raises(Invalid):
        rule(department="XX")
    with pytest.raises(Invalid):
        hear("XX", **heads)
    rule()
    with pytest.raises(Invalid, match="ruled_otherwise"):
        send("CG")
    with pytest.raises(IllegalTransition, match="no_dispute"):
        hear("CG", **heads)
    send("ZJ")
    with pytest.raises(IllegalTransition, match="dispatched_by_ruling"):
        ask(office, made, RETURN, housing)
    with office.database.read() as session:
        view = rulings.of_ticket(session, made.ticket_id)
        assert (view.department, sorted(view.heard), view.proposal) == ("ZJ", ["CG", "GA"], "施工噪声改派住建局")
        assert [ticket for ticket, _ in rulings.proposals(session)] == [made.ticket_id]
        last = session.scalars(select(TicketEvent).order_by(TicketEvent.id.desc())).first()
        assert last.data["forced"] and last.data["returned"] == {"from": "GA", "reason": "not_ours"}
        assert rulings.of_ticket(session, new_id()) is None


def test_an_extension_waits_until_the_citizen_was_told(everywhere):
    office = everywhere
    made = handling_ticket(office)
    before = office.ticket(made.ticket_id).finish_due
    request = ask(office, made, EXTENSION)
    assert decide(office, request) == "approved"
    assert office.ticket(made.ticket_id).finish_due == before
    tell_all(office, made)
    tell_all(office, made)
    ticket = office.ticket(made.ticket_id)
    assert ticket.finish_due - before == timedelta(days=7)  # five working days
    assert ticket.promised_at == made.promised_at
    assert request_of(office, request).status == "effective"
    told = story(office, made)
    assert [r.cause for r in told.revisions] == ["dispatch", "extension"]
    assert told.latest.explanation["due_before"] == before.isoformat()
    assert [day["kind"] for day in told.latest.explanation["skipped"]] == ["weekend", "weekend"]
    with pytest.raises(IllegalTransition, match="granted_before"):
        ask(office, made, EXTENSION)
    until = next(p["until"] for p in messages(office, made) if p["purpose"] == "extended")
    assert until == ticket.finish_due.isoformat()


def test_where_nobody_can_be_told_an_extension_counts_at_once(office):
    made = handling_ticket(office, phone=None, wants_reply=False)
    assert decide(office, ask(office, made, EXTENSION)) == "effective"


def test_an_operator_tells_the_citizen_by_phone(office):
    made = handling_ticket(office)
    request = ask(office, made, EXTENSION)
    with pytest.raises(Forbidden):
        office.do(requests.told, request, office.handler, office.now)
    assert office.do(requests.told, request, office.operator, office.now) is False
    decide(office, request)
    assert office.do(requests.told, request, office.operator, office.now) is True
    assert office.do(requests.told, request, office.operator, office.now) is False


def test_an_extension_that_comes_too_late_lapses_with_the_answer(office):
    made = handling_ticket(office)
    request = ask(office, made, EXTENSION)
    decide(office, request)
    office.do(handling.answer, made.ticket_id, office.handler, office.now, answer="已处理。", outcome_code="solved")
    assert request_of(office, request).status == "lapsed"
    assert office.do(requests.told, request, office.operator, office.now) is False


def test_utilities_get_no_extension(office):
    made = office.register()
    office.do(dispatching.dispatch, made.ticket_id, office.operator, office.now, lead_department="GR")
    heating = office.hire(Role.DEPARTMENT, "GR")
    office.do(handling.sign, made.ticket_id, heating, office.now)
    with pytest.raises(IllegalTransition, match="not_extendable"):
        ask(office, made, EXTENSION, heating)


def test_a_statutory_period_starts_with_an_interim_answer(office):
    made = handling_ticket(office)
    wish = Wish(RequestKind.STATUTORY, "labour_inspection", "已立案。", interim="劳动监察大队已立案调查。")
    with pytest.raises(Invalid, match="code_unknown"):
        ask(office, made, replace(wish, reason_code="chess"))
    decide(office, ask(office, made, wish))
    tell_all(office, made)
    clock = story(office, made).latest
    assert (clock.rule, clock.cause) == ("60 wd", "statutory")
    assert "劳动保障监察条例" in clock.basis
    assert [p["purpose"] for p in messages(office, made)][-1] == "interim"
    assert "劳动监察" not in str(messages(office, made))


def test_a_complex_matter_has_fifteen_days_and_no_request_shortens(office):
    made = handling_ticket(office)
    wish = Wish(RequestKind.STATUTORY, "labour_inspection", "已立案。", interim="已立案。")
    decide(office, ask(office, made, wish))
    tell_all(office, made)
    long = office.ticket(made.ticket_id).finish_due
    decide(office, ask(office, made, Wish(RequestKind.COMPLEX, "legacy", "历史遗留。")))
    tell_all(office, made)
    ticket = office.ticket(made.ticket_id)
    assert (ticket.finish_due, ticket.profile) == (long, "complex")


def test_another_department_helps_by_a_date_of_its_own(office):
    made = handling_ticket(office)
    until = office.ticket(made.ticket_id).finish_due - timedelta(days=1)
    wish = Wish(RequestKind.ASSISTANCE, "on_site", "请配合现场检查。", to_department="GA", until=until)
    for changed in ({"to_department": "CG"}, {"to_department": "XX"}, {"until": until + timedelta(days=3)}):
        with pytest.raises(Invalid):
            ask(office, made, replace(wish, **changed))
    decide(office, ask(office, made, wish))
    with office.database.read() as session:
        part = session.scalars(select(Assignment).where(Assignment.department == "GA")).one()
    assert (part.part, part.due_at, part.ended_at) == ("assisting", until, None)


def pause(office, days=7):
    return Wish(RequestKind.SUSPENSION, "citizens_papers", "等合同。", until=office.now + timedelta(days=days))


def test_a_pause_counts_once(everywhere):
    office = everywhere
    made = handling_ticket(office)
    before = office.ticket(made.ticket_id).finish_due
    request = ask(office, made, pause(office))
    decide(office, request)
    ticket = office.ticket(made.ticket_id)
    assert (ticket.suspended_at, ticket.finish_due - before) == (office.now, timedelta(days=7))
    with pytest.raises(IllegalTransition, match="ticket_suspended"):
        office.do(handling.answer, made.ticket_id, office.handler, office.now, answer="好", outcome_code="solved")
    with pytest.raises(IllegalTransition, match="ticket_suspended"):
        ask(office, made, EXTENSION)
    office.now += timedelta(days=2)
    office.do(requests.resume, made.ticket_id, office.handler, office.now)
    assert office.ticket(made.ticket_id).finish_due - before == timedelta(days=2)
    with pytest.raises(IllegalTransition, match="not_suspended"):
        office.do(requests.resume, made.ticket_id, office.handler, office.now)
    assert request_of(office, request).status == "ended"
    assert [r.cause for r in story(office, made).revisions] == ["dispatch", "suspension", "resume"]
    assert [p["purpose"] for p in messages(office, made)][-2:] == ["suspended", "resumed"]


def test_a_pause_ends_by_itself_on_its_day(office):
    made = handling_ticket(office)
    decide(office, ask(office, made, pause(office)))
    projected = office.ticket(made.ticket_id).finish_due
    office.now += timedelta(days=6)
    assert office.do(requests.resume_due, office.now) == 0
    office.now += timedelta(days=1)
    assert office.do(requests.resume_due, office.now) == 1
    assert office.do(requests.resume_due, office.now) == 0
    assert office.ticket(made.ticket_id).finish_due == projected


def test_only_the_unit_and_the_heads_end_a_pause(office):
    made = handling_ticket(office)
    decide(office, ask(office, made, pause(office)))
    for who in (office.hire(Role.DEPARTMENT, "GA"), office.operator, office.caller):
        with pytest.raises(Forbidden):
            office.do(requests.resume, made.ticket_id, who, office.now)
    office.do(requests.resume, made.ticket_id, office.supervisor, office.now, note="材料已齐")


@pytest.mark.parametrize("days", [-1, 0, 91])
def test_a_pause_has_a_sensible_end(office, days):
    made = handling_ticket(office)
    with pytest.raises(Invalid, match="until_unfit"):
        ask(office, made, pause(office, days))


def test_a_withdrawal_is_confirmed_by_another_person_and_never_asked_by_the_department(office):
    made = handling_ticket(office)
    with pytest.raises(Forbidden):
        ask(office, made, WITHDRAWAL)
    request = ask(office, made, WITHDRAWAL, Actor(Role.CITIZEN))
    with pytest.raises(Forbidden):
        decide(office, request)  # a reviewer does not speak with citizens
    decide(office, request, who=office.caller)
    assert office.ticket(made.ticket_id).status == Status.WITHDRAWN
    with office.database.read() as session:
        actions = session.scalars(select(TicketEvent.action).order_by(TicketEvent.seq)).all()
    assert actions[-3:] == ["request", "approve", "withdraw"]


def test_a_withdrawal_ends_a_pause(office):
    made = handling_ticket(office)
    paused = ask(office, made, pause(office))
    decide(office, paused)
    decide(office, ask(office, made, WITHDRAWAL, office.operator), who=office.caller)
    assert office.ticket(made.ticket_id).suspended_at is None
    assert request_of(office, paused).status == "ended"


def test_fields_are_bounded_and_known(office):
    made = handling_ticket(office)
    for changed in ({"reason_code": "because"}, {"note": "长" * 6000}, {"note": "  "}, {"basis": "长" * 1001}):
        with pytest.raises(Invalid):
            ask(office, made, replace(EXTENSION, **changed))
    with pytest.raises(NotFound):
        decide(office, new_id())
    with pytest.raises(Stale):
        office.do(requests.ask, made.ticket_id, office.handler, office.now, EXTENSION, expected_version=0)


def test_the_page_offers_what_may_be_asked(office):
    made = handling_ticket(office)

    def offered(who):
        with office.database.read() as session:
            ticket = session.merge(office.ticket(made.ticket_id))
            return set(requests.may_ask(session, office.city, ticket, who, office.now))

    assert offered(office.handler) == set(RequestKind) - {RequestKind.WITHDRAWAL}
    assert offered(office.operator) == {RequestKind.WITHDRAWAL}
    ask(office, made, RETURN)
    assert RequestKind.RETURN not in offered(office.handler)
    assert offered(office.hire(Role.DEPARTMENT, "GA")) == set()


def test_of_two_who_decide_at_once_one_wins(everywhere):
    office = everywhere
    made = handling_ticket(office)
    request, other = ask(office, made, RETURN), office.hire(Role.REVIEWER)
    results = at_once(
        *[
            lambda who=who, yes=yes: decide(office, request, approve=yes, who=who)
            for who in (office.reviewer, other)
            for yes in (True, False)
        ]
    )
    assert len([result for result in results if not isinstance(result, HotlineError)]) == 1
    with office.database.read() as session:
        assert audit.verify(session) == ()


def test_a_pause_and_a_withdrawal_at_once_leave_one_truth(everywhere):
    office = everywhere
    made = handling_ticket(office)
    paused = ask(office, made, pause(office))
    withdrawn = ask(office, made, WITHDRAWAL, office.operator)
    at_once(lambda: decide(office, paused), lambda: decide(office, withdrawn, who=office.caller))
    ticket = office.ticket(made.ticket_id)
    assert (ticket.status, ticket.suspended_at) == (Status.WITHDRAWN, None)
    assert request_of(office, paused).status in {"ended", "lapsed"}
