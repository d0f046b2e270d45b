"""Dead references (死引用): departments, items and regions that do not exist, steps of life events without an item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.guides.checking.finding import Finding, Known, Read
from bot.guides.exchange import belongs

_CODE = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2,3}\d{3})(?![A-Za-z0-9])")


def check(reads: Sequence[Read], known: Known) -> Iterator[Finding]:
    """What the guides name and nobody knows."""
    written = {read.guide.code for read in reads}
    listed = {item.code for item in known.items}
    for read in reads:
        yield from _one(read, known, written | listed)
    for event, items in known.steps.items():
        yield from (Finding("dead_step", item, detail=event) for item in items if item not in written | listed)


def unwritten(reads: Sequence[Read], known: Known) -> Iterator[Finding]:
    """The items of the catalogue without a guide."""
    written, names = {read.guide.code for read in reads}, {read.guide.name for read in reads}
    for item in known.items:
        if item.code not in written and item.name not in names:
            yield Finding("unwritten", item.code, detail=item.name)


def _one(read: Read, known: Known, items: set[str]) -> Iterator[Finding]:
    guide = read.guide
    if known.region is not None and not belongs(guide.region, known.region):
        yield read.finding("foreign_region", None, guide.region)
    if guide.department_code and known.departments and guide.department_code not in known.departments:
        yield read.finding("unknown_department", None, guide.department_code)
    if known.items and _CODE.fullmatch(guide.code) and guide.code not in {item.code for item in known.items}:
        yield read.finding("unknown_item", None, guide.code)
    for element, text in read.texts:
        for code in _CODE.findall(text):
            # Letters and digits may be anything (a form's number); a department's letters make it an item.
            if code[:-3] in known.departments and code not in items:
                yield read.finding("unknown_item", element, code)
