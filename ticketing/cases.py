"""A case between supervisors and a department (红黄牌, 考核剔除): decided, appealed, heard by another person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ticketing.errors import Forbidden, IllegalTransition
from ticketing.models.staff import Role
from ticketing.workflow import Actor

JUDGES = frozenset({Role.SUPERVISOR})
ACCUSED = frozenset({Role.DEPARTMENT})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case: to which status, by whom; `other` means that another person decides than before."""

    to: str
    roles: frozenset[Role]
    other: bool = False


Table = Mapping[tuple[str, str], Step]
CARDS: Table = {
    ("proposed", "issue_card"): Step("issued", JUDGES),
    ("proposed", "dismiss_card"): Step("dismissed", JUDGES),
    ("issued", "appeal_card"): Step("appealed", ACCUSED),
    ("issued", "withdraw_card"): Step("withdrawn", JUDGES),
    ("appealed", "uphold_card"): Step("upheld", JUDGES, other=True),
    ("appealed", "withdraw_card"): Step("withdrawn", JUDGES, other=True),
    ("upheld", "withdraw_card"): Step("withdrawn", JUDGES),
}
EXCLUSIONS: Table = {
    ("pending", "grant_exclusion"): Step("granted", JUDGES),
    ("pending", "deny_exclusion"): Step("denied", JUDGES),
    ("denied", "appeal_exclusion"): Step("appealed", ACCUSED),
    ("appealed", "grant_exclusion"): Step("granted", JUDGES, other=True),
    ("appealed", "uphold_exclusion"): Step("upheld", JUDGES, other=True),
}


def step(table: Table, status: str, action: str, actor: Actor, department: str, decided_by: UUID | None) -> str:
    """The status that follows, or why not."""
    if actor.role is Role.DEPARTMENT and actor.department != department:
        raise Forbidden("not_your_case")
    found = table.get((status, action))
    if found is None:
        raise IllegalTransition("case_not_now", status=status, action=action)
    if actor.role not in found.roles or actor.staff_id is None:
        raise Forbidden("role_may_not", role=actor.role.value, action=action)
    if found.other and actor.staff_id == decided_by:
        raise Forbidden("appeal_needs_another")
    return found.to


def open_steps(table: Table, status: str, actor: Actor, department: str, decided_by: UUID | None) -> tuple[str, ...]:
    """The steps this person may take now, for the buttons of a page."""
    return tuple(a for (s, a) in table if s == status and _may(table, s, a, actor, department, decided_by))


def _may(table: Table, status: str, action: str, actor: Actor, department: str, decided_by: UUID | None) -> bool:
    try:
        step(table, status, action, actor, department, decided_by)
    except (Forbidden, IllegalTransition):
        return False
    return True
