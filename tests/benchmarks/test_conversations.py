from __future__ import annotations

from pathlib import Path

from benchmarks import conversations

NAMES = ["居民身份证补领", "结婚登记", "生育登记"]


def test_the_load_is_the_same_every_time() -> None:
    assert conversations.build(NAMES) == conversations.build(NAMES)


def test_every_item_is_asked_about_and_no_blank_is_left() -> None:
    said = [text for talk in conversations.build(NAMES) for text in talk]
    assert all(any(name in text for text in said) for name in NAMES)
    assert not any("【" in text for text in said)


def test_appeals_and_small_talk_are_mixed_in() -> None:
    load = conversations.build([f"事项{number}号" for number in range(25)])
    asked = sum(any("事项" in text for text in talk) for talk in load)
    assert 0.6 < asked / len(load) < 0.8
    assert conversations.turns(load) > 200


def test_names_come_from_the_guides(tmp_path: Path) -> None:
    (tmp_path / "GA").mkdir()
    (tmp_path / "GA" / "GA003.yml").write_text("name: 居民身份证补领\n", encoding="utf-8")
    assert conversations.item_names(tmp_path) == ["居民身份证补领"]


def test_more_guides_make_no_longer_load() -> None:
    few, many = ([f"事项{number}号" for number in range(count)] for count in (30, 185))
    assert conversations.turns(conversations.build(many)) <= conversations.turns(conversations.build(few))


def test_every_round_asks_about_other_items() -> None:
    names = [f"事项{number}号" for number in range(185)]
    said = ["\n".join(map("\n".join, conversations.build(names, part=part))) for part in range(4)]
    asked = [{name for name in names if f"请问{name}需要" in text} for text in said]
    assert all(asked)
    assert not any(one & other for at, one in enumerate(asked) for other in asked[at + 1 :])
