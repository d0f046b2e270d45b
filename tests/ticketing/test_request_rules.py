"""Every kind of request × status × role, in words of its own beside the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid
from ticketing.models import RequestKind, Role, Status
from ticketing.request_rules import RULES, Asked, askable, check_ask, check_decide
from ticketing.workflow import Actor, Facts

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
# kind: in which states: who asks: who decides
DESIGN = """
return: dispatched handling: department: dispatcher reviewer
extension: handling: department: dispatcher reviewer supervisor
statutory: handling: department: dispatcher reviewer supervisor
complex: handling: department: dispatcher reviewer supervisor
assistance: dispatched handling: department: operator dispatcher reviewer
suspension: handling: department: dispatcher reviewer supervisor
withdrawal: registered accepted dispatched handling: operator dispatcher callback citizen bot: front callback
"""
TABLE = {
    RequestKind(kind): [set(part.replace("front", "operator dispatcher").split()) for part in parts]
    for kind, *parts in (line.split(":") for line in DESIGN.strip().splitlines())
}
ALL = frozenset({"note", "basis", "interim", "to_department", "until"})


def asked(**changed):
    values = {"finish_due": NOW + timedelta(days=1), "return_until": NOW + timedelta(hours=1), "given": ALL}
    return Asked(Facts(lead_department="CG"), NOW, **{"reason_code": "not_ours"} | values | changed)


def actor(role):
    return Actor(role, uuid4(), "CG" if role is Role.DEPARTMENT else None)


@pytest.mark.parametrize(("kind", "status", "role"), list(product(RequestKind, Status, Role)))
def test_who_may_ask(kind, status, role):
    states, askers, _ = TABLE[kind]
    if status in states and role in askers:
        check_ask(kind, status, actor(role), asked())
        assert kind in askable(status, actor(role), asked())
        return
    with pytest.raises(Forbidden if status in states else IllegalTransition):
        check_ask(kind, status, actor(role), asked())
    assert kind not in askable(status, actor(role), asked())


@pytest.mark.parametrize(("kind", "status", "role"), list(product(RequestKind, Status, Role)))
def test_who_may_decide(kind, status, role):
    states, _, deciders = TABLE[kind]
    if status in states and role in deciders:
        check_decide(kind, status, actor(role), uuid4())
        return
    with pytest.raises(IllegalTransition if role in deciders else Forbidden):
        check_decide(kind, status, actor(role), uuid4())


def test_nobody_decides_what_they_asked_for():
    me = actor(Role.OPERATOR)
    with pytest.raises(Forbidden, match="decider_is_asker"):
        check_decide(RequestKind.WITHDRAWAL, Status.ACCEPTED, me, me.staff_id)
    with pytest.raises(Forbidden):
        check_decide(RequestKind.WITHDRAWAL, Status.ACCEPTED, Actor(Role.OPERATOR), None)


@pytest.mark.parametrize("department", [None, "GA"])
def test_a_department_asks_about_its_own_tickets_only(department):
    with pytest.raises(Forbidden, match="not_your_ticket"):
        check_ask(RequestKind.EXTENSION, Status.HANDLING, Actor(Role.DEPARTMENT, uuid4(), department), asked())


REFUSED = [
    ("return", {"return_until": NOW - timedelta(seconds=1)}, "return_too_late"),
    ("return", {"facts": Facts(lead_department="CG", ruled_department="CG")}, "dispatched_by_ruling"),
    ("return", {"facts": Facts(lead_department="CG", suspended=True)}, "ticket_suspended"),
    ("return", {"reason_code": "incomplete", "returned_incomplete": 2}, "no_returns_left"),
    ("extension", {"finish_due": NOW}, "too_late_to_ask"),
    ("extension", {"finish_due": None}, "too_late_to_ask"),
    ("extension", {"extendable": False}, "not_extendable"),
    ("extension", {"granted": {"extension": 1}}, "granted_before"),
    ("extension", {"facts": Facts(lead_department="CG", suspended=True)}, "ticket_suspended"),
    ("statutory", {"granted": {"statutory": 1}}, "granted_before"),
    ("complex", {"granted": {"complex": 1}}, "granted_before"),
    ("suspension", {"finish_due": NOW - timedelta(days=1)}, "too_late_to_ask"),
]


@pytest.mark.parametrize(("kind", "changed", "why"), REFUSED)
def test_a_guard_says_why(kind, changed, why):
    values = {"reason_code": "not_ours", "given": ALL, "finish_due": NOW + timedelta(days=1)} | changed
    facts = values.pop("facts", Facts(lead_department="CG"))
    with pytest.raises(IllegalTransition, match=why):
        check_ask(RequestKind(kind), Status.HANDLING, actor(Role.DEPARTMENT), Asked(facts, NOW, **values))


def test_the_same_thing_is_not_asked_twice_at_once():
    with pytest.raises(Conflict, match="request_pending"):
        check_ask(RequestKind.RETURN, Status.HANDLING, actor(Role.DEPARTMENT), asked(pending=frozenset({"return"})))


@pytest.mark.parametrize("kind", RequestKind)
def test_each_needed_field_is_asked_for(kind):
    role = Role(sorted(TABLE[kind][1])[0])
    for field in RULES[kind].needs:
        with pytest.raises(Invalid) as refused:
            check_ask(kind, Status.HANDLING, actor(role), asked(given=ALL - {field}))
        assert refused.value.details["field"] == field


def test_a_legal_basis_is_needed_to_say_that_it_is_not_ours():
    with pytest.raises(Invalid) as refused:
        check_ask(RequestKind.RETURN, Status.HANDLING, actor(Role.DEPARTMENT), asked(given=frozenset({"note"})))
    assert refused.value.details["field"] == "basis"
    incomplete = asked(given=frozenset({"note"}), reason_code="incomplete")
    check_ask(RequestKind.RETURN, Status.HANDLING, actor(Role.DEPARTMENT), incomplete)
