from __future__ import annotations

import pytest

from bot.cues import Cues
from bot.guides.continuing import Continuing, Said
from bot.guides.linker import Decision
from bot.knowledge import Knowledge
from tests.bot.conftest import NLU_DATA


@pytest.fixture(scope="module")
def continuing() -> Continuing:
    return Continuing.load(NLU_DATA)


@pytest.fixture(scope="module")
def cues() -> Cues:
    return Cues.load(NLU_DATA)


@pytest.mark.parametrize(
    ("text", "left", "denying", "returning"),
    [
        ("哦不对,不是补办,是到期换", "到期换", True, False),
        ("不开公司,就我一个人支个修鞋的摊", "就我一个人支个修鞋的摊", True, False),
        ("说回正式那张,多久做出来", "说回正式那张,多久做出来", False, True),
        ("那要多少钱", "那要多少钱", False, False),
        ("不对", "不对", False, False),
    ],
)
def test_what_a_correction_really_says(cues: Cues, text: str, left: str, denying: bool, returning: bool) -> None:
    said = Said.of(text, cues)
    assert (said.text, said.denying, said.returning) == (left, denying, returning)


@pytest.mark.parametrize(
    ("item", "topics", "text", "meant"),
    [
        ("GA003", (), "那要多少钱", "GA003"),  # nothing named: the same
        ("JY001", (), "租哩房中不中", "JY001"),  # words of another item, meant around this one
        ("ZR002", (), "契税交多少", "SW002"),  # another item by its name
    ],
)
def test_stays_moves_and_returns(
    continuing: Continuing, cues: Cues, knowledge: Knowledge, item: str, topics: tuple[str, ...], text: str, meant: str
) -> None:
    link = continuing.link(knowledge.current.linker, Said.of(text, cues), item, topics)
    assert link.best is not None
    assert link.best.code == meant
    assert link.decision is Decision.ANSWER


def test_what_stays_names_nothing_itself(continuing: Continuing, cues: Cues, knowledge: Knowledge) -> None:
    link = continuing.link(knowledge.current.linker, Said.of("网上行不", cues), "GA003", ())
    assert not link.content
