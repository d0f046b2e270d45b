"""Questions become proposals, and with one click an alias, examples, or lines of the development set."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import select

from bot.guides import proposals as pro
from bot.guides.guide import Element
from bot.guides.library import Library
from bot.guides.linker import Linker
from bot.guides.models import GuideVersion, KnowledgeTask
from bot.guides.proposals import Decision, accept_alias, accept_examples, dev_lines, drop, to_dev_lines
from bot.guides.tasks import note_gap, note_signal
from bot.guides.versions import create
from ticketing.errors import Conflict, NotFound
from ticketing.models import Role, Staff

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def owner(session):
    staff = Staff(id=uuid4(), username="dept-ga", display_name="户政", password_hash="x", role=Role.DEPARTMENT,
                  department="GA", active=True, demo=False, failures=0, created_at=NOW)  # fmt: skip
    session.add(staff)
    session.flush()
    return staff.id


@pytest.fixture
def linker(session, make_guide, nlu_data):
    create(session, make_guide("GA001", "甲证申领", department_code="GA", aliases=("甲证",)), "ordos", NOW)
    create(session, make_guide("CG001", "摊位备案", department_code="CG"), "ordos", NOW)
    return Linker.load(Library.load(session, "ordos"), nlu_data)


def letters(texts):
    """Vectors by the characters of a text: enough to tell like from unlike."""
    rows = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for char in text:
            row[ord(char) % 512] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def unlinked(session, text, city="ordos"):
    note_gap(session, city=city, item=None, elements=(), reason="unlinked", question=text, owner=None, now=NOW)


def open_tasks(session) -> tuple:
    return tuple(session.scalars(select(KnowledgeTask.id).where(KnowledgeTask.status == "open")))


def signal(session, item, element, reason, question, owner):
    note_signal(
        session, city="ordos", item=item, element=element, reason=reason, question=question, owner=owner, now=NOW
    )


def test_like_questions_are_one_proposal(session, linker):
    for text in ("小绿本本咋整", "小绿本本咋整啊", "小绿本本咋整", "夜市摆摊要登记不"):
        unlinked(session, text)
    unlinked(session, "小绿本本咋整呢", city="guangdong")
    first, second = pro.proposals(session, "ordos", None, linker, letters)
    assert (first.asked, len(first.questions), first.gap) == (3, 2, False)
    assert [one.text for one in second.questions] == ["夜市摆摊要登记不"]


def test_owners_see_their_own(session, linker):
    signal(session, "GA001", "fee", "unsolved", "甲证要钱不", "GA")
    gap = {"item": "CG001", "elements": (Element.FEE,), "reason": "missing_cell", "question": "摊位费", "owner": "CG"}
    note_gap(session, city="ordos", **gap, now=NOW)
    assert [one.questions[0].item for one in pro.proposals(session, "ordos", "GA", linker, letters)] == ["GA001"]
    (gap,) = pro.proposals(session, "ordos", "CG", linker, letters)
    assert gap.gap and gap.element == "fee"


def test_an_alias_is_a_new_signed_version(session, linker, owner):
    unlinked(session, "小绿本本咋整")
    decision = Decision(open_tasks(session), owner, "GA", "ordos", "GA001")
    assert accept_alias(session, decision, "小绿本本", "采纳建议", NOW) == 2
    assert Library.load(session, "ordos").items["GA001"].aliases == ("甲证", "小绿本本")
    version = session.scalars(select(GuideVersion).where(GuideVersion.version == 2)).one()
    assert (version.origin, version.author_id, version.note, version.edited) == ("proposal", owner, "采纳建议", True)
    task = session.scalars(select(KnowledgeTask)).one()
    assert (task.status, task.outcome, task.decided_by) == ("done", "alias", owner)
    with pytest.raises(Conflict):
        accept_alias(session, decision, "小绿本本", "又点一次", NOW)


def test_examples_are_added_as_asked(session, linker, owner):
    for text in ("小绿本本咋整", "小绿本本咋办理"):
        unlinked(session, text)
    accept_examples(session, Decision(open_tasks(session), owner, None, "ordos", "GA001"), Element.OVERVIEW, "", NOW)
    guide = Library.load(session, "ordos").guide("GA001")
    assert guide.examples[Element.OVERVIEW] == ("小绿本本咋整", "小绿本本咋办理")


def test_nobody_decides_for_another_department(session, linker, owner):
    signal(session, "GA001", None, "chosen", "甲证", "GA")
    for act in (
        lambda: accept_alias(session, Decision(open_tasks(session), owner, "CG", "ordos", "CG001"), "甲乙", "", NOW),
        lambda: drop(session, Decision(open_tasks(session), owner, "CG", "ordos"), NOW),
    ):
        with pytest.raises(NotFound):
            act()
    unlinked(session, "说不清")
    free = tuple(session.scalars(select(KnowledgeTask.id).where(KnowledgeTask.owner.is_(None))))
    with pytest.raises(NotFound):
        accept_alias(session, Decision(free, owner, "CG", "ordos", "GA001"), "甲乙", "", NOW)


def test_lines_of_the_development_set(session, linker, owner):
    unlinked(session, "小绿本本咋整")
    decision = Decision(open_tasks(session), owner, None, "ordos", "GA001")
    assert to_dev_lines(session, decision, (Element.PROCESS,), NOW) == 1
    (line,) = dev_lines(session, "ordos")
    assert line == {
        "id": line["id"],
        "text": "小绿本本咋整",
        "item": ["GA001"],
        "element": ["process"],
        "style": "real",
    }
    assert dev_lines(session, "guangdong") == ()
