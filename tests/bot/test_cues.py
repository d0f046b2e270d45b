from __future__ import annotations

import pytest

from bot.cues import Cues


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("agree", "对的。"), ("agree", "嗯，提交吧"), ("agree", "没问题啊"), ("agree", "1"),
        ("disagree", "不对"), ("disagree", "地址写错了"),
        ("cancel", "算了吧"), ("cancel", "我不投诉了"),
        ("anonymous", "不想留电话"), ("anonymous", "匿名吧"),
        ("unknown", "不知道啊"), ("none_of_these", "都不是"),
        ("solved", "好的，明白了"), ("unsolved", "还是没解决"), ("appeal_opening", "我要投诉！"),
    ],
)  # fmt: skip
def test_small_words_are_understood(cues: Cues, name: str, text: str) -> None:
    assert cues.says(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [("agree", "可以网上办吗"), ("cancel", "怎么取消预约挂号"), ("anonymous", "楼下不说人话的邻居天天吵")],
)
def test_and_not_in_other_sentences(cues: Cues, name: str, text: str) -> None:
    assert not cues.says(name, text)


@pytest.mark.parametrize(
    ("text", "at"),
    [("第二个", 1), ("2", 1), ("二", 1), ("第一个吧", 0), ("最后一个", 2), ("第四个", None), ("身份证", None)],
)
def test_a_choice_by_number_or_ordinal(cues: Cues, text: str, at: int | None) -> None:
    assert cues.ordinal(text, 3) == at


@pytest.mark.parametrize(
    ("text", "outlet"),
    [
        ("我要举报我们局长收钱提拔人", "12388"),
        ("法院判我输了，我不服", "12368"),
        ("那个民警动手打人还收钱", "12389"),
        ("信访局已经受理了我的事，你们再办一遍", "XF-PETITION"),
        ("我的案子在仲裁，让仲裁员快点", "ARBITRATION"),
        ("政府信息公开怎么申请", None),
        ("劳动仲裁要什么材料", None),
        ("楼下工地半夜施工", None),
    ],
)
def test_matters_of_others_have_their_outlet_and_how_to_questions_none(
    cues: Cues, text: str, outlet: str | None
) -> None:
    assert cues.outlet(text) == outlet
