"""Hide what points at a person (脱敏) before a text is shown, logged, exported or sent to a model.

Hotline numbers (12345, 110, 12315 …) and ticket numbers stay readable. Every step is linear in the text's length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from routing.language.names import person_spans
from routing.language.numbers import personal_numbers

LABELS = {
    "phone": "〔电话〕",
    "id_card": "〔身份证〕",
    "bank_card": "〔银行卡〕",
    "plate": "〔车牌〕",
    "email": "〔邮箱〕",
    "address": "〔住址〕",
    "name": "〔姓名〕",
}
_ORDER = ("id_card", "bank_card", "phone", "email", "plate", "address", "name")
_PLATE_CHARACTER = "[A-HJ-NP-Za-hj-np-z0-9零一二三四五六七八九幺]"
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[A-Za-z][ ·•.\-]?"
    rf"(?:{_PLATE_CHARACTER} ?){{4,5}}(?:{_PLATE_CHARACTER}|[挂学警港澳])(?![A-Za-z0-9])"
)
_FIGURES = frozenset("0123456789零一二三四五六七八九幺")
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,12}")
# An address that was spoken: 张三 at qq dot com, abc艾特163点com.
_SPOKEN_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+幺零一二三四五六七八九-]{1,64} ?(?:艾特|爱特|@| at ) ?[A-Za-z0-9-]{1,40}"
    r"(?: ?(?:点|\.| dot ) ?[A-Za-z]{2,12}){1,3}"
)
_NUM = r"[0-9A-Za-z一二三四五六七八九十百零〇幺]{1,5}"
_SEP = r"[ ,，\-]?"
_DOOR = re.compile(
    rf"{_NUM} ?(?:号楼|栋|幢|座|号院|期|区|号){_SEP}(?:{_NUM} ?(?:号楼|栋|幢|座|号){_SEP})?"
    rf"(?:{_NUM} ?(?:单元|门){_SEP})?(?:{_NUM} ?层{_SEP})?{_NUM} ?(?:室|户|房|号房)|"
    rf"{_NUM} ?(?:号楼|栋|幢|座|号){_SEP}{_NUM} ?单元{_SEP}(?:{_NUM} ?层{_SEP})?"
    r"(?:(?:\d{3,4}|[一二三四五六七八九十零〇幺]{3,4}) ?(?:室|户|房|号)?|东户|西户|中户)?|"
    rf"{_NUM} ?(?:号楼|栋|幢|座){_SEP}\d{{3,4}}(?![\d元块米度人户亩年.])|"
    r"(?<![\d-])\d{1,3}-\d{1,2}-\d{3,4}(?:室|户)?(?![\d-])|"
    rf"(?:路|街|巷|大道|胡同|嘎查|村|社|组|队){_NUM} ?号(?![楼院栋线])"
)
_LABELLED = re.compile(r"(?:家庭住址|详细地址|家庭地址|现住址|居住地址|家住|住址|地址|户籍地|住在)[:：是为在 ]{0,2}")
_PLACE_STOP = frozenset(",，。;；:：!！?？、()（）《》“”\"'\n\t〔〕")
_LEFT_STOP = re.compile(r"地址[是为]?|住址[是为]?|位于|来自|户籍地|居住于|反映|投诉|咨询|业主|本人|[是在到住]")
_LEFT_MOST = 30


@dataclass(frozen=True, slots=True)
class Span:
    """A personal datum: its half-open span in the input and its type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with its personal data replaced by labels, and where they stood in the input."""

    text: str
    spans: tuple[Span, ...]


def redact(text: str) -> Redacted:
    """Replace personal data (脱敏) by labels such as 〔电话〕."""
    folded = _fold(text)
    spans = _without_overlaps(_find(folded))
    pieces: list[str] = []
    position = 0
    for span in spans:
        pieces += (text[position : span.start], LABELS[span.type])
        position = span.end
    pieces.append(text[position:])
    return Redacted("".join(pieces), spans)


def _fold(text: str) -> str:
    """Fold full-width characters one to one, so that offsets stay those of the input."""
    if text.isascii():
        return text
    return "".join(_fold_char(char) for char in text)


def _fold_char(char: str) -> str:
    if char < "\u3000" or "一" <= char <= "鿿":
        return char
    wide = unicodedata.normalize("NFKC", char)
    return wide if len(wide) == 1 else char


def _find(text: str) -> Iterator[Span]:
    for number in personal_numbers(text):
        yield Span(number.start, number.end, number.type)
    yield from _emails(text)
    yield from _plates(text)
    yield from _addresses(text)
    for start, end in person_spans(text):
        yield Span(start, end, "name")


def _emails(text: str) -> Iterator[Span]:
    """Grow an e-mail address from its @ to both sides."""
    at = text.find("@")
    while at >= 0:
        start = at
        while start > 0 and at - start < 64 and text[start - 1] in _LOCAL:
            start -= 1
        domain = _DOMAIN.match(text, at + 1)
        if start < at and domain:
            yield Span(start, domain.end(), "email")
        at = text.find("@", at + 1)
    for spoken in _SPOKEN_EMAIL.finditer(text):
        yield Span(spoken.start(), spoken.end(), "email")


def _plates(text: str) -> Iterator[Span]:
    for match in _PLATE.finditer(text):
        tail = match.group()[2:]
        if sum(char in _FIGURES for char in tail) >= 2:
            yield Span(match.start(), match.start() + len(match.group().rstrip()), "plate")


def _addresses(text: str) -> Iterator[Span]:
    """A door (room, unit, house number) makes a place an address; its street or estate is taken along."""
    for match in _DOOR.finditer(text):
        yield Span(_address_start(text, match.start()), match.start() + len(match.group().rstrip(" ,，-")), "address")
    for label in _LABELLED.finditer(text):
        end = _labelled_end(text, label.end())
        if any(char.isdigit() for char in text[label.end() : end]):
            yield Span(label.end(), end, "address")


def _address_start(text: str, door: int) -> int:
    left = max(door - _LEFT_MOST, 0)
    stops = [index for index in range(left, door) if text[index] in _PLACE_STOP]
    if stops:
        left = stops[-1] + 1
    words = [match.end() for match in _LEFT_STOP.finditer(text, left, door) if match.end() < door]
    start = words[-1] if words else left
    while start < door and text[start] == " ":
        start += 1
    return start


def _labelled_end(text: str, start: int) -> int:
    """Return the end of the address after its label: the last house, unit or room word before a stop."""
    limit = next(
        (i for i in range(start, min(start + 40, len(text))) if text[i] in _PLACE_STOP), min(start + 40, len(text))
    )
    words = list(re.finditer(r"\d ?(?:号楼|栋|单元|室|户|号|楼|层|房|座|幢)", text[start:limit]))
    return start + words[-1].end() if words else start


def _without_overlaps(found: Iterable[Span]) -> tuple[Span, ...]:
    """Keep the surer type where spans overlap, joining spans of one type."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (_ORDER.index(one.type), one.start, -one.end)):
        rivals = [other for other in kept if other.start < span.end and span.start < other.end]
        if not rivals:
            kept.append(span)
        elif all(other.type == span.type for other in rivals):
            kept = [other for other in kept if other not in rivals]
            merged = [span, *rivals]
            kept.append(Span(min(one.start for one in merged), max(one.end for one in merged), span.type))
    return tuple(sorted(kept, key=lambda one: one.start))
