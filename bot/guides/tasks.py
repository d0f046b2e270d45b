"""Knowledge tasks (知识任务): every question that was not answered, or wrongly, reaches the guide's owner, once.

A gap (`note_gap`) is a cell or a guide that is missing; a signal (`note_signal`) is a question in people's own words
that was taken for something else, or understood only after asking back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.guides.guide import Element
from bot.guides.models import KnowledgeTask, TaskStatus

MAX_QUESTION = 300
GAPS = frozenset({"missing_cell", "local_cell", "unwritten_guide"})
SIGNALS = frozenset({"unlinked", "unsolved", "chosen", "corrected"})


def note_gap(
    session: Session,
    *,
    city: str,
    item: str | None,
    elements: Sequence[Element],
    reason: str,
    question: str,
    owner: str | None,
    now: datetime,
) -> None:
    """Open a task for each unanswered element, or count up the one that is open; `question` must be redacted.

    `reason` is missing_cell, local_cell (only the place knows), unwritten_guide or unlinked.
    """
    for element in elements or (None,):
        same = (
            KnowledgeTask.city == city,
            KnowledgeTask.item == item if item else KnowledgeTask.item.is_(None),
            KnowledgeTask.element == element.value if element else KnowledgeTask.element.is_(None),
            KnowledgeTask.status == TaskStatus.OPEN.value,
        )
        # Questions without an item have nothing in common but their words; each is kept for grouping later.
        alike = KnowledgeTask.reason.in_(GAPS) if item else KnowledgeTask.question == question[:MAX_QUESTION]
        open_task = session.scalar(select(KnowledgeTask.id).where(*same, alike).limit(1))
        if open_task is not None:
            counted = {"asked": KnowledgeTask.asked + 1, "last_asked_at": now}
            session.execute(update(KnowledgeTask).where(KnowledgeTask.id == open_task).values(counted))
            continue
        session.add(
            KnowledgeTask(
                city=city,
                item=item,
                element=element.value if element else None,
                reason=reason,
                question=question[:MAX_QUESTION],
                owner=owner,
                created_at=now,
                last_asked_at=now,
            )
        )
    session.flush()


def note_signal(
    session: Session,
    *,
    city: str,
    item: str,
    element: str | None,
    reason: str,
    question: str,
    owner: str | None,
    now: datetime,
) -> None:
    """Keep a question for the item it was really about, or was wrongly answered with; the same words only count up.

    `reason` is unsolved (the answer did not help), chosen (after asking back) or corrected; `question` is redacted.
    """
    question = question.strip()[:MAX_QUESTION]
    if not question:
        return
    same = (
        KnowledgeTask.city == city,
        KnowledgeTask.item == item,
        KnowledgeTask.reason == reason,
        KnowledgeTask.question == question,
        KnowledgeTask.status == TaskStatus.OPEN.value,
    )
    known = session.scalar(select(KnowledgeTask.id).where(*same).limit(1))
    if known is not None:
        counted = {"asked": KnowledgeTask.asked + 1, "last_asked_at": now}
        session.execute(update(KnowledgeTask).where(KnowledgeTask.id == known).values(counted))
        return
    task = KnowledgeTask(
        city=city,
        item=item,
        element=element,
        reason=reason,
        question=question,
        owner=owner,
        created_at=now,
        last_asked_at=now,
    )
    session.add(task)
    session.flush()
