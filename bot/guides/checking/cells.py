"""One guide against itself (自相矛盾): limits, charges, validity and laws told differently in two places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.guides.checking.finding import Finding, Known, Read
from bot.guides.guide import Duration, Element, Guide, TimeLimitCell

_NUMERALS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,2})?)\s?元")
_CHARGE = re.compile(r"(?:工本费|手续费|收费|费用|缴费|交费)[^，。；\d]{0,4}(\d{1,9}(?:\.\d{1,2})?)\s?元")
_LIMIT = re.compile(r"(\d{1,4}|[一二两三四五六七八九十]{1,3}) ?(个工作日|工作日|个自然日|自然日|日|天|小时|个月|年)")
_DECIDED = re.compile(
    r"(\d{1,4}) ?(个工作日|工作日|个自然日|自然日|日|天)(?:之)?内(?:作出[^，。；]{0,8}决定|办结|发证|办完|完成审批)"
)
_UNITS = {"个工作日": "工作日", "个自然日": "日", "自然日": "日", "天": "日"}
_LAW = re.compile(r"《([^《》]{2,60})》")
_FREE = re.compile(r"不收费|免费|不收取|不收工本费|免收")
_NAME = re.compile(r"^中华人民共和国|[（(][^（）()]{0,30}[）)]$")
_YEARS = re.compile(r"(\d{1,3})年")
_SOON = timedelta(days=30)
_AT_ONCE = ("当场", "当时", "即时", "立等", "马上")
# The elements without which a one-time notice is no notice.
NEEDED = (Element.CONDITIONS, Element.MATERIALS, Element.PROCESS, Element.TIME_LIMIT, Element.FEE, Element.LOCATION)


def check(read: Read, known: Known) -> Iterator[Finding]:
    """Everything one guide says against itself, leaves out or lets grow old."""
    yield from _missing(read)
    yield from _limits(read)
    yield from _fees(read)
    yield from _validity(read)
    yield from _repeated(read)
    yield from _laws(read)
    yield from _dates(read, known)


def _missing(read: Read) -> Iterator[Finding]:
    absent = [element.value for element in NEEDED if read.guide.cells.get(element) is None]
    if absent:
        yield read.finding("missing_cells", None, " ".join(absent))


def _limits(read: Read) -> Iterator[Finding]:
    cell = read.guide.cells.time_limit
    if cell is None:
        return
    told = limits_in(cell.text)
    for limit in filter(None, (cell.statutory, cell.promised)):
        if not _is_told(limit, told, cell.text):
            yield read.finding("limit_differs", "time_limit", f"{limit} ≠ {cell.text}")
    both = cell.statutory, cell.promised
    if both[0] and both[1] and both[0].unit == both[1].unit and both[1].value > both[0].value:
        yield read.finding("promise_longer_than_law", "time_limit", f"{both[1]} > {both[0]}")
    yield from _limits_elsewhere(read, cell, told)


def _is_told(limit: Duration, told: set[tuple[int, str]], text: str) -> bool:
    """A text that names limits names this one too; a text without any adds nothing and contradicts nothing."""
    if limit.unit == "当场":
        return not told or any(word in text for word in _AT_ONCE)
    return not told or (limit.value, limit.unit) in told


def _limits_elsewhere(read: Read, cell: TimeLimitCell, told: set[tuple[int, str]]) -> Iterator[Finding]:
    """“20个工作日内作出决定” in another cell is the limit's own business."""
    own = told | {(limit.value, limit.unit) for limit in (cell.statutory, cell.promised) if limit}
    for element in (Element.PROCESS, Element.RESULT, Element.CONDITIONS):
        other = read.guide.cells.get(element)
        found = {(int(n), _UNITS.get(unit, unit)) for n, unit in _DECIDED.findall(other.text if other else "")}
        for value, unit in sorted(found - own if own else ()):
            yield read.finding("limit_elsewhere", element.value, f"{value}{unit} ≠ {cell.text}")


def limits_in(text: str) -> set[tuple[int, str]]:
    """Every length of time in a text as (number, unit)."""
    return {(_number(n), _UNITS.get(unit, unit)) for n, unit in _LIMIT.findall(text)}


def _number(text: str) -> int:
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_NUMERALS.get(tens, 1) * 10 if ten else 0) + _NUMERALS.get(ones, 0)


def _fees(read: Read) -> Iterator[Finding]:
    cell = read.guide.cells.fee
    if cell is None:
        return
    told, charged = amounts_in(cell.text), {item.yuan for item in cell.items if item.yuan}
    if charged and told and not charged & told:
        yield read.finding("fee_differs", "fee", f"{_yuan(charged)} ≠ {cell.text}")
    plain = [item for item in cell.items if item.yuan and not item.when]
    if plain and not told and _FREE.search(cell.text):
        yield read.finding("fee_differs", "fee", f"{plain[0].name} {_yuan(charged)} ≠ {cell.text}")
    for element in Element:
        other = read.guide.cells.get(element)
        if other is not None and other is not cell:
            strange = {float(amount) for amount in _CHARGE.findall(other.text)} - told - charged
            if strange:
                yield read.finding("fee_elsewhere", element.value, f"{_yuan(strange)} ≠ {cell.text}")


def amounts_in(text: str) -> set[float]:
    """Every amount of money in a text."""
    return {float(amount) for amount in _AMOUNT.findall(text)}


def _yuan(amounts: set[float]) -> str:
    return " ".join(f"{amount:g}元" for amount in sorted(amounts))


def _validity(read: Read) -> Iterator[Finding]:
    cell = read.guide.cells.result
    if cell is None or not cell.validity:
        return
    told, valid = set(_YEARS.findall(cell.text)), set(_YEARS.findall(cell.validity))
    if "有效" in cell.text and told and valid and not told & valid:
        yield read.finding("validity_differs", "result", f"{cell.validity} ≠ {cell.text}")


def _repeated(read: Read) -> Iterator[Finding]:
    cell = read.guide.cells.materials
    seen: set[tuple[str, str | None]] = set()
    for row in cell.rows if cell else ():
        if (row.name, row.when) in seen:
            yield read.finding("repeated_row", "materials", row.name)
        seen.add((row.name, row.when))


def _laws(read: Read) -> Iterator[Finding]:
    """A law one cell cites must stand in the legal basis too (死引用)."""
    cell = read.guide.cells.legal_basis
    if cell is None:
        return
    listed = {law_name(law.name) for law in cell.basis} | {law_name(name) for name in _LAW.findall(cell.text)}
    for element in Element:
        other = read.guide.cells.get(element)
        if other is None or other is cell:
            continue
        cited = {law_name(law.name) for law in other.basis}
        for name in sorted(cited - listed):
            if not any(name in one or one in name for one in listed):
                yield read.finding("law_not_listed", element.value, name)


def law_name(name: str) -> str:
    """A law's short name: 中华人民共和国居民身份证法 is 居民身份证法, whatever year of revision stands behind it."""
    return _NAME.sub("", _NAME.sub("", name.strip("《》").replace(" ", ""))).strip("《》")


def _dates(read: Read, known: Known) -> Iterator[Finding]:
    guide: Guide = read.guide
    if guide.review_due <= guide.reviewed:
        yield read.finding("review_order", None, f"{guide.reviewed} → {guide.review_due}")
    elif guide.review_due < known.today:
        yield read.finding("overdue", None, guide.review_due.isoformat())
    elif guide.review_due < known.today + _SOON:
        yield read.finding("review_soon", None, guide.review_due.isoformat())
    if guide.reviewed > known.today + timedelta(days=1):
        yield read.finding("reviewed_in_future", None, guide.reviewed.isoformat())
