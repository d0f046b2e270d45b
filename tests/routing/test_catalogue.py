from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from routing.catalogue import Catalogue, condition


def test_every_department_has_duties_with_basis_and_questions(catalogue: Catalogue) -> None:
    assert len(catalogue.departments) == 38
    assert {duty.department for duty in catalogue.duties} == set(catalogue.departments)
    assert len({duty.code for duty in catalogue.duties}) == len(catalogue.duties)
    for duty in catalogue.duties:
        assert duty.words, duty.code
        assert duty.basis, duty.code
        assert duty.ask, duty.code
        assert duty.department not in duty.assist, duty.code


def test_every_decision_has_a_reason_and_never_assists_itself(catalogue: Catalogue) -> None:
    for decision in catalogue.decisions:
        assert decision.reason
        assert decision.basis
        assert decision.lead not in decision.assist, decision.topic


def test_a_condition_needs_every_group_and_none_of_the_others() -> None:
    night = condition([["工地", "施工"], ["夜", "凌晨"]], ["装修"])
    assert night.match("凌晨还在施工") == ("施工", "凌晨")
    assert night.match("施工") == ()
    assert night.match("凌晨装修施工") == ()


def test_words_are_literal_not_patterns() -> None:
    assert condition([["(a+)+$", "."]]).match("aaaa") == ()


def test_duties_are_found_by_their_words(catalogue: Catalogue) -> None:
    found = catalogue.duties_in("小区暖气不热室温很低")
    duty, words = found["GR"][0]
    assert duty.code == "GR01"
    assert "暖气不热" in words


def test_an_unknown_department_is_refused(tmp_path: Path) -> None:
    for name in ("catalogue", "routing"):
        (tmp_path / name).mkdir()
    (tmp_path / "routing" / "dispatch").mkdir()
    header = "code,name,short_name,aliases,public_hotline,kind\nGA,公安局,公安,,,government\n"
    (tmp_path / "catalogue" / "departments.csv").write_text(header, encoding="utf-8")
    (tmp_path / "routing" / "confusions.yml").write_text("[]", encoding="utf-8")
    duty = {
        "code": "X1",
        "name": "甲",
        "words": ["甲"],
        "level": "county",
        "assist": ["XX"],
        "basis": "乙",
        "ask": ["丙"],
    }
    dispatch = tmp_path / "routing" / "dispatch" / "GA.yml"
    dispatch.write_text(yaml.safe_dump({"department": "GA", "duties": [duty]}), encoding="utf-8")
    with pytest.raises(ValueError, match="XX"):
        Catalogue.load(tmp_path)
