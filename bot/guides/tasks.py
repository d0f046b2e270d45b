"""Knowledge tasks (知识任务): every question a guide could not answer reaches the guide's owner, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.guides.guide import Element
from bot.guides.models import KnowledgeTask, TaskStatus

MAX_QUESTION = 300


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
        # Questions without an item have nothing in common; each is kept for grouping later.
        open_task = session.scalar(select(KnowledgeTask.id).where(*same).limit(1)) if item else None
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
