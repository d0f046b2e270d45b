"""The work order's life (工单流转) as one table: which action leads where, who may do it and what it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from ticketing.errors import Forbidden, IllegalTransition, Invalid
from ticketing.models.staff import Role
from ticketing.models.ticket import Status

MAX_REWORKS = 2
MAX_RETURNS = 2


class Action(StrEnum):
    """What can be done to a ticket.

    登记 受理 派单 签收 答复 审核通过 审核退回 办结归档 重办 不予受理 直接答复 退单 研判 撤单 并单 拆单 随主单答复,
    in this order.
    """

    REGISTER = "register"
    ACCEPT = "accept"
    DISPATCH = "dispatch"
    SIGN = "sign"
    ANSWER = "answer"
    PASS = "pass"  # noqa: S105 (a verdict of the review, no password)
    SEND_BACK = "send_back"
    CLOSE = "close"
    REWORK = "rework"
    REJECT = "reject"
    ANSWER_DIRECTLY = "answer_directly"
    RETURN = "return"
    ADJUDICATE = "adjudicate"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    UNMERGE = "unmerge"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a role, and the person and department behind it."""

    role: Role
    staff_id: UUID | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards look at: the ticket under the lock, and the names of the fields the action brings."""

    lead_department: str | None = None
    handler_id: UUID | None = None
    rework_count: int = 0
    merged_from: Status | None = None
    given: frozenset[str] = frozenset()
    return_count: int = 0
    ruled_department: str | None = None
    suspended: bool = False
    approval_missing: bool = False


Guard = Callable[[Actor, Facts], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; a `to` of None means the status kept when the ticket was merged."""

    to: Status | None
    roles: frozenset[Role]
    needs: frozenset[str]
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A permitted action and the status it leads to."""

    action: Action
    to: Status


def own_department(actor: Actor, facts: Facts) -> None:
    """A department (承办单位) acts on its own tickets only, and by a named person."""
    if actor.department is None or actor.staff_id is None or actor.department != facts.lead_department:
        raise Forbidden("not_your_ticket")


def another_person(actor: Actor, facts: Facts) -> None:
    """The reviewer (审核) is not the handler."""
    if actor.staff_id is None or actor.staff_id == facts.handler_id:
        raise Forbidden("reviewer_is_handler")


def reworks_left(actor: Actor, facts: Facts) -> None:
    """重办 happens at most twice; then comes 研判, or a supervisor who orders it once more."""
    if facts.rework_count >= MAX_REWORKS and actor.role is not Role.SUPERVISOR:
        raise IllegalTransition("no_reworks_left", limit=MAX_REWORKS)


def reworks_spent(_actor: Actor, facts: Facts) -> None:
    """研判 comes after the reworks, not instead of them."""
    if facts.rework_count < MAX_REWORKS:
        raise IllegalTransition("reworks_left", limit=MAX_REWORKS)


def ruling_first(_actor: Actor, facts: Facts) -> None:
    """After two returns (退单) nobody is given the ticket before the 会商 ended in a 裁定."""
    if facts.return_count >= MAX_RETURNS and facts.ruled_department is None:
        raise IllegalTransition("ruling_needed", limit=MAX_RETURNS)


def not_ruled(_actor: Actor, facts: Facts) -> None:
    """What was given by a ruling (裁定) is not returned again."""
    if facts.ruled_department is not None:
        raise IllegalTransition("dispatched_by_ruling")


def not_suspended(_actor: Actor, facts: Facts) -> None:
    """A suspended (挂起) ticket goes on before anything else happens to it."""
    if facts.suspended:
        raise IllegalTransition("ticket_suspended")


def approved_inside(_actor: Actor, facts: Facts) -> None:
    """Where a department has a leader here, its answer leaves the house after 领导审签 only."""
    if facts.approval_missing:
        raise IllegalTransition("approval_missing")


INITIAL = frozenset({Role.BOT, Role.OPERATOR, Role.DISPATCHER, Role.CITIZEN, Role.SYSTEM})
FRONT = frozenset({Role.OPERATOR, Role.DISPATCHER})
HOTLINE = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SYSTEM})
DEPARTMENT = frozenset({Role.DEPARTMENT})
REVIEW = frozenset({Role.REVIEWER})
RETURNS = frozenset({Role.DISPATCHER, Role.REVIEWER})
CALLBACK = frozenset({Role.CALLBACK, Role.CITIZEN, Role.SYSTEM})
WITHDRAWALS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.CALLBACK})
JUDGES = frozenset({Role.SUPERVISOR})
REWORKERS = CALLBACK | JUDGES
FOLLOWERS = frozenset({Role.SYSTEM})
OPEN = (
    Status.REGISTERED,
    Status.ACCEPTED,
    Status.DISPATCHED,
    Status.HANDLING,
    Status.ANSWERED,
    Status.CALLBACK,
)
FINAL = frozenset(Status) - frozenset(OPEN)
MERGEABLE = OPEN[:-1]  # who has the answer already is not merged any more


def _rule(to: Status | None, roles: frozenset[Role], needs: str = "", *guards: Guard) -> Rule:
    return Rule(to, roles, frozenset(needs.split()), guards)


def _table() -> dict[tuple[Status, Action], Rule]:
    s, a = Status, Action
    table = {
        (s.REGISTERED, a.ACCEPT): _rule(s.ACCEPTED, HOTLINE),
        (s.ACCEPTED, a.DISPATCH): _rule(s.DISPATCHED, HOTLINE, "lead_department", ruling_first),
        (s.DISPATCHED, a.SIGN): _rule(s.HANDLING, DEPARTMENT, "", not_suspended),
        (s.HANDLING, a.ANSWER): _rule(s.ANSWERED, DEPARTMENT, "answer outcome_code", not_suspended, approved_inside),
        (s.ANSWERED, a.PASS): _rule(s.CALLBACK, REVIEW, "", another_person),
        (s.ANSWERED, a.SEND_BACK): _rule(s.HANDLING, REVIEW, "note", another_person),
        (s.CALLBACK, a.CLOSE): _rule(s.CLOSED, CALLBACK),
        (s.CALLBACK, a.REWORK): _rule(s.DISPATCHED, REWORKERS, "note", reworks_left),
        (s.CALLBACK, a.ADJUDICATE): _rule(s.CLOSED, JUDGES, "reason_code note", reworks_spent),
    }
    for status in (s.REGISTERED, s.ACCEPTED):
        table[status, a.REJECT] = _rule(s.REJECTED, FRONT, "reason_code")
        table[status, a.ANSWER_DIRECTLY] = _rule(s.CLOSED, FRONT, "answer")
    for status in (s.DISPATCHED, s.HANDLING):
        table[status, a.RETURN] = _rule(s.ACCEPTED, RETURNS, "reason_code note", not_suspended, not_ruled)
    for status in (s.REGISTERED, s.ACCEPTED, s.DISPATCHED, s.HANDLING):
        table[status, a.WITHDRAW] = _rule(s.WITHDRAWN, WITHDRAWALS, "note")
    for status in MERGEABLE:
        table[status, a.MERGE] = _rule(s.MERGED, FRONT, "parent_id", not_suspended)
    table[s.MERGED, a.UNMERGE] = _rule(None, HOTLINE)
    table[s.MERGED, a.FOLLOW] = _rule(s.CALLBACK, FOLLOWERS, "answer")
    return table


TABLE: Mapping[tuple[Status, Action], Rule] = MappingProxyType(_table())


def decide(status: Status, action: Action, actor: Actor, facts: Facts) -> Decision:
    """The decision on one action, or the reason why not; nothing is changed here."""
    if actor.role is Role.DEPARTMENT:
        own_department(actor, facts)  # first of all: the status of another's ticket is none of its business
    rule = TABLE.get((status, action))
    if rule is None:
        raise IllegalTransition(status=status.value, action=action.value)
    if actor.role not in rule.roles:
        raise Forbidden("role_may_not", role=actor.role.value, action=action.value)
    for guard in rule.guards:
        guard(actor, facts)
    if missing := sorted(rule.needs - facts.given):
        raise Invalid("field_missing", field=missing[0])
    to = rule.to or facts.merged_from
    if to is None:
        raise IllegalTransition("merge_unknown")
    return Decision(action, to)


def permitted(status: Status, actor: Actor, facts: Facts) -> tuple[Action, ...]:
    """The actions this person may try now, for the buttons of a page; missing fields do not matter yet."""
    return tuple(action for action in Action if _may_try(status, action, actor, facts))


def _may_try(status: Status, action: Action, actor: Actor, facts: Facts) -> bool:
    needs = TABLE[status, action].needs if (status, action) in TABLE else frozenset()
    try:
        decide(status, action, actor, replace(facts, given=needs))
    except (Forbidden, IllegalTransition):
        return False
    return True
