"""Spreadsheets against the database (表格导入导出): who may bring in what, and what goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.guides.guide import NATIONAL, Guide
from bot.guides.library import ancestors
from bot.guides.models import GuideStatus, GuideVersion, Origin
from bot.guides.report import Flag, ImportReport, Parsed
from bot.guides.sheets import csv_files, reading, writing, xlsx
from bot.guides.sheets.layout import Titles
from bot.guides.sheets.writing import Book
from bot.guides.versions import NATIONAL_PACK, Edit
from bot.replies import Replies
from ticketing.errors import Invalid

SHEETS = frozenset({"csv", "xlsx"})
FROM_SHEET = Edit(Origin.SHEET)
# What is only told: everything the guide needs was read.
_HARMLESS = frozenset({"unknown_column", "unknown_sheet", "edited_in_console"})

Versioned = Sequence[tuple[Guide, int | None]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose guides a file may hold: those of the city's regions, and of one department where `owner` says so.

    `foreign` are the guides (item, region) that the database knows to be somebody else's.
    """

    region: str
    owner: str | None = None
    foreign: frozenset[tuple[str, str]] = frozenset()

    def problem(self, guide: Guide) -> str | None:
        """Why a guide may not come in; None when it may."""
        if not belongs(guide.region, self.region):
            return "foreign_region"
        if self.owner is None:
            return None
        own = guide.department_code == self.owner and (guide.code, guide.region) not in self.foreign
        return None if own else "not_your_guide"


def belongs(region: str, city: str) -> bool:
    """Whether a region is the city's own, part of it, or above it."""
    stem = city.rstrip("0")
    stem += "0" * (len(stem) % 2)
    return region == NATIONAL or region in ancestors(city) or region.startswith(stem)


def within(parsed: Sequence[Parsed], report: ImportReport, region: str) -> tuple[tuple[Parsed, ...], ImportReport]:
    """Only the guides of a city's regions: another city's never answer here, whatever file they come in."""
    kept = tuple(one for one in parsed if belongs(one.guide.region, region))
    foreign = [(at, one) for at, one in enumerate(parsed, 1) if not belongs(one.guide.region, region)]
    flags = tuple(Flag(one.position or at, one.guide.code, "foreign_region", one.guide.region) for at, one in foreign)
    return kept, replace(report, guides=len(kept), flags=report.flags + flags)


def scope_of(session: Session, city: str, region: str, owner: str | None) -> Scope:
    """The scope of a person's upload."""
    if owner is None:
        return Scope(region)
    query = select(GuideVersion.item, GuideVersion.region).where(
        GuideVersion.city.in_((NATIONAL_PACK, city)),
        GuideVersion.status == GuideStatus.CURRENT.value,
        GuideVersion.owner != owner,
    )
    return Scope(region, owner, frozenset((item, at) for item, at in session.execute(query)))


def read(kind: str, data: bytes | Path, words: Replies, scope: Scope) -> tuple[tuple[Parsed, ...], ImportReport]:
    """The guides of a spreadsheet that may come in; raises `Invalid` when the file cannot be read at all."""
    if isinstance(data, Path):
        raw = csv_files.read_folder(data)
    else:
        raw = xlsx.read(data) if kind == "xlsx" else csv_files.read(data)
    parsed, report = reading.guides(raw, Titles.of(words))
    titles = Titles.of(words)
    refused = [(one, problem) for one in parsed if (problem := scope.problem(one.guide))]
    flags = tuple(
        Flag(one.position, one.guide.code, problem, one.guide.region, titles.sheets["items"])
        for one, problem in refused
    )
    kept = tuple(one for one in parsed if scope.problem(one.guide) is None)
    return kept, replace(report, guides=len(kept), flags=report.flags + flags)


def kind_of(name: str) -> str:
    """The format an uploaded file's name tells."""
    if name.lower().endswith(".xlsx"):
        return "xlsx"
    if name.lower().endswith(".zip"):
        return "csv"
    raise Invalid("not_a_workbook")


def refused(report: ImportReport) -> bool:
    """Whether a row did not get in."""
    return any(flag.code not in _HARMLESS for flag in report.flags)


def current(session: Session, city: str, *, owner: str | None = None) -> Versioned:
    """The current guides of a city with their versions, national ones included."""
    query = select(GuideVersion.body, GuideVersion.version).where(
        GuideVersion.city.in_((NATIONAL_PACK, city)), GuideVersion.status == GuideStatus.CURRENT.value
    )
    if owner is not None:
        query = query.where(GuideVersion.owner == owner)
    rows = session.execute(query.order_by(GuideVersion.item, GuideVersion.region))
    return [(Guide.model_validate(body), version) for body, version in rows]


def book(guides: Versioned, words: Replies) -> Book:
    """The guides as sheets."""
    return writing.book(guides, Titles.of(words))


def bytes_of(kind: str, sheets: Book, words: Replies) -> bytes:
    """Sheets as one file: Excel, or CSV files in a ZIP."""
    titles = Titles.of(words)
    return xlsx.write(sheets, titles) if kind == "xlsx" else csv_files.write(sheets, titles)


def csv_of(sheets: Book, words: Replies) -> dict[str, bytes]:
    """Sheets as CSV files by name."""
    return csv_files.files(sheets, Titles.of(words))


def marked(data: bytes, flags: Sequence[Flag], words: Replies) -> bytes:
    """An Excel file with its wrong cells marked."""
    return xlsx.marked(data, [(flag, label(words, flag.code)) for flag in flags])


def label(words: Replies, code: str) -> str:
    """What a flag means."""
    own = f"guides.flag.{code}"
    return words.text(own if words.has(own) else f"answers.flag.{code}")
