"""The files of a stored report, by format: drawn when they are asked for, always from the figures that were kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.replies import Replies
from integrations.reports import sheets
from ticketing.models import Report


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its media type and how it is drawn."""

    media: str
    draw: Callable[[Report, Replies], bytes]


def _pdf(report: Report, replies: Replies) -> bytes:
    from integrations.reports.pdf import pdf  # the font machinery is large: only who prints loads it

    return pdf(report.content, replies.variants["reports.file.page"][0])


def _docx(report: Report, _replies: Replies) -> bytes:
    from integrations.reports.word import docx

    return docx(report.content, report.made_at)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "pdf": Format("application/pdf", _pdf),
        "docx": Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx),
        "xlsx": Format(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            lambda report, _replies: sheets.xlsx(report.content, report.made_at),
        ),
        "csv": Format("text/csv; charset=utf-8", lambda report, _replies: sheets.csv_file(report.content)),
    }
)
