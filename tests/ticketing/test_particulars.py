from __future__ import annotations

from datetime import timedelta

import pytest

from ticketing import dispatching, handling, identity, particulars, queries, requests
from ticketing.errors import Forbidden, IllegalTransition, Invalid
from ticketing.explaining import explain
from ticketing.models import RequestKind, Role, Status
from ticketing.requests import Wish


def contact(office, made, who=None, channel="phone"):
    return office.on(particulars.contacted, made.ticket_id, who or office.handler, office.now, channel=channel)


def events(office, made, action):
    with office.database.read() as session:
        page = queries.ticket_page(session, office.operator, made.ticket_id)
    return [event for event in page.events if event.action == action]


def test_the_first_contact_stops_its_clock_and_says_whether_it_was_late(office):
    made = office.dispatched()
    with pytest.raises(Invalid):
        contact(office, made, channel="pigeon")
    with pytest.raises(Forbidden):
        contact(office, made, office.hire(Role.DEPARTMENT, "GA"))
    assert contact(office, made) is True
    office.now += timedelta(hours=30)
    assert contact(office, made) is False
    late = office.dispatched()
    office.now += timedelta(hours=25)
    contact(office, late)
    assert [event.data["late"] for event in events(office, made, "contact")] == [False, False]
    assert [event.data["late"] for event in events(office, late, "contact")] == [True]
    assert office.ticket(late.ticket_id).first_contact_at == office.now


def test_an_urgent_matter_moves_the_units_clock_and_back(office):
    made = office.dispatched()
    before = office.ticket(made.ticket_id).finish_due

    def urgency(value, who=office.operator):
        office.do(particulars.set_urgency, made.ticket_id, who, office.now, urgency=value, note="有老人被困")

    urgency("urgent")
    assert office.ticket(made.ticket_id).finish_due == before  # urgent alone changes no profile
    urgency("critical")
    ticket = office.ticket(made.ticket_id)
    assert (ticket.profile, ticket.finish_due) == ("urgent", office.now + timedelta(hours=24))
    assert ticket.sign_due == office.now + timedelta(minutes=15)
    assert ticket.promised_at == made.promised_at
    urgency("normal")
    assert office.ticket(made.ticket_id).finish_due == before
    with office.database.read() as session:
        story = next(story for story in explain(session, made.ticket_id) if story.name == "finish")
    assert [revision.cause for revision in story.revisions] == ["dispatch", "set_urgency", "set_urgency"]
    for value, error in (("normal", IllegalTransition), ("soon", Invalid)):
        with pytest.raises(error):
            urgency(value)
    with pytest.raises(Forbidden):
        urgency("critical", office.handler)


def test_a_new_ticket_becomes_urgent_without_a_units_clock(office):
    made = office.register()
    office.do(particulars.set_urgency, made.ticket_id, office.operator, office.now, urgency="critical", note="险情")
    assert office.ticket(made.ticket_id).finish_due is None


def test_a_pause_and_urgency_do_not_mix(office):
    made = office.dispatched()
    office.do(handling.sign, made.ticket_id, office.handler, office.now)
    wish = Wish(RequestKind.SUSPENSION, "season", "冬季不能施工。", until=office.now + timedelta(days=9))
    request = office.do(requests.ask, made.ticket_id, office.handler, office.now, wish).request_id
    office.do(requests.decide, request, office.reviewer, office.now, approve=True, note=None)
    with pytest.raises(IllegalTransition, match="ticket_suspended"):
        office.do(particulars.set_urgency, made.ticket_id, office.operator, office.now, urgency="critical", note="急")
    assert office.ticket(made.ticket_id).urgency == "normal"


def test_a_complaint_about_a_department_is_never_handled_by_it_alone(office):
    made = office.register()

    def accuse(department, who=office.operator):
        office.do(particulars.set_accused, made.ticket_id, who, office.now, department=department)

    accuse("CG")
    with pytest.raises(Invalid):
        accuse("XX")
    with pytest.raises(Forbidden):
        accuse(None, office.handler)
    who = (made.ticket_id, office.operator, office.now)
    with pytest.raises(Invalid, match="accused_alone"):
        office.do(dispatching.dispatch, *who, lead_department="CG")
    assert office.ticket(made.ticket_id).status == Status.REGISTERED
    office.do(dispatching.dispatch, *who, lead_department="CG", assisting=("SF",))
    with pytest.raises(IllegalTransition):
        accuse(None)


def test_an_accused_unit_never_learns_who_reported(office):
    made = office.dispatched(kind="举报", confidential=True, place="东胜区13900000000旁")
    note = "举报人电话13900000000，请保密。"
    office.on(particulars.supplement, made.ticket_id, office.operator, office.now, note=note)
    handler = office.handler
    with office.database.read() as session:
        seen = queries.ticket_page(session, handler, made.ticket_id)
        known = queries.ticket_page(session, office.operator, made.ticket_id)
    assert "13900000000" not in str(seen) and (seen.phone, seen.name) == (None, None)
    assert note in [event.note for event in known.events]
    with pytest.raises(Forbidden):
        office.on(identity.reveal, handler, made.ticket_id, "联系", office.now)


def test_a_second_matter_becomes_a_child_of_the_first(office):
    made = office.register()

    def split(**changed):
        fields = {"content": "另外路灯不亮。", "kind": "求助", "key": "k1"} | changed
        return office.do(particulars.split, made.ticket_id, office.operator, office.now, **fields)

    child = split()
    assert split().ticket_id == child.ticket_id
    ticket, parent = office.ticket(child.ticket_id), office.ticket(made.ticket_id)
    assert (ticket.parent_id, ticket.citizen_id, ticket.status) == (parent.id, parent.citizen_id, Status.REGISTERED)
    assert [event.data["child"] for event in events(office, made, "split")] == [child.number]
    with pytest.raises(Invalid):
        split(kind="闲聊", key="k2")
    with pytest.raises(Forbidden):
        office.do(particulars.split, made.ticket_id, office.caller, office.now, content="另一件", kind="求助", key="k3")


def test_nothing_is_added_to_what_is_over(office):
    made = office.register()
    office.do(dispatching.withdraw, made.ticket_id, office.operator, office.now, note="已确认")
    with pytest.raises(IllegalTransition):
        office.on(particulars.supplement, made.ticket_id, office.operator, office.now, note="还有")
