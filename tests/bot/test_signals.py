"""What citizens teach: choices, corrections and answers that did not help are kept in their words, redacted."""

from __future__ import annotations

from sqlalchemy import select

from bot.guides.models import KnowledgeTask
from bot.reply import Action


def kept(talk, *reasons: str) -> list[tuple[str, str | None, str, int]]:
    with talk.bot.database.read() as session:
        query = select(KnowledgeTask).where(KnowledgeTask.reason.in_(reasons))
        return [(task.reason, task.item, task.question, task.asked) for task in session.scalars(query)]


async def test_a_choice_after_asking_back_is_kept_with_the_question(talk):
    asked = await talk.say("我要落户")
    assert asked.action is Action.CLARIFY and len(asked.offered) > 1
    answered = await talk.say("1")
    assert answered.action is Action.ANSWER
    assert kept(talk, "chosen") == [("chosen", asked.offered[0], "我要落户", 1)]


async def test_an_answer_that_did_not_help_is_kept_once_and_counted(talk):
    for _ in range(2):
        await talk.say("身份证丢了补办要多少钱，我电话13812345678")
        await talk.say("没解决")
    ((reason, item, question, asked),) = kept(talk, "unsolved")
    assert (reason, item, asked) == ("unsolved", "GA003", 2)
    assert "13812345678" not in question and "身份证丢了" in question


async def test_a_correction_is_kept_for_the_right_item(talk):
    await talk.say("身份证补办要带什么")
    right = await talk.say("不是补办，是到期换")
    assert right.action is Action.ANSWER and right.item == "GA002"
    assert kept(talk, "corrected") == [("corrected", "GA002", "身份证补办要带什么", 1)]


async def test_an_ordinary_conversation_teaches_nothing(talk):
    for words in ("身份证丢了怎么办", "多少钱", "解决了"):
        await talk.say(words)
    assert kept(talk, "chosen", "unsolved", "corrected") == []


async def test_the_same_unknown_question_only_counts_up(talk):
    for _ in range(2):
        await talk.say("量子许可证怎么申请量子")
    rows = kept(talk, "unlinked")
    assert len(rows) <= 1 and all(asked == 2 for *_, asked in rows)
