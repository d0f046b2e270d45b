"""The guides people are answered from: complete, true to the catalogue, and free of invented numbers."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot.guides.guide import NATIONAL, Element, Guide

NLU_DATA = Path(__file__).resolve().parents[2] / "nlu_data"
FILES = sorted((NLU_DATA / "guides").glob("*/*.yml"))
ANSWERED = tuple(element for element in Element if element is not Element.OVERVIEW)
NATIONAL_HOTLINES = frozenset(
    [
        "110",
        "119",
        "120",
        "122",
        "12123",
        "12305",
        "12306",
        "12308",
        "12309",
        "12314",
        "12315",
        "12316",
        "12320",
        "12328",
        "12329",
        "12333",
        "12338",
        "12345",
        "12348",
        "12350",
        "12351",
        "12355",
        "12356",
        "12366",
        "12367",
        "12368",
        "12369",
        "12377",
        "12380",
        "12385",
        "12388",
        "12389",
        "12393",
        "12398",
        "95598",
        "96110",
    ]
)
LONG_NUMBER = re.compile(r"(?<![\d.])(?:1\d{10}|0\d{2,3}-?\d{7,8}|(?:400|800)-?\d{3}-?\d{4}|12\d{3}|9[56]\d{3})(?!\d)")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    with (NLU_DATA / "catalogue" / "service_items.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@cache
def load(path: Path) -> Guide:
    return Guide.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def folded(name: str) -> str:
    return re.sub(r"\s+", "", name).lower()


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_there_are_guides() -> None:
    assert len(FILES) >= 25


def test_names_are_those_of_the_catalogue(path: Path) -> None:
    guide = load(path)
    row = catalogue()[path.stem]
    assert (guide.code, guide.name) == (row["code"], row["name"])
    assert guide.department_code == row["department"] == path.parent.name
    assert (guide.theme, guide.audience) == (row["theme"], (row["audience"],))
    assert guide.region == NATIONAL


def test_every_element_is_answered(path: Path) -> None:
    guide = load(path)
    missing = [element for element in ANSWERED if guide.cells.get(element) is None]
    assert missing == []
    assert guide.summary
    assert 2 <= len(guide.refusals) <= 5


def test_what_a_citizen_hears_is_short_whole_sentences(path: Path) -> None:
    guide = load(path)
    for element in ANSWERED:
        cell = guide.cells.get(element)
        assert cell is not None
        assert len(cell.text) <= 220, (element, len(cell.text))
        assert cell.text.endswith(("。", "！", "？")), element


def test_local_answers_say_so_and_nothing_else_does(path: Path) -> None:
    guide = load(path)
    for element in ANSWERED:
        cell = guide.cells.get(element)
        assert cell is not None
        assert cell.local or "以当地公布为准" not in cell.text, element
        assert cell.local is bool(cell.decided_by), element


def test_only_national_hotlines(path: Path) -> None:
    guide = load(path)
    assert guide.cells.contact is not None
    assert set(guide.cells.contact.phones) <= NATIONAL_HOTLINES
    assert set(LONG_NUMBER.findall(path.read_text(encoding="utf-8"))) <= NATIONAL_HOTLINES
    for phone in guide.cells.contact.phones:
        assert phone in guide.cells.contact.text


def test_structured_rows_stand_beside_the_words(path: Path) -> None:
    cells = load(path).cells
    assert cells.materials is not None and cells.materials.rows
    assert cells.process is not None and len(cells.process.steps) >= 3
    assert cells.result is not None and cells.result.certificate
    assert cells.legal_basis is not None and cells.legal_basis.basis


def test_fees_in_the_words_are_the_fees_in_the_rows(path: Path) -> None:
    fee = load(path).cells.fee
    assert fee is not None
    assert fee.items or fee.local
    for item in fee.items:
        if item.yuan:
            assert f"{item.yuan:g}元" in fee.text
        else:
            assert re.search("不收|免|停征", fee.text)


def test_statutory_time_is_said(path: Path) -> None:
    limit = load(path).cells.time_limit
    assert limit is not None
    for duration in (limit.statutory, limit.promised):
        if duration is not None:
            spoken = "当场" if duration.unit == "当场" else str(duration)
            assert spoken in limit.text


def test_enough_names_and_questions(path: Path) -> None:
    guide = load(path)
    questions = [question for asked in guide.examples.values() for question in asked]
    assert 8 <= len(guide.aliases) <= 20
    assert 8 <= len(questions) <= 15
    assert len(set(map(folded, guide.aliases))) == len(guide.aliases)
    assert len(guide.examples) >= 6


def test_reviews_are_due_within_a_year(path: Path) -> None:
    guide = load(path)
    assert 0 < (guide.review_due - guide.reviewed).days <= 366


def test_no_name_or_question_means_two_items() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for row in catalogue().values():
        owners[folded(row["name"])].add(row["code"])
    for path in FILES:
        guide = load(path)
        asked = [question for questions in guide.examples.values() for question in questions]
        for words in (*guide.aliases, *asked):
            owners[folded(words)].add(guide.code)
    assert {words: sorted(codes) for words, codes in owners.items() if len(codes) > 1} == {}
