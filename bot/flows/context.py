"""What a short message adds to the talk so far (上下文): “丢了，要补” after 驾照, “医保那块呢” after 社保转移."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.flows.turn import Turn
from bot.guides.linker import Decision, Link, LinkCandidate
from bot.knowledge import Snapshot
from bot.leaning import Group, Leaning

SHORT = 24
AHEAD = 2.0
_ASKS = 0.5
_SURE = 0.8
_OTHER_THING = ("呢", "的话", "呐")


def completed(known: Snapshot, turn: Turn, text: str, link: Link, *, returning: bool) -> Link:
    """The link of a message that may go on about the conversation's item, move on to a related one, or return."""
    if returning and (again := preferred(known.linker.link(text, k=8), turn.state.topics)):
        return _settled(link, again)
    if not turn.state.item or len(text) > SHORT or (link.decision is Decision.ANSWER and link.confidence >= _SURE):
        return link
    beside = _beside(known, turn.state.item, text)
    moves = text.rstrip(" ?？。.!！").endswith(_OTHER_THING) or link.decision is Decision.CLARIFY
    if moves and link.decision is not Decision.ANSWER:
        among = preferred(beside, {one.code for one in link.offered} - {turn.state.item})
        if among and among.score >= AHEAD * _next(beside, among):
            return _settled(link, among)
    if link.decision is Decision.ABSTAIN and Leaning.of(turn.parse).share(Group.ASK) >= _ASKS:
        return replace(known.linker.link("", context_item=turn.state.item), asked=link.asked)
    return link


def pointed_at(known: Snapshot, question: str, text: str, offered: Collection[str]) -> str | None:
    """Which offered item is meant when the words complete the question that was too broad (社保转移 … 养老的)."""
    together = known.linker.link(f"{question},{text}", k=len(offered) + 1)
    best = together.best
    return best.code if together.content and best and best.code in offered else None


def _settled(link: Link, one: LinkCandidate) -> Link:
    return replace(link, candidates=(one,), confidence=one.score, decision=Decision.ANSWER, twins=())


def preferred(link: Link, codes: Collection[str]) -> LinkCandidate | None:
    """The best of these items in a link."""
    return next((one for one in link.candidates if one.code in codes), None)


def _beside(known: Snapshot, code: str, text: str) -> Link:
    item = known.library.item(code)
    return known.linker.link(f"{item.name},{text}" if item else text, k=8)


def _next(link: Link, best: LinkCandidate) -> float:
    others = (one.score for one in link.candidates if one.code != best.code)
    return max((score for score in others if score <= best.score), default=0.0)
