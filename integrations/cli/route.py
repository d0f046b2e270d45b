"""`./hotline route`: which department, why, how urgent; and `train` and `eval` on a city's own history."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from integrations.cli import batch, options
from integrations.settings import Settings
from routing.router import Router

_LANE = 64


def add(commands: Any) -> None:
    """Declare the command; its first word may be `train` or `eval`."""
    command = commands.add_parser("route", help="推荐承办单位（train / eval：用本市历史数据训练与评估）")
    command.add_argument("words", nargs="*", metavar="文字 | train FILE | eval FILE")
    options.batch(command)
    options.city(command)
    command.add_argument("--model", type=Path, metavar="DIR", help="route train 训练出的模型")
    command.add_argument("--text", default="title,text", help="train：文本列，逗号分隔")
    command.add_argument("--label", default="label", help="train：标签列")
    command.add_argument("--group", help="train：近似重复的分组列")
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Train, evaluate, a batch, or one text to the screen."""
    from routing import evaluate

    match arguments.words:
        case ["train", file]:
            out, columns = _needed(arguments.out, "--out"), tuple(arguments.text.split(","))
            return _print(
                evaluate.train_csv(Path(file), text=columns, label=arguments.label, group=arguments.group, out=out)
            )
        case ["eval", file]:
            return _print(evaluate.evaluate_csv(Path(file), _needed(arguments.model, "--model")))
    router = Router.load(settings.nlu_data, arguments.model or settings.home / "models", city=settings.city)
    if arguments.batch:
        options.check_batch(arguments)
        return asyncio.run(batch.run(arguments.batch, arguments.out, _worker(router), {"text": str}, at_once=_LANE))
    return _print(router.recommend(" ".join(arguments.words) or sys.stdin.read()).to_json())


def _worker(router: Router) -> batch.Work:
    async def work(line: batch.Line) -> batch.Line:
        return router.recommend(line["text"]).to_json()

    return work


def _needed(path: Path | None, option: str) -> Path:
    if path is None:
        raise OSError(f"需要 {option}")
    return path


def _print(result: Any) -> int:
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0
