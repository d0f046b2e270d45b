"""`./hotline guides`: import, export, check and search the knowledge."""

from __future__ import annotations

import argparse
import json
from typing import Any

from bot.guides.library import Library, known_items
from bot.guides.linker import Linker
from integrations import seed
from integrations.cli import guide_check, guide_files, options
from integrations.cli.up import say
from integrations.database.engine import connect
from integrations.settings import Settings
from routing.language import vectors
from routing.language.normalise import normalised
from ticketing.city import City


def add(commands: Any) -> None:
    """Declare the command and its verbs."""
    verbs = commands.add_parser("guides", help="办事指南：导入、导出、检查、查找").add_subparsers(
        metavar="VERB", required=True
    )
    guide_files.add(verbs)
    guide_check.add(verbs)
    search = verbs.add_parser("search", help="查找事项")
    search.add_argument("text")
    search.add_argument("--json", action="store_true")
    search.set_defaults(run=run_search)
    options.city(search)
    options.data(search)


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
    linker = Linker.load(library, settings.nlu_data, encode=vectors.encode, cache=settings.home / "vectors")
    found = linker.link(normalised(arguments.text)).candidates
    rows = [{"item": c.code, "name": c.label, "score": round(c.score, 4), "written": c.written} for c in found]
    for row in rows:
        plain = f"{row['item']:<10} {row['name']}{'' if row['written'] else '（指南未编写）'}"
        print(json.dumps(row, ensure_ascii=False) if arguments.json else plain)
    return 0
