from __future__ import annotations

from datetime import date

import pytest

from routing import marks


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("住在3号楼", "building", "3"),
        ("三栋的人", "building", "3"),
        ("3#停暖", "building", "3"),
        ("二十六号楼楼顶", "building", "26"),
        ("b座电梯", "building", "b"),
        ("望京西园410楼", "building", "410"),
        ("二单元", "unit", "2"),
        ("锦厦国际一期", "phase", "1"),
        ("康城d区", "zone", "d"),
        ("乘3路公交", "bus", "3"),
        ("小区北门", "gate", "北"),
        ("迎泽街东头", "gate", "东"),
        ("王府路58号", "house", "58"),
        ("尾号368", "tail", "368"),
        ("万正广场四楼", "floor", "4"),
    ],
)
def test_numbered_places_are_read_however_they_are_written(text: str, kind: str, value: str) -> None:
    assert marks.place_marks(text)[kind] == {value}


def test_words_that_only_look_like_marks_are_none() -> None:
    assert marks.place_marks("一栋楼的人都没水，在这个路口等了好久，附近小区") == {}


def test_relative_days_need_the_day_of_telling() -> None:
    assert marks.dates("昨晚停水", date(2026, 11, 4)) == {"11-3"}
    assert marks.dates("前天停水", date(2026, 3, 1)) == {"2-27"}
    assert marks.dates("昨晚停水", None) == frozenset()
    assert marks.dates("十一月三号停水，11月5日才来", None) == {"11-3", "11-5"}


def test_amounts_leave_out_dates_and_buildings() -> None:
    assert marks.amounts("11月3号，12号楼收了3800元，二十三个工人") == {"3800", "23"}


@pytest.mark.parametrize(
    ("word", "value"), [("十一", "11"), ("二十", "20"), ("一百零二", "102"), ("四一零", "410"), ("07", "7")]
)
def test_numerals(word: str, value: str) -> None:
    assert marks.number(word) == value
