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


class ExtensionReason(StrEnum):
    """延期原因: 需现场核查, 需多部门会商, 需施工或采购, 等待第三方, 其他."""

    SITE_CHECK = "site_check"
    JOINT = "joint"
    WORKS = "works"
    THIRD_PARTY = "third_party"
    OTHER = "other"


class SuspensionReason(StrEnum):
    """挂起原因: 等待诉求人补充材料, 季节或天气不能施工, 等待法定程序, 等待上级答复, 不可抗力."""

    CITIZENS_PAPERS = "citizens_papers"
    SEASON = "season"
    PROCEDURE = "procedure"
    SUPERIOR = "superior"
    FORCE_MAJEURE = "force_majeure"


class AssistanceReason(StrEnum):
    """协办原因: 职责交叉, 需现场配合, 需提供资料, 需专业鉴定."""

    SHARED_DUTY = "shared_duty"
    ON_SITE = "on_site"
    INFORMATION = "information"
    EXPERTISE = "expertise"


class ComplexReason(StrEnum):
    """复杂疑难认定原因: 涉及多个单位, 历史遗留, 政策空白, 涉及人数多."""

    MANY_UNITS = "many_units"
    LEGACY = "legacy"
    NO_POLICY = "no_policy"
    MANY_PEOPLE = "many_people"


class WithdrawalReason(StrEnum):
    """撤单原因: 问题已解决, 诉求人改变主意, 重复反映, 转其他渠道."""

    SETTLED = "settled"
    CHANGED_MIND = "changed_mind"
    REPEATED = "repeated"
    ELSEWHERE = "elsewhere"


class ExclusionReason(StrEnum):
    """考核剔除原因: 超出职责权限, 不可抗力, 诉求人不配合, 恶意或重复反映, 误评, 政策限制, 上级原因."""

    BEYOND_DUTY = "beyond_duty"
    FORCE_MAJEURE = "force_majeure"
    NO_COOPERATION = "no_cooperation"
    MALICIOUS = "malicious"
    WRONG_RATING = "wrong_rating"
    POLICY_LIMIT = "policy_limit"
    SUPERIOR = "superior"
