"""`./hotline route`: which department, why, how urgent; and `train`, `eval` and `retrain` on a city's own history."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from integrations.cli import batch, options
from integrations.settings import Settings
from routing.history import History
from routing.router import Router

_AT_ONCE = 256
Answers = Callable[[Sequence[str]], list[batch.Line]]


def add(commands: Any) -> None:
    """Declare the command; its first word may be `train`, `eval` or `retrain`."""
    command = commands.add_parser(
        "route", help="推荐承办单位（train / eval：用历史数据训练与评估；retrain：学习本市的改判）"
    )
    command.add_argument("words", nargs="*", metavar="文字 | train FILE | eval FILE | retrain")
    options.batch(command)
    options.city(command)
    options.data(command)
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
        case ["retrain"]:
            from integrations.cli import retraining

            return _print(retraining.run(settings))
    own = settings.data / "models"
    router = Router.load(settings.nlu_data, settings.home / "models", city=str(settings.city.absolute()), own=own)
    answer = _answers(router, History.load(arguments.model) if arguments.model else None)
    if arguments.batch:
        options.check_batch(arguments)
        together = batch.Together(lambda lines: answer([line["text"] for line in lines]))
        return asyncio.run(batch.run(arguments.batch, arguments.out, together.work, {"text": str}, at_once=_AT_ONCE))
    return _print(answer([" ".join(arguments.words) or sys.stdin.read()])[0])


def _answers(router: Router, history: History | None) -> Answers:
    def answer(texts: Sequence[str]) -> list[batch.Line]:
        recommended = router.recommend_batch(texts)
        return history.answer(texts, recommended) if history else [one.to_json() for one in recommended]

    return answer


def _needed(path: Path | None, option: str) -> Path:
    if path is None:
        raise OSError(f"需要 {option}")
    return path


def _print(result: Any) -> int:
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0
