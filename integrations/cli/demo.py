"""`./hotline demo`: a made-up year, so that every screen and report has something to show."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from typing import Any

from integrations.cli import options
from integrations.settings import Settings

_YEAR = 365


def add(commands: Any) -> None:
    """Declare the command."""
    demo = commands.add_parser("demo", help="写入一年的演示数据（可重复，同一种子得到同一批工单）")
    demo.add_argument("--tickets", type=int, default=10_000, help="工单数（默认 10000）")
    demo.add_argument("--days", type=int, default=_YEAR, help="覆盖多少天（默认 365）")
    demo.add_argument("--seed", type=int, default=12345, help="随机种子")
    demo.add_argument("--until", type=datetime.fromisoformat, help="截止时刻（默认现在），如 2026-11-22T10:00+08:00")
    options.data(demo)
    options.city(demo)
    demo.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrate and seed the database, then write the history in one transaction."""
    from integrations import seed
    from integrations.database.engine import connect
    from integrations.demo.build import build
    from ticketing.city import City

    if not settings.demo:
        raise OSError("演示数据只写入演示环境：HOTLINE_DEMO=0 时不可用")
    until = arguments.until or datetime.now(UTC)
    if until.tzinfo is None:
        raise OSError("--until 要带时区，如 2026-11-22T10:00+08:00")
    started = time.monotonic()
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings, lambda line: print(f"▸ {line}", file=sys.stderr, flush=True))
    database = connect(settings.database, settings.keys)
    try:
        with database.write() as session:
            made = build(
                session, City.load(settings.city), settings.nlu_data, until,
                tickets=arguments.tickets, days=arguments.days, seed=arguments.seed,
            )  # fmt: skip
    finally:
        database.close()
    took = time.monotonic() - started
    print(f"已写入 {made} 件演示工单（{took:.0f} 秒）" if made else "这批演示数据已经在库里，没有再写")
    return 0
