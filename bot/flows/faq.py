"""Answering a policy question (政策问答), with its law; what the place decides names who knows and leaves a task."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.faq import Question
from bot.flows.handoff import ways_on
from bot.flows.turn import Outcome, Turn, reply_of
from bot.guides.guide import NATIONAL
from bot.guides.tasks import note_gap
from bot.reply import Action, Source


def answer(bot: Bot, turn: Turn, question: Question) -> Outcome:
    """An answer about no item; an overdue one is marked, not quoted as current."""
    overdue = bot.city.today(turn.at) > question.review_due
    laws = _say(bot, "joint").join(str(law) for law in question.law)
    dates = {"reviewed": question.reviewed.isoformat(), "due": question.review_due.isoformat()}
    lines = [_say(bot, "heading", question=question.question), question.answer]
    if question.local:
        known = {"decided_by": question.decided_by, "department": question.department, "contact": question.contact}
        lines.append(_say(bot, "local", **known))
    lines += [_say(bot, "basis", laws=laws)] if laws else []
    lines.append(_say(bot, "source_overdue" if overdue else "source", source=question.department, **dates))
    cites = laws or question.department
    source = Source("", "legal_basis", NATIONAL, cites, dates["reviewed"], question.question, overdue)
    fields = {"item": None, "element": None, "confidence": 1.0, "sources": (source,)}
    reply = reply_of(Action.ANSWER, "\n".join(lines), turn, choices=ways_on(bot), **fields)
    outcome = Outcome(reply, turn.state.but(item=None, told=(), event=None, misses=0))
    return _noting(bot, turn, outcome, question) if question.local else outcome


def _noting(bot: Bot, turn: Turn, outcome: Outcome, question: Question) -> Outcome:
    """Leave a knowledge task: somebody here knows what the national rule leaves to the place."""

    def commit(session: Session, now: datetime) -> Outcome:
        note_gap(
            session,
            city=bot.city.code,
            item=f"faq:{question.code}",
            elements=(),
            reason="local_cell",
            question=turn.redacted,
            owner=question.department,
            now=now,
        )
        return outcome

    return outcome.also(commit)


def _say(bot: Bot, reply: str, **blanks: object) -> str:
    return bot.say(f"faq.{reply}", **blanks)
