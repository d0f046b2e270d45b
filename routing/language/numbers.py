"""Numbers that point at a person (个人号码): phones, ids and bank cards, however they were typed or spoken.

The scan is linear: digits (also spoken ones) with single separators form groups; neighbouring groups are joined, a
bounded number of them, until they have the form of one of the types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from routing.language.tables import PROVINCE_CODES

_DIGITS = {**{str(n): str(n) for n in range(10)}, **dict(zip("零一二三四五六七八九", "0123456789", strict=True))}
_DIGITS |= {
    "〇": "0",
    "幺": "1",
    "洞": "0",
    "拐": "7",
    "勾": "9",
    "两": "2",
    "壹": "1",
    "贰": "2",
    "叁": "3",
    "肆": "4",
}
_DIGITS |= {"伍": "5", "陆": "6", "柒": "7", "捌": "8", "玖": "9", "o": "0", "O": "0"}
_SPOKEN = frozenset(set(_DIGITS) - set("0123456789oO"))
_SEPARATORS = frozenset(" -–—－_.·•,，、/()\u3000\u00a0")
_MAX_GROUPS = 20
_TICKET = re.compile(r"(?<!\d)\d{6}-\d{6}-\d(?!\d)")
_MOBILE = re.compile(r"(?:0{0,2}86)?1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?:0{0,2}86)?(?:0?10|0?2\d|0[3-9]\d{2})[1-9]\d{6,7}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PHONE_WORDS = re.compile(r"电话|手机|座机|联系方式|号码|致电|拨打|回电|打给|来电|tel|固话", re.IGNORECASE)
_CARD_WORDS = re.compile(
    r"卡号|银行卡|账号|账户|帐号|帐户|储蓄卡|工资卡|社保卡|信用卡|尾号|建行|农行|工行|中行|邮储|农商|信用社|收款"
)
_ID_WORDS = re.compile(r"身份证|证件号|身份号|居民证|公民身份")
_CONTEXT = 14


@dataclass(frozen=True, slots=True)
class Number:
    """A personal number: its half-open span and its type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits written without a separator."""

    start: int
    end: int
    digits: str
    spoken: bool


def personal_numbers(text: str) -> list[Number]:
    """Find phones, id and bank card numbers in a folded text (one character for each of the original's)."""
    protected = [match.span() for match in _TICKET.finditer(text)]
    found: list[Number] = []
    for run in _runs(text):
        found.extend(_in_run(run, text, protected))
    return found


def _runs(text: str) -> Iterator[list[_Group]]:
    """Yield runs of groups that stand apart by one separator (or two blanks) only."""
    run: list[_Group] = []
    for group in _groups(text):
        between = text[run[-1].end : group.start] if run else ""
        if run and not (len(between) <= 2 and set(between) <= _SEPARATORS):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _groups(text: str) -> Iterator[_Group]:
    """Yield the digits written without a separator; where figures turn into characters (138…678一直) a group ends."""
    start = -1
    for index in range(len(text) + 1):
        inside = index < len(text) and _is_digit(text, index, started=start >= 0)
        if start >= 0 and (not inside or _spoken(text[index]) != _spoken(text[start])):
            yield _group(text, start, index)
            start = -1
        if inside and start < 0:
            start = index


def _spoken(char: str) -> bool:
    return char in _SPOKEN


def _is_digit(text: str, index: int, *, started: bool) -> bool:
    """Say whether a character counts as a digit here; x only closes an id and o only stands between digits."""
    char = text[index]
    if char in "xX叉":
        return started and not (index + 1 < len(text) and text[index + 1].isascii() and text[index + 1].isalnum())
    if char in "oO":
        return started and index + 1 < len(text) and text[index + 1] in "0123456789oO"
    return char in _DIGITS


def _group(text: str, start: int, end: int) -> _Group:
    piece = text[start:end]
    digits = "".join("X" if char in "xX叉" else _DIGITS[char] for char in piece)
    return _Group(start, end, digits, any(char in _SPOKEN for char in piece))


def _in_run(run: list[_Group], text: str, protected: list[tuple[int, int]]) -> Iterator[Number]:
    index = 0
    while index < len(run):
        number, used = _longest(run[index : index + _MAX_GROUPS], text)
        if number and not any(a < number.end and number.start < b for a, b in protected):
            yield number
            index += used
        else:
            index += 1


def _longest(groups: list[_Group], text: str) -> tuple[Number | None, int]:
    """Join groups from the first on and return the longest personal number and how many groups it took."""
    best: tuple[Number | None, int] = (None, 1)
    digits = ""
    for count, group in enumerate(groups, start=1):
        digits += group.digits
        if len(digits) > 24:
            break
        kind = _kind(digits, groups[:count], text)
        if kind:
            best = Number(groups[0].start, group.end, kind), count
    return best


def _kind(digits: str, groups: list[_Group], text: str) -> str | None:
    before = text[max(groups[0].start - _CONTEXT, 0) : groups[0].start]
    if _is_id(digits, before):
        return "id_card"
    if "X" in digits:
        return None
    if _MOBILE.fullmatch(digits) and _regular(groups, 11):
        return "phone"
    if _is_landline(digits, groups, before):
        return "phone"
    return "bank_card" if _is_card(digits, groups, before) else None


def _regular(groups: list[_Group], most: int) -> bool:
    """Say whether the groups look like one number cut for reading rather than a list of amounts."""
    return len(groups) <= most + 2 and (len(groups) == 1 or all(len(group.digits) <= 8 for group in groups))


def _is_id(digits: str, before: str) -> bool:
    if len(digits) == 18 and digits[:17].isdigit():
        sound = _is_date(digits[6:14]) or has_check_digit(digits)
        return (digits[:2] in PROVINCE_CODES and sound) or bool(_ID_WORDS.search(before))
    if len(digits) == 15 and digits.isdigit():
        return digits[:2] in PROVINCE_CODES and _is_date("19" + digits[6:12]) and bool(_ID_WORDS.search(before))
    return False


def has_check_digit(digits: str) -> bool:
    """Say whether the last character of an 18-digit id is the right check digit (校验码)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[17].upper()


def _is_date(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= born.year <= 2099


def _is_landline(digits: str, groups: list[_Group], before: str) -> bool:
    """An area code makes a landline; without one a word for telephone must stand before seven or eight digits."""
    if digits.startswith("0") and _LANDLINE.fullmatch(digits) and 10 <= len(digits) <= 14:
        return len(groups) <= 12
    bare = len(digits) in {7, 8} and digits[0] in "2345678" and len(groups) <= 8
    return bare and bool(_PHONE_WORDS.search(before)) and not _CARD_WORDS.search(before)


def _is_card(digits: str, groups: list[_Group], before: str) -> bool:
    if not 16 <= len(digits) <= 19 or digits[0] not in "34569":
        return False
    even = len(groups) == 1 or all(len(group.digits) == 4 for group in groups[:-1]) or len(groups) >= 12
    return bool(_CARD_WORDS.search(before)) or (even and _luhn(digits))


def _luhn(digits: str) -> bool:
    """Check a bank card number with the Luhn sum."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
