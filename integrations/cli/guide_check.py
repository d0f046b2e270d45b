"""`./hotline guides check`: what is wrong with the guides, in files or in the database."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.guides import checking, exchange
from bot.guides.checking import Finding, Known, Level
from bot.guides.guide import Guide
from bot.guides.report import Flag, silent
from bot.replies import Replies
from integrations.cli import guide_files, options
from integrations.database.engine import connect
from integrations.settings import ROOT, Settings
from ticketing.city import City
from ticketing.errors import Invalid

_SHOWN = 5
_WIDTH = 110
# What the Guangdong reader notes of every row; the check says the rest in its own words.
_SAID_BY_CHECK = frozenset({"empty", "url_cut", "text_cut", "repeated_name", "promise_longer_than_law"})
_DOUBTFUL = frozenset({"phone_unclear", "limit_unreadable", "unknown_area", "file_name"})


def add(verbs: Any) -> None:
    """Declare the verb."""
    check = verbs.add_parser("check", help="检查指南：残缺、矛盾、死引用、名称冲突、到期（有错误或可疑时返回 1）")
    check.add_argument("file", type=Path, nargs="?", help="要检查的文件或目录，默认随产品提供的指南")
    check.add_argument("--format", choices=guide_files.FORMATS, help="默认按文件判断")
    check.add_argument("--database", action="store_true", help="检查数据库里正在使用的指南")
    check.add_argument("--json", action="store_true", help="每处一行 JSON")
    check.add_argument("--all", action="store_true", help="逐处列出，不省略")
    check.set_defaults(run=run_check)
    options.city(check)
    options.data(check)


def run_check(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every finding; exit 1 when there is an error or something doubtful, 2 when nothing could be read."""
    words = Replies.load(settings.nlu_data / "replies")
    city = City.load(settings.city)
    known = Known.load(settings.nlu_data, city.today(datetime.now(UTC)), city.region)
    try:
        guides, flags = _guides(settings, arguments, words)
    except (Invalid, SQLAlchemyError, OSError, ValueError) as error:
        print(words.text(f"errors.{error.code}", **error.details) if isinstance(error, Invalid) else str(error)[:300])
        return 2
    if arguments.file is not None:
        known = Known(known.today, departments=known.departments)  # a set of its own, not the catalogue's
    found = checking.check(guides, known)
    if arguments.json:
        _print_json(found, flags)
    else:
        _print(words, len(guides), found, flags, _SHOWN if not arguments.all else None)
    return 1 if flags or any(finding.level is not Level.NOTE for finding in found) else 0


def _guides(
    settings: Settings, arguments: argparse.Namespace, words: Replies
) -> tuple[Sequence[Guide], Sequence[Flag]]:
    if arguments.database:
        database = connect(settings.database, settings.keys)
        try:
            with database.read() as session:
                return [one for one, _ in exchange.current(session, City.load(settings.city).code)], ()
        finally:
            database.close()
    file = arguments.file or settings.nlu_data / "guides"
    kind = arguments.format or guide_files.kind_of(file)
    pack = ROOT / "nlu_data" / "city" / "guangdong" if kind == "guangdong" else settings.city
    parsed, report = guide_files.read(words, file, kind, City.load(pack), silent)
    return [one.guide for one in parsed], [flag for flag in report.flags if flag.code not in _SAID_BY_CHECK]


def _print_json(found: Sequence[Finding], flags: Sequence[Flag]) -> None:
    for flag in flags:
        row = {"code": flag.code, "item": flag.item, "sheet": flag.sheet, "row": flag.position, "column": flag.column}
        print(json.dumps(row | {"detail": flag.detail, "level": _level(flag).value}, ensure_ascii=False))
    for finding in found:
        print(json.dumps(finding.to_json(), ensure_ascii=False))


def _print(words: Replies, count: int, found: Sequence[Finding], flags: Sequence[Flag], most: int | None) -> None:
    levels = [finding.level for finding in found] + [_level(flag) for flag in flags]
    counts = {level.value: levels.count(level) for level in Level}
    print(words.text("guides.check_head", count=count, **counts))
    lines: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    order = list(Level)
    for flag in flags:
        place = " ".join(filter(None, (flag.sheet, str(flag.position), flag.column, flag.item)))
        lines[order.index(_level(flag)), exchange.label(words, flag.code)].append(f"{place} {flag.detail}")
    for finding in found:
        element = words.text(f"answers.elements.{finding.element}") if finding.element else ""
        key = order.index(finding.level), words.text(f"guides.check.{finding.code}")
        region = "" if finding.region == "000000" else finding.region
        lines[key].append(" ".join(filter(None, (finding.item, region, element, finding.said(words)))))
    for (level, label), told in sorted(lines.items(), key=lambda pair: (pair[0][0], -len(pair[1]))):
        named = words.text(f"guides.level.{order[level].value}")
        print("  " + words.text("guides.check_line", level=f"［{named}］", label=label, count=len(told)))
        for line in told[:most]:
            print(f"    {line[:_WIDTH]}")
        if most is not None and len(told) > most:
            print("    " + words.text("guides.check_more", count=len(told) - most))
    if not lines:
        print("  " + words.text("guides.check_clean"))


def _level(flag: Flag) -> Level:
    """A row that was read but looks odd is doubtful; one that was not is an error."""
    return Level.WARNING if flag.code in _DOUBTFUL else Level.ERROR
