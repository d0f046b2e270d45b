"""What is written, as it is spoken (口语播报): short sentences; numbers, dates, telephone numbers and money read out.

Pure and linear in the text. Words that only make sense on a screen (“回复”, “发”) are in `nlu_data/replies/phone.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.channels.phone.numerals import counted, digits, number

LONGEST = 60
_N = r"[0-9]{1,12}(?:,[0-9]{3})*(?:\.[0-9]{1,4})?"
_EDGE = r"(?<![0-9.])"
_TO = r"[-—–~～至到]"
_COUNTED = "个份年天次周人张件项位小月页本套间辆户遍条步批种级分岁名家倍"
_URL = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
_CLAUSE = re.compile(r"[^，,、：:]+[，,、：:]?")
_QUIET = str.maketrans(dict.fromkeys("（）()】", "，") | dict.fromkeys('〔〕【《》“”"·•*#') | {"…": "。"})
_COMMAS = re.compile(r"[，、]*([，。；！？：、])(?:[，、])*")


def _money(match: re.Match[str]) -> str:
    """12.50元 is 十二元五角, 12.05元 is 十二元零五分."""
    whole, _, cents = match["yuan"].replace(",", "").partition(".")
    unit = match["unit"]
    if not cents.strip("0") or unit != "元" or len(cents) > 2:
        plain = whole if not cents.strip("0") else f"{whole}.{cents.rstrip('0')}"
        return f"{counted(plain)}{unit}"
    tens, ones = cents.ljust(2, "0")
    told = f"{counted(tens)}角" if tens != "0" else "零" if whole != "0" else ""
    told += f"{number(ones)}分" if ones != "0" else ""
    return told if whole == "0" else f"{counted(whole)}元{told}"


def _date(match: re.Match[str]) -> str:
    return f"{digits(match['year'])}年{number(str(int(match['month'])))}月{number(str(int(match['day'])))}日"


def _clock(match: re.Match[str]) -> str:
    minutes = int(match["minute"])
    told = "整" if minutes == 0 else f"{'零' if minutes < 10 else ''}{number(str(minutes))}分"
    hour = int(match["hour"])
    return f"{'两' if hour == 2 else number(str(hour))}点{told}"


def _ticket(match: re.Match[str]) -> str:
    return "，".join(digits(part) for part in match.groups())


def _code(match: re.Match[str]) -> str:
    return f"{match['of']}：{digits(match['code'])}"


def _masked(match: re.Match[str]) -> str:
    """138****1234 is told by what stands around the stars."""
    return f"{digits(match['first'], telephone=True)}开头，尾号{digits(match['last'], telephone=True)}"


def _phone(match: re.Match[str]) -> str:
    """In the groups people say: 138 1234 5678, 0477 858 1234."""
    bare = match.group().replace("-", "").replace(" ", "")
    if len(bare) == 11 and bare.startswith("1"):
        parts = [bare[:3], bare[3:7], bare[7:]]
    else:
        parts = re.split(r"[- ]", match.group())
    return "，".join(digits(part, telephone=True) for part in parts if part)


def _short_line(match: re.Match[str]) -> str:
    return digits(match.group(), telephone=True)


def _span(match: re.Match[str]) -> str:
    return f"{counted(match['low'])}到{counted(match['high'])}"


def _rows(match: re.Match[str]) -> str:
    return f"第{number(match['n'])}，"


def _share(match: re.Match[str]) -> str:
    return f"百分之{number(match['n'])}"


def _counted(match: re.Match[str]) -> str:
    return counted(match["n"]) + match["unit"]


def _year(match: re.Match[str]) -> str:
    return f"{digits(match['n'])}年"


def _ordinal(match: re.Match[str]) -> str:
    return f"第{number(match['n'])}"


def _plain(match: re.Match[str]) -> str:
    text = match.group()
    return (
        digits(text) if len(text) > 8 or (len(text) > 1 and text.startswith("0") and "." not in text) else number(text)
    )


_Reading = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_DATE = r"(?P<year>(?:19|20)[0-9]{2})[-/年.](?P<month>[0-9]{1,2})[-/月.](?P<day>[0-9]{1,2})日?(?![0-9])"
_CLOCK = r"(?P<hour>[0-2]?[0-9])[:：](?P<minute>[0-5][0-9])(?::[0-5][0-9])?(?![0-9])"
_MOBILE = r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}"
_LAND_LINE = r"0[0-9]{2,3}[- ][0-9]{3,4}[- ]?[0-9]{4}|[48]00[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}"
_HOTLINE = r"11[0-9]|12[0-2]|12[0-9]{3}|9[56][0-9]{3}|10[0-9]{3}|400[0-9]{7}"
_NO_HOTLINE = r"(?![0-9.,]|元|块|万|个|人|件|年|日|天|米|平|公|号)"
# From the most particular to the plain number; each sees what those before it left.
_READINGS: tuple[_Reading, ...] = (
    (re.compile(r"(?m)^[ \t]*(?P<n>[0-9]{1,2})[.．、](?![0-9])[ \t]*"), _rows),
    (re.compile(rf"{_EDGE}([0-9]{{6}})-([0-9]{{6}})-([0-9])(?![0-9])"), _ticket),
    (re.compile(r"(?P<of>查询码|验证码|编号)\s*(?:是|为|[:：])?\s*(?P<code>[0-9]{3,8})(?![0-9-])"), _code),
    (re.compile(rf"{_EDGE}(?P<first>[0-9]{{2,4}})\*+(?P<last>[0-9]{{2,4}})(?![0-9])"), _masked),
    (re.compile(_EDGE + _DATE), _date),
    (re.compile(_EDGE + _CLOCK), _clock),
    (re.compile(rf"{_EDGE}(?:{_MOBILE}|{_LAND_LINE})(?![0-9])"), _phone),
    (re.compile(rf"{_EDGE}(?:{_HOTLINE}){_NO_HOTLINE}"), _short_line),
    (re.compile(rf"(?:[¥￥]\s*)?{_EDGE}(?P<yuan>{_N})\s*(?P<unit>元|万元|亿元|块)"), _money),
    (re.compile(rf"{_EDGE}(?P<n>{_N})\s*%"), _share),
    (re.compile(rf"{_EDGE}(?P<low>{_N})\s*{_TO}\s*(?P<high>{_N})(?=[{_COUNTED}日元工])"), _span),
    (re.compile(rf"{_EDGE}(?P<n>(?:19|20)[0-9]{{2}})年"), _year),
    (re.compile(r"第\s*(?P<n>[0-9]{1,4})"), _ordinal),
    (re.compile(rf"{_EDGE}(?P<n>{_N})\s*(?P<unit>[{_COUNTED}])(?!日)"), _counted),
    (re.compile(rf"[0-9]{{13,}}|{_EDGE}{_N}|[0-9]+"), _plain),
)


def spoken(text: str, instead: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The text as short sentences to be spoken; `instead` says what is said for words of the screen."""
    for written, said in (instead or {}).items():
        text = text.replace(written, said)
    lines = [line for line in text.splitlines() if not _is_address(line)]
    text = _URL.sub("", "\n".join(lines))
    for pattern, reading in _READINGS:
        text = pattern.sub(reading, text)
    text = re.sub(rf"(?<=[点分整日]){_TO}(?=[零一二三四五六七八九十两])", "到", text)
    text = text.replace("／", "每").translate(_QUIET)
    sentences = [one for line in text.splitlines() for one in _SENTENCE.findall(line)]
    return tuple(part for one in sentences for part in _short(_tidy(one)) if part)


def _is_address(line: str) -> bool:
    """Whether a line is about nothing but a web address; nobody writes one down from a voice."""
    found = _URL.search(line)
    if found is None or line[found.end() :].strip():
        return False
    return line[: found.start()].rstrip().endswith(("：", ":"))


def _tidy(sentence: str) -> str:
    sentence = _COMMAS.sub(r"\1", " ".join(sentence.split())).strip("，、 ")
    return sentence if any(c.isalnum() for c in sentence) else ""


def _short(sentence: str) -> list[str]:
    """A sentence in parts of at most `LONGEST` characters, cut at commas; a long clause stays whole."""
    parts = [""]
    for clause in _CLAUSE.findall(sentence):
        if parts[-1] and len(parts[-1]) + len(clause) > LONGEST:
            parts.append("")
        parts[-1] += clause
    return [part.strip("，、 ") for part in parts]


def portions(sentences: tuple[str, ...], most: int = 220) -> tuple[tuple[str, ...], ...]:
    """Sentences in portions a caller can take in at once; never an empty one."""
    found: list[list[str]] = [[]]
    length = 0
    for sentence in sentences:
        if found[-1] and length + len(sentence) > most:
            found.append([])
            length = 0
        found[-1].append(sentence)
        length += len(sentence)
    return tuple(tuple(portion) for portion in found)
