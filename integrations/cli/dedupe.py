"""`./hotline dedupe --batch IN --out OUT`: which texts tell of the same incident (重复诉求)."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from integrations.cli import batch, options
from integrations.settings import Settings
from routing.duplicates import Duplicates
from routing.incident import Telling
from routing.jurisdiction import Regions
from ticketing.city import City

_ALL_AT_ONCE = 1_000_000  # a line's group depends on every other line


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("dedupe", help="把反映同一事件的诉求归为一组")
    options.batch(command)
    options.city(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Group all lines of the batch."""
    if arguments.batch is None:
        raise OSError("需要 --batch 指定输入文件")
    options.check_batch(arguments)
    duplicates = Duplicates.load(settings.nlu_data, Regions.load(settings.city))
    zone = City.load(settings.city).zone

    def answer(lines: Sequence[batch.Line]) -> list[batch.Line]:
        groups = duplicates.groups([_telling(line, zone) for line in lines])
        return [{"group": group} for group in groups]

    work = batch.Together(answer).work
    return asyncio.run(batch.run(arguments.batch, arguments.out, _checked(work), {"text": str}, at_once=_ALL_AT_ONCE))


def _checked(work: batch.Work) -> batch.Work:
    async def checked(line: batch.Line) -> batch.Line:
        if not isinstance(line.get("place"), str | None):
            raise batch.BadLine("字段 place 的类型不对")
        _told(line, ZoneInfo("UTC"))
        return await work(line)

    return checked


def _telling(line: batch.Line, zone: ZoneInfo) -> Telling:
    return Telling(line["text"], line.get("place"), _told(line, zone))


def _told(line: batch.Line, zone: ZoneInfo) -> date | None:
    """The city's day on which the text was told."""
    given = line.get("at")
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise batch.BadLine("字段 at 不是 ISO 时间") from error
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()
