from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ticketing.numbering import check_digit, draw_number, read_number

digits = st.text("0123456789", min_size=12, max_size=12)


def test_numbers_count_up_on_the_citys_day(database, city):
    evening = datetime(2026, 3, 3, 15, 59, tzinfo=UTC)  # one minute before the city's midnight
    with database.write() as session:
        numbers = [draw_number(session, city, evening) for _ in range(3)]
        numbers.append(draw_number(session, city, evening.replace(hour=16)))
    assert [number[:13] for number in numbers] == ["260303-000001", "260303-000002", "260303-000003", "260304-000001"]
    assert all(re.fullmatch(r"\d{6}-\d{6}-\d", number) and read_number(number) == number for number in numbers)


def test_the_damm_table_is_the_published_one():
    assert check_digit("572") == 4
    assert check_digit("5724") == 0


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(body, place, shift):
    whole = f"{body}{check_digit(body)}"
    wrong = whole[:place] + str((int(whole[place]) + shift) % 10) + whole[place + 1 :]
    assert read_number(whole) is not None
    assert read_number(wrong) is None


@given(digits, st.integers(0, 11))
def test_swapped_neighbours_are_noticed(body, place):
    whole = f"{body}{check_digit(body)}"
    swapped = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
    assert read_number(swapped) is None or swapped == whole


@given(st.text(max_size=60))
def test_any_text_can_be_asked_for(text):
    assert read_number(text) is None or len(text.strip()) >= 13


def test_full_width_digits_are_digits():
    assert read_number("２６０３０３０００００１" + str(check_digit("260303000001"))) is not None
