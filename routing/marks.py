"""Numbered marks of an incident (楼栋、单元、期、路、日期 …), in which two tellings of it cannot differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

Marks = Mapping[str, frozenset[str]]

_NUMERALS = "零一二三四五六七八九"
_VALUES = {char: at for at, char in enumerate(_NUMERALS)} | {"〇": 0, "两": 2, "幺": 1, "仨": 3, "俩": 2}
_NUMERAL_CHARACTERS = frozenset(_VALUES) | frozenset("十百")
_N = r"(\d{1,4}|[零〇一二两三四五六七八九十百]{1,5})"
_L = r"([a-z]|\d{1,3}|[一二两三四五六七八九十]{1,3})"
_BUILDING = (
    rf"(?!一栋楼|一幢楼){_N}(?:号楼|栋|幢|#楼?|号院)|{_N}(?=座(?!位))|(?<![a-z])([a-z])(?:座|栋|号楼)|"
    r"(?<!\d)(\d{3})楼"
)
_BUS = r"(?<![a-z])(k?\d{1,3}|[一二三四五六七八九十]{1,3})路(?:公交|车|汽车)?(?!口|段|边|面|灯|由|上|的?路)"
_PLACES = (
    ("building", re.compile(_BUILDING)),
    ("unit", re.compile(rf"{_N}单元")),
    ("room", re.compile(r"(?<!\d)(\d{3,4})(?:室|房|户)")),
    ("floor", re.compile(rf"(?<![号#\d]){_N}(?:层|楼(?![号栋下上顶道梯市房盘]))")),
    ("phase", re.compile(rf"{_N}期(?!间|限|待|望|房)")),
    ("zone", re.compile(rf"(?<![a-z]){_L}区(?!别|域|政|委|人|长)")),
    ("gate", re.compile(r"([东西南北])(?:门|大门|侧|段|头|口(?!袋))")),
    ("house", re.compile(rf"(?<=[路街巷道]){_N}号(?!楼|院|线|桥|公路)")),
    ("bridge", re.compile(rf"{_N}号桥")),
    ("bus", re.compile(_BUS)),
    ("line", re.compile(rf"{_N}号线")),
    ("group", re.compile(rf"{_N}(?:组|社|队)(?![会区保员织成长])")),
    ("grade", re.compile(rf"{_N}年级|初([一二三])|高([一二三])(?!层|速)")),
    ("tail", re.compile(r"尾号(?:是|为)?([0-9a-z]{2,6})")),
)  # fmt: skip
_DATE = re.compile(rf"(?:(\d{{4}})年)?{_N}月{_N}[号日]")
_MONTH = re.compile(rf"(?<!\d){_N}月(?:份|初|底|中旬|上旬|下旬)")
_AGO = {
    "大前天": 3,
    "大前日": 3,
    "前天": 2,
    "前日": 2,
    "前晚": 2,
    "昨": 1,
    "今天": 0,
    "今日": 0,
    "今早": 0,
    "今晨": 0,
    "今晚": 0,
}
_RELATIVE = re.compile("|".join(_AGO))
_TIMES = re.compile(rf"{_DATE.pattern}|大?前[天日晚]|昨[天日晚夜]|今[天日早晨晚]|[0-9]+(?:[:.][0-9]+)?")
_HALVES = (
    ("morning", re.compile("早上|早晨|清晨|上午|今早|今晨|早高峰")),
    ("afternoon", re.compile("下午|中午|傍晚")),
    ("night", re.compile("晚上|夜里|半夜|夜间|凌晨|深夜|昨晚|前晚|今晚|昨夜|通宵|后半夜")),
)
_AMOUNT = re.compile(r"(\d{2,7}(?:\.\d)?)(?:元|块|万|多?人|名|个人|平|亩|分钟|小时|升|度|℃)?")
_WAN = re.compile(rf"{_N}(?:元|块|人|名|个人|亩|度|个工人)")


def place_marks(text: str) -> dict[str, frozenset[str]]:
    """The numbered places a normalised text names, by kind."""
    found = {kind: frozenset(_values(pattern, text)) for kind, pattern in _PLACES}
    return {kind: values for kind, values in found.items() if values}


def dates(text: str, told: date | None) -> frozenset[str]:
    """The days a normalised text names, as month and day; relative ones only where the day of telling is known."""
    found = {f"{number(month)}-{number(day)}" for _, month, day in _DATE.findall(text)}
    if told:
        found |= {_day(told - timedelta(days=_AGO[word])) for word in _RELATIVE.findall(text)}
    return frozenset(found)


def relative_days(text: str) -> frozenset[str]:
    """How many days ago something happened, as told (昨晚 → 1)."""
    return frozenset(str(_AGO[word]) for word in _RELATIVE.findall(text))


def halves(text: str) -> frozenset[str]:
    """The parts of the day a normalised text names."""
    return frozenset(name for name, pattern in _HALVES if pattern.search(text))


def amounts(text: str) -> frozenset[str]:
    """Quantities told in numbers: sums, people, minutes; single digits say nothing."""
    bare = _without_places(_DATE.sub(" ", text))
    return frozenset(set(_AMOUNT.findall(bare)) | {number(value) for value in _WAN.findall(bare)})


def without_marks(text: str) -> str:
    """A normalised text without its numbered places, dates and numbers."""
    return _TIMES.sub(" ", _without_places(text))


def number(word: str) -> str:
    """A number in digits, Chinese numerals up to hundreds included; a letter stays itself."""
    if word.isascii() or not set(word) <= _NUMERAL_CHARACTERS:
        return word.lstrip("0") or word
    if not set(word) & set("十百"):
        return "".join(str(_VALUES[char]) for char in word).lstrip("0") or "0"
    total, digit = 0, 0
    for char in word:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _VALUES[char]
    return str(total + digit)


def _without_places(text: str) -> str:
    for _, pattern in _PLACES:
        text = pattern.sub(" ", text)
    return text


def _values(pattern: re.Pattern[str], text: str) -> list[str]:
    return [number(next(group for group in match.groups() if group)) for match in pattern.finditer(text)]


def _day(day: date) -> str:
    return f"{day.month}-{day.day}"
