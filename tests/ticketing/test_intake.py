from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from ticketing import intake, numbering
from ticketing.errors import Forbidden, Invalid
from ticketing.models import Citizen, Clock, OutboxRow, Role, Status, Ticket, TicketEvent
from ticketing.workflow import Actor


def test_a_registration_writes_everything_at_once(everywhere):
    office = everywhere
    made = office.register()
    ticket = office.ticket(made.ticket_id)
    assert made.number == "260303-000001-" + made.number[-1]
    assert (ticket.status, ticket.profile, ticket.lead_department) == (Status.REGISTERED, "common", None)
    assert made.promised_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    assert made.promised_rule == "5 wd"
    with office.database.read() as session:
        assert [e.action for e in session.scalars(select(TicketEvent))] == ["register"]
        assert {c.name for c in session.scalars(select(Clock))} == {"citizen", "dispatch"}
        (row,) = session.scalars(select(OutboxRow))
    assert row.kind == "citizen_message"
    assert row.payload["purpose"] == "registered"


def test_personal_data_is_sealed_and_the_title_is_clean(office):
    ticket = office.ticket(office.register().ticket_id)
    assert "13900000000" not in ticket.content_redacted
    assert ticket.title == "楼下工地半夜施工吵得睡不着"
    assert "楼下".encode() not in ticket.content_sealed


def test_the_same_key_gives_the_first_ticket(everywhere):
    office = everywhere
    first, again = office.register(key="message-1"), office.register(key="message-1", content="另一段话")
    assert first == again
    assert office.register(key="message-2").number != first.number
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_one_phone_is_one_citizen(office):
    for phone in ("13900000000", "+86 139-0000-0000", "１３９００００００００"):
        office.register(phone=phone)
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Citizen)) == 1


def test_an_anonymous_appeal_keeps_no_person(office):
    ticket = office.ticket(office.register(anonymous=True).ticket_id)
    assert ticket.citizen_id is None
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Citizen)) == 0
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "骂人"}, "kind"),
        ({"content": "  \n"}, "content"),
        ({"content": "长" * 6000}, "content"),
        ({"place": "长" * 400}, "place"),
        ({"phone": "12345"}, "phone"),
        ({"phone": "'; DROP TABLE"}, "phone"),
        ({"city": "guangdong"}, "city"),
    ],
)
def test_a_draft_that_does_not_fit_is_refused(office, changed, field):
    with pytest.raises(Invalid) as refused:
        office.register(**changed)
    assert refused.value.details["field"] == field


def test_a_department_registers_nothing(office, draft):
    with office.database.write() as session, pytest.raises(Forbidden):
        intake.register(session, draft, {}, office.city, office.now, Actor(Role.DEPARTMENT), None)


def test_critical_matters_and_faults_of_utilities_have_their_own_limits(office):
    critical = office.register({"urgency": "critical", "department": "CG"})
    assert critical.promised_rule == "24 h"
    assert office.ticket(office.register({"department": "GR"}, kind="求助").ticket_id).profile == "utility"
    assert office.ticket(office.register({"department": "GR"}, kind="咨询").ticket_id).profile == "enquiry"


def test_a_sure_recommendation_is_dispatched_where_the_city_wants_it(office, city):
    sure = {"department": "CG", "auto": True}
    assert office.ticket(office.register(sure).ticket_id).status == Status.REGISTERED
    office.city = replace(city, auto_dispatch=True)
    ticket = office.ticket(office.register(sure).ticket_id)
    assert (ticket.status, ticket.lead_department) == (Status.DISPATCHED, "CG")


def test_the_query_code_can_be_told_again_but_is_not_stored(office):
    made = office.register()
    with office.database.read() as session:
        ticket = session.get_one(Ticket, made.ticket_id)
        assert numbering.same_code(session, ticket.id, ticket.query_code_mac, made.query_code)
        assert not numbering.same_code(session, ticket.id, ticket.query_code_mac, "x")
        assert len(made.query_code) == 6
