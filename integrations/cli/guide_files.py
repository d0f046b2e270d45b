"""`./hotline guides import` and `export`: our files, the Guangdong set, spreadsheets."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bot.guides import exchange, versions
from bot.guides.importers import guangdong
from bot.guides.importers import yaml as yaml_files
from bot.guides.report import ImportReport, Parsed, Progress
from bot.replies import Replies
from integrations import seed
from integrations.cli import options
from integrations.cli.up import say
from integrations.database.engine import connect
from integrations.settings import ROOT, Settings
from ticketing.city import City
from ticketing.errors import Invalid

FORMATS = ("yaml", "guangdong", "csv", "xlsx")
_SUFFIXES = {".yml": "yaml", ".yaml": "yaml", ".xlsx": "xlsx", ".zip": "csv", ".csv": "csv"}
_SHOWN = 3
_WIDTH = 100


def add(verbs: Any) -> None:
    """Declare the two verbs."""
    imports = verbs.add_parser("import", help="导入指南，报告每一处可疑")
    imports.add_argument("file", type=Path)
    imports.add_argument("--format", choices=FORMATS, help="默认按文件判断")
    imports.add_argument("--marked", type=Path, help="把有错的格子标出来，另存为这个 Excel 文件")
    imports.set_defaults(run=run_import)
    export = verbs.add_parser("export", help="导出指南表格（Excel，或一组 CSV）")
    export.add_argument("file", type=Path, help="要写的文件：.xlsx、.zip，或放 CSV 的目录")
    export.add_argument("--format", choices=("csv", "xlsx"), help="默认按文件名判断")
    export.add_argument("--owner", help="只导出一个部门的（部门代码）")
    export.add_argument("--template", action="store_true", help="只要空表")
    export.set_defaults(run=run_export)
    for verb in (imports, export):
        options.city(verb)
        options.data(verb)


def run_import(settings: Settings, arguments: argparse.Namespace) -> int:
    """Read the file into the city's guides; exit 1 when a row could not become a guide."""
    kind = arguments.format or kind_of(arguments.file)
    if arguments.city is None and kind == "guangdong":
        settings = settings.model_copy(update={"city": ROOT / "nlu_data" / "city" / "guangdong"})
    words = Replies.load(settings.nlu_data / "replies")
    city = City.load(settings.city)
    with tqdm(unit="份") as bar:
        try:
            parsed, found = exchange.within(*read(words, arguments.file, kind, city, _shown_on(bar)), city.region)
        except Invalid as error:
            print(words.text(f"errors.{error.code}", **error.details))
            return 2
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings.model_copy(update={"datasets": None}), say)
    edit = exchange.FROM_SHEET if kind in exchange.SHEETS else versions.FROM_FILE
    database = connect(settings.database, settings.keys)
    try:
        with database.write() as session:
            report = versions.store(session, parsed, found, city.code, datetime.now(UTC), edit)
    finally:
        database.close()
    show(words, report)
    if arguments.marked and kind == "xlsx":
        arguments.marked.write_bytes(exchange.marked(arguments.file.read_bytes(), report.flags, words))
    return 1 if report.guides < report.rows or exchange.refused(report) else 0


def run_export(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the city's current guides as a spreadsheet."""
    words = Replies.load(settings.nlu_data / "replies")
    kind = arguments.format or ("xlsx" if arguments.file.suffix == ".xlsx" else "csv")
    guides = () if arguments.template else _current(settings, arguments.owner)
    book = exchange.book(guides, words)
    if kind == "csv" and arguments.file.suffix != ".zip":
        arguments.file.mkdir(parents=True, exist_ok=True)
        for name, content in exchange.csv_of(book, words).items():
            (arguments.file / name).write_bytes(content)
    else:
        arguments.file.write_bytes(exchange.bytes_of(kind, book, words))
    print(f"导出 {len(guides)} 份指南：{arguments.file}")
    return 0


def _current(settings: Settings, owner: str | None) -> exchange.Versioned:
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings, say)
    database = connect(settings.database, settings.keys)
    try:
        with database.read() as session:
            return exchange.current(session, City.load(settings.city).code, owner=owner)
    finally:
        database.close()


def kind_of(file: Path) -> str:
    """The format a file's name tells; a folder of CSV files or of our own."""
    if file.is_dir():
        return "csv" if any(file.glob("*.csv")) else "yaml"
    return _SUFFIXES.get(file.suffix.lower(), "guangdong")


def read(
    words: Replies, file: Path, kind: str, city: City, progress: Progress
) -> tuple[tuple[Parsed, ...], ImportReport]:
    """What a file of any format holds."""
    if kind == "guangdong":
        return guangdong.read_file(file, words.group("answers.guangdong"), progress)
    if kind in exchange.SHEETS:
        folder = file if file.is_dir() else file.parent if file.suffix == ".csv" else None
        return exchange.read(kind, folder or file.read_bytes(), words, exchange.Scope(city.region))
    if file.is_dir():
        return yaml_files.read_folder(file, progress)
    one = yaml_files.read_file(file)
    return (one,), ImportReport(1, 1, ())


def _shown_on(bar: Any) -> Progress:
    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return progress


def show(words: Replies, report: ImportReport) -> None:
    """The counts, then every kind of finding with its first examples; all of them are kept in the database."""
    stored = "，".join(f"{words.text(f'answers.stored.{name}')} {count}" for name, count in report.stored.items())
    print(f"读到 {report.rows} 行，成为指南 {report.guides} 份" + (f"（{stored}）" if stored else ""))
    for code, count in report.by_code.most_common():
        print(f"  {exchange.label(words, code)}：{count} 处")
        for flag in [flag for flag in report.flags if flag.code == code][:_SHOWN]:
            place = "，".join(filter(None, (flag.sheet, f"第 {flag.position} 行", flag.column)))
            print(f"    {place} {flag.item or ''} {flag.detail[:_WIDTH]}".rstrip())
        if count > _SHOWN:
            print(f"    …… 另有 {count - _SHOWN} 处")
