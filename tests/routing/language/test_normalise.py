from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.language.normalise import normalise

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("隻証﹔乾隆干后後餘妳ＡＢＣ１２３　\u200b\u202e\ufeff\x00\ufe0fｶﾞ①㎡ﬁİß\u0301\ud800 \n\t，。"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("身份證補辦", "身份证补办"),
        ("証照﹔隻", "证照;只"),
        ("１２３４５　熱線", "12345 热线"),
        ("暖\u200b气\ufeff不\x00热", "暖气不热"),
        ("ＡＢＣ小区  3栋\n\n二单元 ", "abc小区 3栋 二单元"),
        ("乾隆年間", "乾隆年间"),
        ("", ""),
        ("你好", "你好"),
    ],
)
def test_one_spelling(raw: str, expected: str) -> None:
    assert normalise(raw).text == expected


def test_offsets_lead_back_to_the_words_of_the_citizen() -> None:
    raw = "我\u200b要  補辦身份證"
    result = normalise(raw)
    start = result.text.index("补办")
    begin, end = result.original_span(start, start + 2)
    assert raw[begin:end] == "補辦"


def test_a_span_of_an_expanded_character_is_never_empty() -> None:
    result = normalise("㎡够吗")
    assert result.text.startswith("m2")
    assert result.original_span(0, 1) == (0, 1)
    assert result.original_span(1, 2) == (0, 1)


def test_a_span_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        normalise("暖气").original_span(1, 9)


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normalise(raw)
    assert normalise(once.text).text == once.text


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_offsets_are_complete_and_never_run_backwards(raw: str) -> None:
    result = normalise(raw)
    assert len(result.offsets) == len(result.text) + 1
    assert result.offsets[-1] == len(raw)
    assert list(result.offsets) == sorted(result.offsets)
    assert all(0 <= offset <= len(raw) for offset in result.offsets)


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_every_span_is_inside_the_input(raw: str) -> None:
    result = normalise(raw)
    for start in range(len(result.text)):
        begin, end = result.original_span(start, start + 1)
        assert 0 <= begin < end <= len(raw)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("樓上著火了", "楼上着火了"),
        ("火燒得正著", "火烧得正着"),
        ("孩子睡著了", "孩子睡着了"),
        ("著名景點的著作權", "著名景点的著作权"),
        ("原著和顯著", "原著和显著"),
    ],
)
def test_zhu_is_read_as_zhe_except_in_words_about_writing_and_fame(written: str, meant: str) -> None:
    assert normalise(written).text == meant
