from __future__ import annotations

import pytest

from bot.cues import Cues
from bot.flows.corrections import apply
from bot.flows.details import phone_in, place_in
from bot.flows.progress import number_in
from bot.state import AppealForm


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("我的电话是13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("幺三八零零幺三八零零零", "13800138000"),
        ("0477-8123456", "04778123456"),
        ("12345", None),
        ("不想留", None),
    ],
)
def test_a_phone_number_is_read(text: str, phone: str | None) -> None:
    assert phone_in(text) == phone


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("东胜区万正城小区3号楼停水三天", "东胜区万正城小区3号楼"),
        ("就在天骄路和鄂托克街路口那个工地", "天骄路和鄂托克街路口那个工地"),
        ("楼下工地半夜施工", None),
        ("我们小区没人管", None),
        ("马路上车太多", None),
        ("我要投诉,东胜区天骄路金色家园小区路灯昨晚不亮", "东胜区天骄路金色家园小区"),
        ("天骄路路面塌了", "天骄路"),
    ],
)
def test_a_place_is_read_from_the_first_message(cues: Cues, text: str, place: str | None) -> None:
    assert place_in(cues, text) == place


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("地址不对，是5号楼", "place", "5号楼"),
        ("地点改成天骄路", "place", "天骄路"),
        ("电话改成13900139000", "phone", "13900139000"),
        ("不是昨天是前天", "happened", "前天晚上"),
        ("还是匿名吧", "anonymous", True),
        ("类型改成举报", "kind", "举报"),
    ],
)
def test_a_correction_changes_its_field(cues: Cues, text: str, field: str, value: object) -> None:
    form = AppealForm(kind="投诉", content="停水", place="3号楼", happened="昨天晚上", phone="13800138000")
    changed = apply(cues, form, text)
    assert changed is not None
    assert getattr(changed, field) == value


@pytest.mark.parametrize("text", ["确认", "好的提交", "再补充一句，孩子没法睡觉"])
def test_other_sentences_correct_nothing(cues: Cues, text: str) -> None:
    assert apply(cues, AppealForm(kind="投诉", content="停水", place="3号楼", phone="13800138000"), text) is None


def test_a_ticket_number_is_read_with_or_without_dashes() -> None:
    assert number_in("工单260101-000123-4 码123456") == ("260101-000123-4", "工单  码123456")
    assert number_in("2601010001234 123456")[0] == "260101-000123-4"
    assert number_in("13800138000")[0] is None
