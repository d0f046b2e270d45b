"""Numbers as Chinese is spoken: 一百零五, 两万, 三点五; and digit by digit with 幺 for 1, as telephone numbers are."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
LONGEST = 12


def digits(text: str, *, telephone: bool = False) -> str:
    """Digit by digit; of a telephone number 1 is 幺, but 12345 has its own name."""
    spoken = "".join(_DIGITS[int(digit)] for digit in text if digit.isdigit())
    return spoken.replace("一", "幺") if telephone and text != "12345" else spoken


def number(text: str) -> str:
    """A whole or decimal number; one too long to be one is read digit by digit."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if not whole.isdigit() or len(whole) > LONGEST or (len(whole) > 1 and whole.startswith("0")):
        return digits(text)
    spoken = _whole(int(whole))
    return f"{spoken}点{digits(fraction)}" if fraction else spoken


def _whole(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    groups: list[int] = []
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    told = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        gap = told and (group and group < 1000) and not told.endswith(_DIGITS[0])
        told += (_DIGITS[0] if gap else "") + (_group(group) + _GROUPS[place] if group else "")
    return told.removeprefix("一") if told.startswith("一十") else told


def _group(value: int) -> str:
    """A number below ten thousand, 零 said once for a gap."""
    told, gap = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit:
            told += (_DIGITS[0] if gap and told else "") + _DIGITS[digit] + _UNITS[place]
            gap = False
        else:
            gap = True
    return told


def counted(text: str) -> str:
    """A number before what it counts: 2 is 两."""
    return "两" if text == "2" else number(text)
