from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.duplicates import Duplicates
from routing.incident import Telling
from routing.jurisdiction import Regions

NLU_DATA = Path("nlu_data")


@pytest.fixture(scope="module")
def duplicates() -> Duplicates:
    return Duplicates.load(NLU_DATA, Regions.load(NLU_DATA / "city" / "ordos"))


def _groups(duplicates: Duplicates, *texts: str) -> list[int]:
    return duplicates.groups([Telling(text) for text in texts])


SAME = (
    "东胜区万家惠欣园小区3号楼从昨天晚上开始暖气就冰凉，家里只有12度",
    "市民反映：万家惠欣园3栋供暖中断，室温12℃左右，诉求：尽快恢复供热。",
    "万家惠欣园3#停暖",
)


def test_one_incident_told_three_ways_is_one_group(duplicates: Duplicates) -> None:
    assert len(set(_groups(duplicates, *SAME))) == 1


@pytest.mark.parametrize(
    "other",
    [
        "万家惠欣园小区8号楼暖气昨天晚上开始不热",
        "铁西鼎盛家园3号楼停暖，家里12度",
        "万家惠欣园3号楼电梯坏了好几天没人修",
    ],
)
def test_another_building_place_or_matter_is_another_incident(duplicates: Duplicates, other: str) -> None:
    groups = _groups(duplicates, *SAME, other)
    assert groups[3] not in groups[:3]


def test_another_day_is_another_incident(duplicates: Duplicates) -> None:
    first = Telling("今早天骄北路科技街路口水管爆了，水流了一街", told=date(2026, 11, 6))
    again = Telling("昨天天骄北路科技街路口水管又爆了，水流了一街", told=date(2026, 11, 21))
    told_on = Telling("天骄北路科技街路口11月6日水管爆裂，水流了一街")
    groups = duplicates.groups([first, told_on, again])
    assert groups[0] == groups[1]
    assert groups[2] != groups[1]


def test_the_place_given_beside_the_text_counts(duplicates: Duplicates) -> None:
    groups = duplicates.groups(
        [
            Telling("暖气不热，家里十二度", "万家惠欣园3号楼"),
            Telling("停暖了，室温12度", "万家惠欣园三栋"),
            Telling("停暖了，家里冰凉"),
        ]
    )
    assert groups[0] == groups[1] != groups[2]


def test_a_group_does_not_chain_over_a_vague_telling(duplicates: Duplicates) -> None:
    groups = _groups(duplicates, "万家惠欣园3号楼停暖", "万家惠欣园停暖", "万家惠欣园8号楼停暖")
    assert groups[0] != groups[2]


def test_matches_say_why(duplicates: Duplicates) -> None:
    mine, other, far = duplicates.reader.read([Telling(SAME[0]), Telling(SAME[1]), Telling("公交3路甩站不停车")])
    (match,) = duplicates.matches(mine, [far, other])
    assert match.at == 1
    assert match.probability > 0.5
    assert any("欣园" in reason for reason in match.reasons)
    assert "同为3号楼" in match.reasons


def test_keys_find_what_should_be_compared(duplicates: Duplicates) -> None:
    keys = [set(duplicates.keys(one)) for one in duplicates.reader.read([Telling(text) for text in SAME])]
    assert keys[0] & keys[1]
    assert keys[1] & keys[2]


def test_many_tellings_of_one_place_stay_affordable(duplicates: Duplicates) -> None:
    incidents = duplicates.reader.read([Telling(f"万家惠欣园{n}号楼停暖") for n in range(1, 121)])
    pairs = Counter(other for _, other in duplicates.candidates(incidents))
    assert max(pairs.values()) <= 40
    assert len(set(duplicates.grouped(incidents))) == 120


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=25, deadline=None)
def test_any_texts_get_one_group_each_and_the_same_ones_again(duplicates: Duplicates, texts: list[str]) -> None:
    groups = _groups(duplicates, *texts)
    assert len(groups) == len(texts)
    assert groups == _groups(duplicates, *texts)
