from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cues import Cues
from bot.replies import BadReply, Replies
from bot.triage import Triage

ROOT = Path(__file__).parents[2]
OURS = ("appeal", "consult", "handoff", "outlets", "progress", "smalltalk", "triage")
_CODE_ID = re.compile(r"\"((?:%s)\.[a-z_.]+[a-z])\"" % "|".join((*OURS, "labels", "answers", "errors")))  # noqa: UP031
BANNED = ("系统", "请稍后再试", "不归我管", "不知道", "没办法", "自己去", "亲", "哦")


def code_ids() -> set[str]:
    return {
        found
        for path in (ROOT / "bot").rglob("*.py")
        for found in _CODE_ID.findall(path.read_text("utf-8"))
        if found[-4:] != ".yml"
    }


def test_every_reply_that_the_code_names_is_written(replies: Replies) -> None:
    named = code_ids()
    assert len(named) > 40
    # A prefix of a family of replies (labels.status) is filled in by the code.
    assert {name for name in named if not (replies.has(name) or replies.group(name))} == set()


def test_every_emergency_and_outlet_has_its_words(replies: Replies, triage: Triage, cues: Cues) -> None:
    for rule in triage.emergencies:
        assert "{number}" in replies.variants[f"triage.emergency.{rule.name}"][0]
    for number, _ in triage.hints:
        assert replies.has(f"triage.emergency.suspected_{number}")
    assert replies.has("triage.emergency.suspected_110")
    for rule in cues.outlets:
        assert replies.has(f"outlets.{rule.name}")


def test_the_words_are_civil(replies: Replies) -> None:
    """文明用语: plain and warm, no dead ends; 不知道 is only what the citizen may say."""
    for reply_id, ways in replies.variants.items():
        if reply_id.split(".")[0] not in OURS or ".says_" in reply_id:
            continue
        for way in ways:
            assert [word for word in BANNED if word in way] == [], reply_id


@pytest.mark.parametrize(
    "reply_id", ["consult.unknown", "handoff.failed", "triage.refused", "smalltalk.out_of_scope", "outlets.after",
                 "progress.not_found", "progress.locked", "consult.unsolved", "appeal.cancelled", "handoff.anger"],
)  # fmt: skip
def test_what_goes_wrong_ends_in_a_person(replies: Replies, reply_id: str) -> None:
    assert "人工" in replies.variants[reply_id][0]


def test_an_unknown_reply_or_an_empty_blank_is_an_error(replies: Replies) -> None:
    with pytest.raises(BadReply):
        replies.text("consult.nobody_wrote_this")
    with pytest.raises(BadReply):
        replies.text("consult.clarify_line", number=1)


def test_variants_are_chosen_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("greet: [一, 二]\n", encoding="utf-8")
    words = Replies.load(tmp_path)
    assert [words.text("a.greet", variant=n) for n in range(3)] == ["一", "二", "一"]


@pytest.mark.parametrize("bad", ["a: 1", "a: ''", "a: '{0}'", "a: '{x.y}'", "a: '{'", "a: []\nb: [1]"])
def test_a_malformed_reply_stops_the_start(tmp_path: Path, bad: str) -> None:
    (tmp_path / "a.yml").write_text(bad, encoding="utf-8")
    with pytest.raises(BadReply):
        Replies.load(tmp_path)
