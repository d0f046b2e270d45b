"""The codes a person chooses from when a ticket moves; their words are in `labels.yml`."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """结果码: 解决, 部分解决, 未解决-客观, 解释说明, 不合理诉求."""

    SOLVED = "solved"
    PARTLY = "partly"
    NOT_POSSIBLE = "not_possible"
    EXPLAINED = "explained"
    UNREASONABLE = "unreasonable"


class RejectReason(StrEnum):
    """不予受理原因: each has another outlet, or none."""

    COURT = "court"
    PETITION = "petition"
    DISCIPLINE = "discipline"
    DISCLOSURE = "disclosure"
    SECRET = "secret"  # noqa: S105 (a reason, no password)
    CONCLUDED = "concluded"
    PUBLIC_ORDER = "public_order"
    OUTSIDE = "outside"


class ReturnReason(StrEnum):
    """退单原因: 非本单位职责 and 要素不全 are two different returns."""

    NOT_OURS = "not_ours"
    INCOMPLETE = "incomplete"


class Exit(StrEnum):
    """研判结论: 满意, 研判销号, 延期销号, 移交销号."""

    SATISFIED = "satisfied"
    JUDGED = "judged"
    POSTPONED = "postponed"
    TRANSFERRED = "transferred"
