"""What an appeal's sentences state (诉求要素): a phone number, a place, a time. Pure."""

from __future__ import annotations

import re

from bot.clauses import clauses
from bot.cues import Cues
from routing.language.redaction import redact
from ticketing.citizens import read_phone
from ticketing.errors import Invalid

_LONGEST_PLACE = 25
_SHORTEST_PLACE = 3
_NAME = 2
_DIGIT = str.maketrans("零〇幺一二两三四五六七八九", "0011223456789")
_NOT_DIGIT = re.compile(r"\D")
_PLACE_END_MORE = re.compile(
    r"(?:[0-9一二三四五六七八九十a-z]{1,4}(?:号楼|栋|单元|号院|号|楼|室|区|期|门)|"
    r"[东西南北](?:门|侧|边|口)?|门口|旁边|对面|附近|路口|交叉口|里面|后面|前面|南门|北门|东门|西门)+"
)
_LONGEST_NUMBER = 20


def phone_in(text: str) -> str | None:
    """The first phone number of a text, as digits; spoken digits (幺三八…) and gaps are understood."""
    spans = [text[span.start : span.end] for span in redact(text).spans if span.type == "phone"]
    for said in (*spans, text if len(text) <= _LONGEST_NUMBER else ""):
        digits = _NOT_DIGIT.sub("", said.translate(_DIGIT))
        try:
            return read_phone(digits)
        except Invalid:
            continue
    return None


def place_in(cues: Cues, text: str) -> str | None:
    """The longest words of a text that look like a place by their ending (…小区, …路); None without any."""
    found = [place for part in clauses(text) if (place := _place_of(cues, part))]
    return max(found, key=len, default=None)


def _place_of(cues: Cues, part: str) -> str | None:
    ends = [at + len(word) for word in cues.lists["place_ends"] for at in _starts(part, word)]
    for end in sorted(set(ends), reverse=True):
        if part[end - 1 : end + 1] in cues.lists["place_no_end"]:
            continue
        more = _PLACE_END_MORE.match(part, end)
        stop = more.end() if more else end
        start = max(_after_opening(cues, part, end), stop - _LONGEST_PLACE)
        place = part[start:stop]
        bare = part[start:end]
        if len(bare) >= _SHORTEST_PLACE and not _general(cues, bare):
            return place.strip()
    return None


def _general(cues: Cues, bare: str) -> bool:
    """Whether the words name no place in particular: 我们小区, 楼下工地, 马路."""
    for vague in cues.lists["place_vague"]:
        bare = bare.removeprefix(vague)
    return any(bare.endswith(word) and len(bare) - len(word) < _NAME for word in cues.lists["place_not"])


def _starts(text: str, word: str) -> list[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + 1)
    return found


def _after_opening(cues: Cues, part: str, end: int) -> int:
    """Where the place begins: after the last “在”, “位于”, “我家在” before its ending."""
    openings = (part.rfind(word, 0, end - 1) + len(word) for word in cues.lists["place_starts"] if word in part[:end])
    return max((at for at in openings if at < end), default=0)


def states_time(cues: Cues, text: str) -> bool:
    """Whether the text says when it happened or happens."""
    return cues.mentions("times", text)
