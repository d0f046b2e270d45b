"""`./hotline guides`: import, check and search the knowledge."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bot.guides import versions
from bot.guides.importers import guangdong
from bot.guides.importers import yaml as yaml_files
from bot.guides.library import Library, known_items
from bot.guides.report import ImportReport, Parsed, Progress
from bot.replies import Replies
from integrations import seed
from integrations.bootstrap import build_linker
from integrations.cli import options
from integrations.cli.up import say
from integrations.database.engine import connect
from integrations.settings import ROOT, Settings
from routing.language.normalise import normalised
from ticketing.city import City

_FORMATS = ("yaml", "guangdong")
_SHOWN = 3
_WIDTH = 100


def add(commands: Any) -> None:
    """Declare the command and its three verbs."""
    verbs = commands.add_parser("guides", help="办事指南：导入、检查、查找").add_subparsers(
        metavar="VERB", required=True
    )
    imports = verbs.add_parser("import", help="导入指南，报告每一处可疑")
    imports.add_argument("file", type=Path)
    imports.add_argument("--format", choices=_FORMATS, help="默认按文件判断")
    imports.set_defaults(run=run_import)
    check = verbs.add_parser("check", help="检查随产品提供的指南")
    check.set_defaults(run=run_check)
    search = verbs.add_parser("search", help="查找事项")
    search.add_argument("text")
    search.add_argument("--json", action="store_true")
    search.set_defaults(run=run_search)
    for verb in (imports, search):
        options.city(verb)
        options.data(verb)


def run_import(settings: Settings, arguments: argparse.Namespace) -> int:
    """Read the file into the city's guides; exit 1 when a row could not become a guide."""
    kind = arguments.format or _guess(arguments.file)
    if arguments.city is None and kind == "guangdong":
        settings = settings.model_copy(update={"city": ROOT / "nlu_data" / "city" / "guangdong"})
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings.model_copy(update={"datasets": None}), say)
    with tqdm(unit="份") as bar:
        parsed, found = _read(settings, arguments.file, kind, _shown_on(bar))
    database = connect(settings.database, settings.keys)
    try:
        with database.write() as session:
            report = versions.store(session, parsed, found, City.load(settings.city).code, datetime.now(UTC))
    finally:
        database.close()
    _print(settings, report)
    return 1 if report.guides < report.rows else 0


def run_check(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every finding about the product's own guides; exit 1 when there is one."""
    _, report = yaml_files.read_folder(settings.nlu_data / "guides")
    _print(settings, report)
    return 1 if report.flags else 0


def run_search(settings: Settings, arguments: argparse.Namespace) -> int:
    """The items a text may mean."""
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings, say)
    city = City.load(settings.city)
    database = connect(settings.database, settings.keys)
    try:
        with database.read() as session:
            library = Library.load(session, city.code, region=city.region, known=known_items(settings.nlu_data))
    finally:
        database.close()
    linker = build_linker(settings, library)
    found = linker.link(normalised(arguments.text)).candidates
    rows = [{"item": c.code, "name": c.label, "score": round(c.score, 4), "written": c.written} for c in found]
    for row in rows:
        plain = f"{row['item']:<10} {row['name']}{'' if row['written'] else '（指南未编写）'}"
        print(json.dumps(row, ensure_ascii=False) if arguments.json else plain)
    return 0


def _guess(file: Path) -> str:
    return "yaml" if file.is_dir() or file.suffix in {".yml", ".yaml"} else "guangdong"


def _read(settings: Settings, file: Path, kind: str, progress: Progress) -> tuple[tuple[Parsed, ...], ImportReport]:
    if kind == "guangdong":
        return guangdong.read_file(
            file, Replies.load(settings.nlu_data / "replies").group("answers.guangdong"), progress
        )
    if file.is_dir():
        return yaml_files.read_folder(file, progress)
    one = yaml_files.read_file(file)
    return (one,), ImportReport(1, 1, ())


def _shown_on(bar: Any) -> Progress:
    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return progress


def _print(settings: Settings, report: ImportReport) -> None:
    """The counts, then every kind of finding with its first examples; all of them are kept in the database."""
    words = Replies.load(settings.nlu_data / "replies")
    stored = "，".join(f"{words.text(f'answers.stored.{name}')} {count}" for name, count in report.stored.items())
    print(f"读到 {report.rows} 行，成为指南 {report.guides} 份" + (f"（{stored}）" if stored else ""))
    for code, count in report.by_code.most_common():
        print(f"  {words.text(f'answers.flag.{code}')}：{count} 处")
        for flag in [flag for flag in report.flags if flag.code == code][:_SHOWN]:
            print(f"    第 {flag.position} 行 {flag.item or ''} {flag.detail[:_WIDTH]}")
        if count > _SHOWN:
            print(f"    …… 另有 {count - _SHOWN} 处")
