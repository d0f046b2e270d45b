from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.guides.guide import Element
from bot.guides.models import KnowledgeTask
from bot.guides.tasks import note_gap

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def ask(session, item="GA003", elements=(Element.FEE,), now=NOW, question="补证多少钱"):
    note_gap(
        session,
        city="ordos",
        item=item,
        elements=elements,
        reason="missing_cell",
        question=question,
        owner="GA",
        now=now,
    )


def test_a_gap_is_one_task_however_often_it_is_asked(session):
    ask(session, elements=(Element.FEE, Element.HOURS))
    ask(session, now=NOW + timedelta(days=1))
    tasks = {task.element: task for task in session.scalars(select(KnowledgeTask))}
    assert {element: task.asked for element, task in tasks.items()} == {"fee": 2, "hours": 1}
    assert tasks["fee"].last_asked_at == NOW + timedelta(days=1)
    assert tasks["fee"].owner == "GA"


def test_questions_without_an_item_are_each_kept(session):
    ask(session, item=None, elements=(), question="量子许可怎么办")
    ask(session, item=None, elements=(), question="长" * 1000)
    assert [len(task.question) for task in session.scalars(select(KnowledgeTask))] == [7, 300]
