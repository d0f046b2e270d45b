from __future__ import annotations

import pytest

from benchmarks.understanding import Tally, read, right_other, right_turn
from bot.reply import Action, Reply


@pytest.mark.parametrize(
    ("expect", "reply", "right"),
    [
        ({"item": ["GA003"], "element": ["fee"]}, Reply(Action.ANSWER, "", item="GA003", element="fee"), True),
        ({"item": ["GA003"], "element": ["fee"]}, Reply(Action.ANSWER, "", item="GA003", element="hours"), False),
        ({"clarify": ["GA006", "GA007"]}, Reply(Action.CLARIFY, "", offered=("GA007",)), True),
        ({"ticket": True}, Reply(Action.TICKET, ""), True),
        ({"ticket": True}, Reply(Action.HUMAN, ""), False),
        ({"emergency": "119", "also": ["110"]}, Reply(Action.EMERGENCY, "", emergency="110"), True),
    ],
)
def test_a_turn_is_judged_as_the_dialogue_expects(expect: dict, reply: Reply, right: bool) -> None:
    assert right_turn(expect, reply) is right


@pytest.mark.parametrize(
    ("gold", "reply", "right"),
    [
        ({"expect": "complaint"}, Reply(Action.TICKET, "", kind="求助"), True),
        ({"expect": "smalltalk"}, Reply(Action.TICKET, ""), False),
        ({"expect": "out_of_scope"}, Reply(Action.ABSTAIN, ""), True),
        ({"expect": "emergency", "detail": "110/120"}, Reply(Action.EMERGENCY, "", emergency="119"), False),
    ],
)
def test_another_message_is_judged_by_where_it_went(gold: dict, reply: Reply, right: bool) -> None:
    assert right_other(gold, reply) is right


def test_figures_are_shares() -> None:
    tally = Tally()
    tally.count("a", True, "")
    tally.count("a", False, "x → y")
    assert tally.figures() == {"n": 2, "right": 50.0, "by": {"a": 50.0}}
    assert tally.misses == ["x → y"]


def test_the_sets_are_large_enough_and_well_formed() -> None:
    assert len(read("other")) >= 150
    assert len(read("dialogues")) >= 20
    ids = [row["id"] for row in (*read("other"), *read("dialogues"))]
    assert len(ids) == len(set(ids))
