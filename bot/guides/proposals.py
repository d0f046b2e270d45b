"""Proposals (改进建议): questions that went unanswered or wrong, grouped by likeness, for the owner to accept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.guides import versions
from bot.guides.guide import NATIONAL, Element, Guide
from bot.guides.lexicon import Lexicon
from bot.guides.linker import Linker
from bot.guides.models import GuideVersion, KnowledgeTask, Origin, TaskStatus
from bot.guides.nearest import Encode
from bot.guides.tasks import GAPS
from bot.guides.versions import Edit
from routing.language.normalise import normalised
from ticketing.errors import Conflict, Invalid, NotFound

MOST = 400
ALIKE = 0.72
SUGGESTED = 3
MAX_ALIAS, MAX_EXAMPLES = 30, 5
STYLE = "real"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was asked, without personal data, and how often."""

    id: UUID
    text: str
    reason: str
    item: str | None
    element: str | None
    owner: str | None
    asked: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item a group of questions may be about."""

    code: str
    name: str
    department: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A group of like questions: what they may be about, the alias they suggest, how often they were asked."""

    questions: tuple[Asked, ...]
    suggested: tuple[Suggestion, ...]
    alias: str

    @property
    def asked(self) -> int:
        """How often the questions of the group were asked."""
        return sum(one.asked for one in self.questions)

    @property
    def gap(self) -> bool:
        """Whether a cell or a guide is missing, rather than a word for one."""
        return self.questions[0].reason in GAPS

    @property
    def element(self) -> str | None:
        """The element asked about, if the questions agree on one."""
        named = {one.element for one in self.questions}
        return named.pop() if len(named) == 1 else None


def proposals(session: Session, city: str, owner: str | None, linker: Linker, encode: Encode) -> tuple[Proposal, ...]:
    """The open groups an owner should look at (all for None), the most asked first."""
    query = select(KnowledgeTask).where(KnowledgeTask.city == city, KnowledgeTask.status == TaskStatus.OPEN.value)
    tasks = [_asked(task) for task in session.scalars(query.order_by(KnowledgeTask.last_asked_at.desc()).limit(MOST))]
    groups = [_proposal(group, linker) for group in grouped(tasks, encode)]
    mine = [one for one in groups if owner is None or owner in _owners(one)]
    return tuple(sorted(mine, key=lambda one: (-one.asked, -one.questions[0].at.timestamp())))


def _owners(proposal: Proposal) -> set[str | None]:
    """Whose it is: the owner that was noted, else the department the question is most likely about."""
    noted: set[str | None] = {one.owner for one in proposal.questions if one.owner}
    return noted or {one.department for one in proposal.suggested[:1]}


def grouped(tasks: Sequence[Asked], encode: Encode) -> list[list[Asked]]:
    """Like questions together: the same gap, or questions of one item (or of none) that mean about the same."""
    groups: list[list[Asked]] = [[task] for task in tasks if task.reason in GAPS]
    words = [task for task in tasks if task.reason not in GAPS]
    if not words:
        return groups
    vectors = np.asarray(encode([task.text for task in words]), dtype=np.float32)
    leaders: list[int] = []
    members: dict[int, list[Asked]] = {}
    for at, task in enumerate(words):
        near = [first for first in leaders if words[first].item == task.item and vectors[first] @ vectors[at] >= ALIKE]
        first = max(near, key=lambda one: float(vectors[one] @ vectors[at]), default=at)
        if first == at:
            leaders.append(at)
        members.setdefault(first, []).append(task)
    return groups + list(members.values())


def _proposal(group: list[Asked], linker: Linker) -> Proposal:
    shortest = min((one.text for one in group), key=len)
    codes = [group[0].item] if group[0].item else []
    if group[0].reason not in GAPS:
        codes += [one.code for one in linker.link(normalised(shortest)).candidates]
    items = [item for code in dict.fromkeys(codes) if code and (item := linker.library.item(code))]
    suggested = tuple(Suggestion(item.code, item.name, item.department) for item in items[:SUGGESTED])
    return Proposal(tuple(group), suggested, named_part(shortest, linker.lexicon))


def named_part(question: str, lexicon: Lexicon) -> str:
    """What a question names, without what it asks: “公积金咋取” of “公积金咋取呀多少天”."""
    text = normalised(question)
    shown = "".join(char for char, hidden in zip(text, lexicon.hidden(text), strict=True) if not hidden)
    return "".join(char for char in shown if char.isalnum())[:MAX_ALIAS]


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides about which questions, and for which guide."""

    tasks: tuple[UUID, ...]
    by: UUID
    owner: str | None
    city: str
    item: str = ""
    region: str | None = None


def accept_alias(session: Session, decision: Decision, alias: str, note: str, now: datetime) -> int:
    """The questions' word becomes another name of the item; returns the new version's number."""
    alias = alias.strip()
    if not 2 <= len(alias) <= MAX_ALIAS:
        raise Invalid("field_too_long", field="alias", limit=MAX_ALIAS)

    def add(guide: Guide, _tasks: Sequence[KnowledgeTask]) -> Guide:
        return guide.model_copy(update={"aliases": tuple(dict.fromkeys((*guide.aliases, alias)))})

    return _accept(session, decision, "alias", add, note, now)


def accept_examples(session: Session, decision: Decision, element: Element, note: str, now: datetime) -> int:
    """The questions become example questions of the item, as they were asked."""

    def add(guide: Guide, tasks: Sequence[KnowledgeTask]) -> Guide:
        old = guide.examples.get(element, ())
        new = tuple(dict.fromkeys((*old, *(task.question.strip() for task in tasks[:MAX_EXAMPLES]))))
        return guide.model_copy(update={"examples": {**guide.examples, element: new}})

    return _accept(session, decision, "example", add, note, now)


def _accept(session: Session, decision: Decision, outcome: str, change: Any, note: str, now: datetime) -> int:
    tasks = _open(session, decision)
    version = _guide(session, decision)
    guide = Guide.model_validate(version.body)
    changed = change(guide, tasks)
    number: int = version.version
    if changed != guide:
        edit = Edit(Origin.PROPOSAL, decision.by, note, version.version)
        number = versions.revise(session, changed, decision.city, now, edit)
    _close(tasks, decision, outcome, TaskStatus.DONE, now)
    return number


def _guide(session: Session, decision: Decision) -> GuideVersion:
    """The guide in which the item's names are kept: the nation's where there is one, else the city's own."""
    wanted = [decision.region] if decision.region else []
    for region in dict.fromkeys((*wanted, NATIONAL, *_own_regions(session, decision))):
        try:
            found = versions.current(session, versions.pack_at(region, decision.city), decision.item, region)
        except NotFound:
            continue
        if decision.owner is not None and found.owner != decision.owner:
            raise NotFound("guide_not_found", item=decision.item)
        return found
    raise NotFound("guide_not_found", item=decision.item)


def _own_regions(session: Session, decision: Decision) -> tuple[str, ...]:
    query = select(GuideVersion.region).where(GuideVersion.city == decision.city, GuideVersion.item == decision.item)
    return tuple(session.scalars(query.distinct().order_by(GuideVersion.region)))


def to_dev_lines(session: Session, decision: Decision, elements: Sequence[Element], now: datetime) -> int:
    """The questions become lines of the development set, kept out of training; returns how many."""
    if decision.item:
        _guide(session, decision)  # only for a guide of one's own
    tasks = _open(session, decision)
    for task in tasks:
        named = [element.value for element in elements] or [task.element or Element.OVERVIEW.value]
        task.dev_line = {
            "id": f"P{hashlib.sha256(task.question.encode()).hexdigest()[:8]}",
            "text": task.question,
            "item": [decision.item or task.item] if decision.item or task.item else [],
            "element": named,
            "style": STYLE,
        }
    _close(tasks, decision, "dev", TaskStatus.DONE, now)
    return len(tasks)


def drop(session: Session, decision: Decision, now: datetime) -> None:
    """Nothing is to be made of these questions."""
    _close(_open(session, decision), decision, "dropped", TaskStatus.DROPPED, now)


def fill_gap(session: Session, city: str, item: str, element: str, by: UUID, now: datetime) -> None:
    """A cell was written: the questions that missed it are done."""
    query = select(KnowledgeTask).where(
        KnowledgeTask.city == city,
        KnowledgeTask.item == item,
        KnowledgeTask.element == element,
        KnowledgeTask.reason.in_(GAPS),
        KnowledgeTask.status == TaskStatus.OPEN.value,
    )
    for task in session.scalars(query):
        task.status, task.outcome, task.decided_by, task.decided_at = TaskStatus.DONE.value, "cell", by, now


def dev_lines(session: Session, city: str) -> tuple[dict[str, Any], ...]:
    """Every line of the city's own development set, each question once."""
    query = select(KnowledgeTask.dev_line).where(KnowledgeTask.city == city, KnowledgeTask.dev_line.is_not(None))
    lines = session.scalars(query.order_by(KnowledgeTask.decided_at, KnowledgeTask.id))
    return tuple({line["text"]: line for line in lines if line}.values())


def _open(session: Session, decision: Decision) -> Sequence[KnowledgeTask]:
    """The questions, still open; somebody who decided first is not overruled."""
    if not decision.tasks:
        raise Invalid("field_missing", field="tasks")
    query = select(KnowledgeTask).where(KnowledgeTask.id.in_(decision.tasks), KnowledgeTask.city == decision.city)
    tasks = session.scalars(query.order_by(KnowledgeTask.id).with_for_update()).all()
    if decision.owner is not None and any(task.owner not in {None, decision.owner} for task in tasks):
        raise NotFound("guide_not_found", item=decision.item)
    if len(tasks) != len(decision.tasks) or any(task.status != TaskStatus.OPEN.value for task in tasks):
        raise Conflict("proposal_settled")
    return tasks


def _close(tasks: Sequence[KnowledgeTask], decision: Decision, outcome: str, status: TaskStatus, now: datetime) -> None:
    for task in tasks:
        task.status, task.outcome, task.decided_by, task.decided_at = status.value, outcome, decision.by, now


def _asked(task: KnowledgeTask) -> Asked:
    return Asked(
        task.id, task.question, task.reason, task.item, task.element, task.owner, task.asked, task.last_asked_at
    )
