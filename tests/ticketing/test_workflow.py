from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest

from ticketing.errors import Forbidden, IllegalTransition, Invalid
from ticketing.models import Role, Status
from ticketing.workflow import FINAL, MAX_RETURNS, MAX_REWORKS, OPEN, TABLE, Action, Actor, Facts, decide, permitted

# The table once more, in the words of the design: from → action → to: by whom.
DESIGN = """
registered accept accepted operator dispatcher system
accepted dispatch dispatched operator dispatcher system
dispatched sign handling department
handling answer answered department
answered pass callback reviewer
answered send_back handling reviewer
callback close closed callback citizen system
callback rework dispatched callback citizen system supervisor
callback adjudicate closed supervisor
registered reject rejected operator dispatcher
accepted reject rejected operator dispatcher
registered answer_directly closed operator dispatcher
accepted answer_directly closed operator dispatcher
dispatched return accepted dispatcher reviewer
handling return accepted dispatcher reviewer
registered withdraw withdrawn operator dispatcher callback
accepted withdraw withdrawn operator dispatcher callback
dispatched withdraw withdrawn operator dispatcher callback
handling withdraw withdrawn operator dispatcher callback
registered merge merged operator dispatcher
accepted merge merged operator dispatcher
dispatched merge merged operator dispatcher
handling merge merged operator dispatcher
answered merge merged operator dispatcher
merged unmerge handling operator dispatcher system
merged follow callback system
"""
ROWS = [line.split() for line in DESIGN.strip().splitlines()]
ALLOWED = {(Status(f), Action(a), Role(r)): Status(t) for f, a, t, *roles in ROWS for r in roles}
PAIRS = {(status, action) for status, action, _ in ALLOWED}
EVERYTHING_GIVEN = frozenset({"answer", "outcome_code", "lead_department", "note", "reason_code", "parent_id"})
HANDLER = uuid4()


def facts(action=None, **changed):
    reworks = MAX_REWORKS if action is Action.ADJUDICATE else 0
    values = {"lead_department": "CG", "handler_id": HANDLER, "rework_count": reworks, "given": EVERYTHING_GIVEN}
    return Facts(**values | {"merged_from": Status.HANDLING} | changed)


@pytest.mark.parametrize(("status", "action", "role"), list(product(Status, Action, Role)))
def test_every_state_action_and_role(status, action, role):
    actor = Actor(role, uuid4(), "CG" if role is Role.DEPARTMENT else None)
    expected = ALLOWED.get((status, action, role))
    if expected is not None:
        assert decide(status, action, actor, facts(action)).to is expected
        assert action in permitted(status, actor, facts(action))
        return
    with pytest.raises(Forbidden if (status, action) in PAIRS else IllegalTransition):
        decide(status, action, actor, facts(action))
    assert action not in permitted(status, actor, facts(action))


def test_the_table_says_what_the_design_says():
    assert {(status, action) for status, action in TABLE} == PAIRS


def test_only_a_merged_ticket_comes_back():
    assert frozenset(OPEN) | FINAL == frozenset(Status)
    ways_out = [(status, action) for status, action in TABLE if status in FINAL]
    assert ways_out == [(Status.MERGED, Action.UNMERGE), (Status.MERGED, Action.FOLLOW)]


@pytest.mark.parametrize("department", [None, "ZJ"])
def test_a_department_acts_on_its_own_tickets_only(department):
    with pytest.raises(Forbidden, match="not_your_ticket"):
        decide(Status.DISPATCHED, Action.SIGN, Actor(Role.DEPARTMENT, uuid4(), department), facts())


def test_a_department_without_a_person_does_not_sign():
    with pytest.raises(Forbidden):
        decide(Status.DISPATCHED, Action.SIGN, Actor(Role.DEPARTMENT, None, "CG"), facts())


@pytest.mark.parametrize("action", [Action.PASS, Action.SEND_BACK])
@pytest.mark.parametrize("reviewer", [HANDLER, None])
def test_the_reviewer_is_another_person(action, reviewer):
    with pytest.raises(Forbidden, match="reviewer_is_handler"):
        decide(Status.ANSWERED, action, Actor(Role.REVIEWER, reviewer), facts())


def test_reworks_end_after_two():
    caller, judge = Actor(Role.CALLBACK, uuid4()), Actor(Role.SUPERVISOR, uuid4())
    for done in range(MAX_REWORKS):
        assert decide(Status.CALLBACK, Action.REWORK, caller, facts(rework_count=done)).to is Status.DISPATCHED
        with pytest.raises(IllegalTransition, match="reworks_left"):
            decide(Status.CALLBACK, Action.ADJUDICATE, judge, facts(rework_count=done))
    with pytest.raises(IllegalTransition, match="no_reworks_left"):
        decide(Status.CALLBACK, Action.REWORK, caller, facts(rework_count=MAX_REWORKS))
    assert decide(Status.CALLBACK, Action.REWORK, judge, facts(rework_count=MAX_REWORKS)).to is Status.DISPATCHED


def test_after_two_returns_comes_a_ruling():
    dispatcher, twice = Actor(Role.DISPATCHER, uuid4()), {"return_count": MAX_RETURNS}
    with pytest.raises(IllegalTransition, match="ruling_needed"):
        decide(Status.ACCEPTED, Action.DISPATCH, dispatcher, facts(**twice))
    ruled = facts(**twice, ruled_department="CG")
    assert decide(Status.ACCEPTED, Action.DISPATCH, dispatcher, ruled).to is Status.DISPATCHED
    with pytest.raises(IllegalTransition, match="dispatched_by_ruling"):
        decide(Status.DISPATCHED, Action.RETURN, dispatcher, ruled)


SUSPENDED = [
    (Status.DISPATCHED, Action.SIGN, Role.DEPARTMENT),
    (Status.HANDLING, Action.ANSWER, Role.DEPARTMENT),
    (Status.HANDLING, Action.RETURN, Role.REVIEWER),
    (Status.HANDLING, Action.MERGE, Role.OPERATOR),
]


@pytest.mark.parametrize(("status", "action", "role"), SUSPENDED)
def test_what_stands_still_goes_on_first(status, action, role):
    with pytest.raises(IllegalTransition, match="ticket_suspended"):
        decide(status, action, Actor(role, uuid4(), "CG"), facts(suspended=True))


def test_a_leader_signs_before_the_answer_leaves():
    with pytest.raises(IllegalTransition, match="approval_missing"):
        decide(Status.HANDLING, Action.ANSWER, Actor(Role.DEPARTMENT, HANDLER, "CG"), facts(approval_missing=True))


@pytest.mark.parametrize(("status", "action"), [pair for pair, rule in TABLE.items() if rule.needs])
def test_each_needed_field_is_asked_for(status, action):
    role = next(r for s, a, r in ALLOWED if (s, a) == (status, action))
    actor = Actor(role, uuid4(), "CG")
    for field in TABLE[status, action].needs:
        with pytest.raises(Invalid) as refused:
            decide(status, action, actor, facts(action, given=EVERYTHING_GIVEN - {field}))
        assert refused.value.details["field"] == field


def test_an_unmerge_needs_the_status_kept_at_the_merge():
    with pytest.raises(IllegalTransition, match="merge_unknown"):
        decide(Status.MERGED, Action.UNMERGE, Actor(Role.OPERATOR), facts(merged_from=None))
