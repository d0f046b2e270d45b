from __future__ import annotations

from pathlib import Path

import pytest

from bot.guides.lexicon import Lexicon
from bot.matters import Matters

NLU_DATA = Path(__file__).resolve().parents[2] / "nlu_data"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(NLU_DATA)


@pytest.fixture(scope="module")
def matters() -> Matters:
    return Matters.load(NLU_DATA)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("身份证丢了咋补，还有楼下烧烤摊太吵你们管不管", ("身份证丢了咋补", "楼下烧烤摊太吵你们管不管")),
        ("低保怎么申请，公积金怎么提", ("低保怎么申请", "公积金怎么提")),
        ("想问下护照多少钱？另外社保卡去哪补", ("想问下护照多少钱", "社保卡去哪补")),
        ("身份证丢了怎么补还有楼下路灯坏了好几天", ("身份证丢了怎么补", "楼下路灯坏了好几天")),
        ("我家停水三天了，物业不管。对了，医保卡丢了咋补办", ("我家停水三天了，物业不管", "医保卡丢了咋补办")),
    ],
)
def test_a_message_is_split_where_another_matter_begins(
    matters: Matters, lexicon: Lexicon, text: str, parts: tuple[str, ...]
) -> None:
    assert matters.split(text, lexicon) == parts


@pytest.mark.parametrize(
    "text",
    [
        "身份证丢了咋补",
        "身份证还有三个月到期怎么换",
        "护照还有多久能拿到",
        "楼下烧烤摊太吵，油烟还大，你们管不管",
        "我爸去世了，房子怎么过户",
    ],
)
def test_one_matter_stays_whole(matters: Matters, lexicon: Lexicon, text: str) -> None:
    assert len(matters.split(text, lexicon)) == 1


def test_at_most_three_matters_are_told_apart(matters: Matters, lexicon: Lexicon) -> None:
    parts = matters.split("低保怎么申请，另外公积金怎么提，还有护照怎么办，顺便社保卡怎么补", lexicon)
    assert len(parts) == 3
    assert parts[-1].endswith("社保卡怎么补")
