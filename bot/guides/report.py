"""What an import says about itself (导入报告): counts, and every row that deserves a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.guides.guide import Guide

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Flag:
    """One finding: the row's number in the file (from 1), the item if known, a code, and what the source said.

    In a spreadsheet `sheet` and `column` say where on that row it stands.
    """

    position: int
    item: str | None
    code: str
    detail: str = ""
    sheet: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One guide as read from a file, with the hash of what was read.

    `base` is the version a spreadsheet was exported from; `position` the row the guide begins on.
    """

    guide: Guide
    file_hash: str
    base: int | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import: rows read, guides made, versions written, and the flags by row."""

    rows: int
    guides: int
    flags: tuple[Flag, ...]
    stored: Counter[str] = field(default_factory=Counter)

    @property
    def by_code(self) -> Counter[str]:
        """How often each finding occurs."""
        return Counter(flag.code for flag in self.flags)


def silent(done: int, total: int) -> None:
    """A progress callback that shows nothing."""
