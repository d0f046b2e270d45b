"""Which request (申请) may be made when, by whom, and who decides it, as one table beside the workflow's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ticketing.codes import (
    AssistanceReason,
    ComplexReason,
    ExtensionReason,
    ReturnReason,
    SuspensionReason,
    WithdrawalReason,
)
from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid
from ticketing.models.request import RequestKind
from ticketing.models.staff import Role
from ticketing.models.ticket import Status
from ticketing.workflow import DEPARTMENT, FRONT, MAX_RETURNS, RETURNS, WITHDRAWALS, Actor, Facts, own_department

MAX_PAUSE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is judged by: the ticket under the lock, and what its department had before."""

    facts: Facts
    now: datetime
    reason_code: str
    given: frozenset[str] = frozenset()
    return_until: datetime | None = None
    finish_due: datetime | None = None
    extendable: bool = True
    pending: frozenset[str] = frozenset()
    granted: Mapping[str, int] = field(default_factory=dict)
    returned_incomplete: int = 0


RequestGuard = Callable[[Asked], None]


def in_return_window(asked: Asked) -> None:
    """退单 is asked for within one working day of the dispatch."""
    if asked.return_until is not None and asked.now > asked.return_until:
        raise IllegalTransition("return_too_late", until=asked.return_until)


def returns_left(asked: Asked) -> None:
    """At most two returns of each sort; what a ruling gave is not returned at all."""
    if asked.facts.ruled_department is not None:
        raise IllegalTransition("dispatched_by_ruling")
    if asked.reason_code == ReturnReason.INCOMPLETE and asked.returned_incomplete >= MAX_RETURNS:
        raise IllegalTransition("no_returns_left", limit=MAX_RETURNS)


def with_legal_basis(asked: Asked) -> None:
    """非本单位职责 names the law or the catalogue it rests on; 要素不全 needs none."""
    if asked.reason_code == ReturnReason.NOT_OURS and "basis" not in asked.given:
        raise Invalid("field_missing", field="basis")


def before_due(asked: Asked) -> None:
    """延期 and 挂起 are asked for before the due time."""
    if asked.finish_due is None or asked.now >= asked.finish_due:
        raise IllegalTransition("too_late_to_ask", until=asked.finish_due)


def extendable(asked: Asked) -> None:
    """Some limits cannot be extended at all (紧急民生, 水电气热, 表扬)."""
    if not asked.extendable:
        raise IllegalTransition("not_extendable")


def not_suspended(asked: Asked) -> None:
    """A ticket that stands still goes on first."""
    if asked.facts.suspended:
        raise IllegalTransition("ticket_suspended")


def once(kind: RequestKind) -> RequestGuard:
    """A department gets this once on a ticket."""

    def guard(asked: Asked) -> None:
        if asked.granted.get(kind, 0) > 0:
            raise IllegalTransition("granted_before")

    return guard


@dataclass(frozen=True, slots=True)
class RequestRule:
    """One row of the table; `reasons` is None where the city's own table lists them."""

    statuses: frozenset[Status]
    askers: frozenset[Role]
    deciders: frozenset[Role]
    reasons: type[StrEnum] | None
    needs: frozenset[str]
    guards: tuple[RequestGuard, ...] = ()
    told_first: bool = False


GIVEN = frozenset({Status.DISPATCHED, Status.HANDLING})
WORKING = frozenset({Status.HANDLING})
BEFORE_ANSWER = GIVEN | {Status.REGISTERED, Status.ACCEPTED}
CITIZENS_SIDE = WITHDRAWALS | {Role.CITIZEN, Role.BOT}
HEADS = RETURNS | {Role.SUPERVISOR}

_TIMELY = (before_due, not_suspended)
RULES: Mapping[RequestKind, RequestRule] = MappingProxyType(
    {
        RequestKind.RETURN: RequestRule(
            GIVEN,
            DEPARTMENT,
            RETURNS,
            ReturnReason,
            frozenset({"note"}),
            (not_suspended, in_return_window, returns_left, with_legal_basis),
        ),
        RequestKind.EXTENSION: RequestRule(
            WORKING,
            DEPARTMENT,
            HEADS,
            ExtensionReason,
            frozenset({"note"}),
            (*_TIMELY, extendable, once(RequestKind.EXTENSION)),
            told_first=True,
        ),
        RequestKind.STATUTORY: RequestRule(
            WORKING,
            DEPARTMENT,
            HEADS,
            None,
            frozenset({"note", "interim"}),
            (*_TIMELY, once(RequestKind.STATUTORY)),
            told_first=True,
        ),
        RequestKind.COMPLEX: RequestRule(
            WORKING,
            DEPARTMENT,
            HEADS,
            ComplexReason,
            frozenset({"note"}),
            (*_TIMELY, extendable, once(RequestKind.COMPLEX)),
            told_first=True,
        ),
        RequestKind.ASSISTANCE: RequestRule(
            GIVEN, DEPARTMENT, FRONT | RETURNS, AssistanceReason, frozenset({"note", "to_department", "until"})
        ),
        RequestKind.SUSPENSION: RequestRule(
            WORKING, DEPARTMENT, HEADS, SuspensionReason, frozenset({"note", "until"}), _TIMELY
        ),
        RequestKind.WITHDRAWAL: RequestRule(
            BEFORE_ANSWER, CITIZENS_SIDE, WITHDRAWALS, WithdrawalReason, frozenset({"note"})
        ),
    }
)


def check_ask(kind: RequestKind, status: Status, actor: Actor, asked: Asked) -> None:
    """Refuse what may not be asked for, and say why."""
    rule = RULES[kind]
    if actor.role is Role.DEPARTMENT:
        own_department(actor, asked.facts)
    if status not in rule.statuses:
        raise IllegalTransition("request_not_now", status=status.value, kind=kind.value)
    if actor.role not in rule.askers:
        raise Forbidden("role_may_not", role=actor.role.value, action=kind.value)
    if kind in asked.pending:
        raise Conflict("request_pending")
    if missing := sorted(rule.needs - asked.given):
        raise Invalid("field_missing", field=missing[0])
    for guard in rule.guards:
        guard(asked)


def check_decide(kind: RequestKind, status: Status, actor: Actor, asked_by: object) -> None:
    """Refuse who may not decide: another role, the asker, or a ticket that went on meanwhile."""
    rule = RULES[kind]
    if actor.role not in rule.deciders or actor.staff_id is None:
        raise Forbidden("role_may_not", role=actor.role.value, action=kind.value)
    if actor.staff_id == asked_by:
        raise Forbidden("decider_is_asker")
    if status not in rule.statuses:
        raise IllegalTransition("request_not_now", status=status.value, kind=kind.value)


def askable(status: Status, actor: Actor, asked: Asked) -> tuple[RequestKind, ...]:
    """The kinds this person may ask for now, for the buttons of a page; fields do not matter yet."""
    return tuple(kind for kind in RequestKind if _may_try(kind, status, actor, asked))


def _may_try(kind: RequestKind, status: Status, actor: Actor, asked: Asked) -> bool:
    try:
        check_ask(kind, status, actor, asked)
    except (Forbidden, Conflict):
        return False
    return True
