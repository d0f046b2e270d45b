"""Levels against each other (上下级矛盾): what the city's guide of an item says otherwise than the wider one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.guides.checking.cells import amounts_in
from bot.guides.checking.finding import Finding, Read
from bot.guides.guide import Duration, Guide
from bot.guides.library import ancestors

_AGE = re.compile(r"(?:年?满|未满|超过)(\d{1,3})周?岁")


def check(reads: Iterable[Read]) -> Iterator[Finding]:
    """Compare each guide with that of the same item or name in the nearest wider region."""
    for group in _groups(reads):
        by_region: dict[str, Read] = {}
        for read in group:
            by_region.setdefault(read.guide.region, read)
        for read in group:
            wider = _wider(read, by_region)
            if wider is not None:
                yield from _compare(read, wider.guide)


def _groups(reads: Iterable[Read]) -> list[list[Read]]:
    """Guides of one code, and guides of one name and case under different codes; only where regions differ."""
    grouped: dict[tuple[str, ...], list[Read]] = {}
    for read in reads:
        grouped.setdefault(("name", read.guide.name, read.guide.variant or ""), []).append(read)
        grouped.setdefault(("code", read.guide.code), []).append(read)
    several = [group for key, group in grouped.items() if len({one.guide.region for one in group}) > 1]
    seen: set[frozenset[int]] = set()
    return [group for group in several if (ids := frozenset(map(id, group))) not in seen and not seen.add(ids)]  # type: ignore[func-returns-value]


def _wider(read: Read, by_region: dict[str, Read]) -> Read | None:
    above = (by_region.get(region) for region in ancestors(read.guide.region)[1:])
    return next((other for other in above if other is not None), None)


def _compare(read: Read, wider: Guide) -> Iterator[Finding]:
    yield from _limits(read, wider)
    yield from _fees(read, wider)
    yield from _conditions(read, wider)


def _limits(read: Read, wider: Guide) -> Iterator[Finding]:
    own, above = read.guide.cells.time_limit, wider.cells.time_limit
    if own is None or above is None or above.statutory is None:
        return
    law = above.statutory
    if own.statutory and own.statutory != law:
        yield read.finding("level_statutory", "time_limit", _said(own.statutory, law, wider))
    if own.promised and own.promised.unit == law.unit and own.promised.value > law.value:
        yield read.finding("level_promised", "time_limit", _said(own.promised, law, wider))


def _fees(read: Read, wider: Guide) -> Iterator[Finding]:
    """A charge the law fixes is the same everywhere; one the wider guide leaves to the place is not compared."""
    own, above = read.guide.cells.fee, wider.cells.fee
    if own is None or above is None or above.local:
        return
    fixed = {item.name: item.yuan for item in above.items}
    for item in own.items:
        if item.name in fixed and fixed[item.name] != item.yuan:
            yield read.finding(
                "level_fee", "fee", f"{item.name} {item.yuan:g} ≠ {fixed[item.name]:g}（{wider.region}）"
            )
    free = bool(above.items) and not any(fixed.values()) and not amounts_in(above.text)
    charged = [item for item in own.items if item.yuan]
    if free and charged and charged[0].name not in fixed:
        yield read.finding("level_fee", "fee", f"{charged[0].name} {charged[0].yuan:g} ≠ 0（{wider.region}）")


def _conditions(read: Read, wider: Guide) -> Iterator[Finding]:
    own, above = read.guide.cells.conditions, wider.cells.conditions
    if own is None or above is None:
        return
    ages, law = set(_AGE.findall(own.text)), set(_AGE.findall(above.text))
    if ages and law and ages != law:
        yield read.finding("level_conditions", "conditions", f"{_list(ages)} ≠ {_list(law)}（{wider.region}）")


def _said(own: Duration, law: Duration, wider: Guide) -> str:
    return f"{own} ≠ {law}（{wider.region}）"


def _list(ages: Iterable[str]) -> str:
    ordered: Sequence[str] = sorted(ages, key=int)
    return "、".join(ordered)
