"""Reading single values of a spreadsheet: what people type, and what Excel makes of it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from bot.guides.guide import Duration
from bot.guides.sheets.layout import Column, Kind, Titles

MAX_TEXT = 20_000
_DURATION = re.compile(r"(\d{1,5}) ?(个工作日|工作日|个?自然日|日|天|小时|个月|年|当场)")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_UNITS = {"个工作日": "工作日", "个自然日": "日", "自然日": "日", "天": "日"}
_REGION_DIGITS = 6


class BadValue(ValueError):
    """A value that cannot be read; `code` names the reason in `guides.flag`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(column: Column, text: str, titles: Titles) -> Any:
    """The value of a cell; None where it is empty. Raises `BadValue`."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise BadValue("too_long")
    if not text:
        if column.required:
            raise BadValue("required")
        return None
    return _READERS[column.kind](text, titles)


def unfolded(text: str) -> tuple[str, ...]:
    """The values of a list in one cell, a line for each."""
    values = (re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], line.strip()) for line in text.split("\n"))
    return tuple(value for value in values if value)


def _yes_no(text: str, titles: Titles) -> bool:
    if text not in {titles.yes, titles.no, "TRUE", "FALSE"}:
        raise BadValue("not_yes_no")
    return text in {titles.yes, "TRUE"}


def _element(text: str, titles: Titles) -> str:
    found = next((element for element, name in titles.elements.items() if text in {name, element.value}), None)
    if found is None:
        raise BadValue("unknown_element")
    return found.value


def _count(text: str, _titles: Titles) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadValue("not_a_count")
    return int(text)


def _money(text: str, _titles: Titles) -> float:
    if re.fullmatch(r"\d{1,15}(\.\d{1,20})?", text, re.ASCII) is None:
        raise BadValue("not_an_amount")
    return float(text)


def _date(text: str, _titles: Titles) -> str:
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else _bad("not_a_date")
    except ValueError as error:
        raise BadValue("not_a_date") from error


def _duration(text: str, titles: Titles) -> dict[str, Any]:
    if text == titles.at_once:
        return Duration(value=0, unit="当场").model_dump()
    found = _DURATION.fullmatch(text)
    if found is None:
        raise BadValue("not_a_duration")
    return {"value": int(found[1]), "unit": _UNITS.get(found[2], found[2])}


def _region(text: str, _titles: Titles) -> str:
    # Excel turns 000000 into 0; a code has six digits at least.
    return text.zfill(_REGION_DIGITS) if text.isascii() and text.isdigit() else _bad("not_a_region")


def _bad(code: str) -> str:
    raise BadValue(code)


_READERS: dict[Kind, Any] = {
    Kind.TEXT: lambda text, _titles: text,
    Kind.LINES: lambda text, _titles: unfolded(text),
    Kind.ELEMENT: _element,
    Kind.YES_NO: _yes_no,
    Kind.COUNT: _count,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.DURATION: _duration,
    Kind.REGION: _region,
}
