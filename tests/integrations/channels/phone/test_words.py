"""What the bot says on a screen makes sense on the telephone; every word of the script is written."""

from __future__ import annotations

import re

import pytest

from bot.replies import Replies
from integrations.channels.phone.speech import spoken
from integrations.settings import ROOT

SPOKEN = ("appeal", "progress", "handoff", "triage", "smalltalk", "consult", "region", "answers", "faq", "several")
OF_THE_SCREEN = re.compile("回复|页面|点击|打字|屏幕|发给我|https?:|请发")


@pytest.fixture(scope="module")
def replies():
    return Replies.load(ROOT / "nlu_data" / "replies")


def test_no_word_of_the_screen_is_heard(replies):
    instead = replies.group("phone.instead")
    heard = {
        reply: "".join(spoken(way, instead))
        for reply, ways in replies.variants.items()
        if reply.split(".")[0] in SPOKEN
        for way in ways
    }
    assert {reply: text for reply, text in heard.items() if OF_THE_SCREEN.search(text)} == {}


def test_every_word_of_the_script_is_written(replies):
    said = set()
    for path in (ROOT / "integrations" / "channels" / "phone").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'(?:talk\.say|talk\.word)\(\s*"([a-z0-9_.]+)"', source))
    assert said
    assert sorted(name for name in said if not replies.has(f"phone.{name}")) == []
    for scale in (3, 5):
        assert replies.has(f"phone.robot.rating{scale}")
    for result in ("closed", "rework", "adjudication", "later", "gone"):
        assert replies.has(f"phone.robot.{result}")
