"""`./hotline bench NAME …`: measurements, each a module of `benchmarks`."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from integrations.settings import ROOT, Settings


def add(commands: Any) -> None:
    """Declare the command; every module of benchmarks/ with a `main` is a benchmark."""
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "def main(" in path.read_text("utf-8"))
    bench = commands.add_parser("bench", help="测量并写入 benchmarks/results.json")
    bench.add_argument("name", nargs="?", choices=names, help="只跑一项")
    bench.add_argument("rest", nargs=argparse.REMAINDER, help="交给该项的参数")
    bench.set_defaults(run=run, names=names)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """One benchmark, or all of them one after the other."""
    codes = [
        importlib.import_module(f"benchmarks.{name}").main(arguments.rest)
        for name in ([arguments.name] if arguments.name else arguments.names)
    ]
    return max(codes, default=0)
