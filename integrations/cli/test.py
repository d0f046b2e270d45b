"""`./hotline test`, `./hotline sure` and `./hotline lock`: what a developer runs."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from integrations.provision import provision
from integrations.settings import ROOT, Settings

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
_DOWNLOAD_SECONDS = 600
_CHECKS = (
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports", "--no-cache"]),
)


def add(commands: Any) -> None:
    """Declare the three commands."""
    test = commands.add_parser("test", help="运行全部测试")
    test.add_argument("--long", action="store_true", help="也运行以分钟计的压力与故障测试")
    test.add_argument("rest", nargs=argparse.REMAINDER, help="交给 pytest 的参数")
    test.set_defaults(run=run_tests)
    commands.add_parser("sure", help="格式、静态检查、类型、依赖方向、测试").set_defaults(run=run_sure)
    commands.add_parser("lock", help="重新解析并锁定依赖").set_defaults(run=run_lock)


def run_tests(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make what the tests need, then pytest."""
    made = provision(settings.home, lambda line: print(f"▸ {line}", file=sys.stderr))
    lane = [] if arguments.long else ["-m", "not long"]
    environ = os.environ | {
        "HOTLINE_RASA_PYTHON": str(made.rasa_python),
        "HOTLINE_NLU_MODEL": str(made.nlu_model),
        "HOTLINE_ASSETS": str(made.assets),
        "HOTLINE_CHROMIUM": _browser(),
    }
    argv = [sys.executable, "-m", "pytest", *lane, *arguments.rest]
    return subprocess.run(argv, cwd=ROOT, env=environ, check=False).returncode


def _browser() -> str:
    """The path of a Chromium: the system's, else Playwright's own, fetched now; empty where neither can be had."""
    if found := next(filter(None, map(shutil.which, _CHROMIUM)), None):
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if not own.exists():
        print("▸ 下载浏览器（只需一次）", file=sys.stderr)
        argv = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(argv, check=False, capture_output=True, timeout=_DOWNLOAD_SECONDS)
    if own.exists():
        return str(own)
    print("▸ 没有 Chromium，也下载不到：跳过浏览器测试（安装 chromium 后即可运行）", file=sys.stderr)
    return ""


def run_sure(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every check in turn; the first that fails ends it."""
    binaries = Path(sys.executable).parent
    for name, argv in _CHECKS:
        print(f"▸ {name}", file=sys.stderr, flush=True)
        code = subprocess.run([str(binaries / argv[0]), *argv[1:]], cwd=ROOT, check=False).returncode
        if code:
            return code
    arguments.long, arguments.rest = False, []
    return run_tests(settings, arguments)


def run_lock(settings: Settings, arguments: argparse.Namespace) -> int:
    """Resolve requirements/*.in into hash-pinned locks without any registry's address."""
    uv, old = os.environ["HOTLINE_UV"], os.environ["HOTLINE_PYTHON310"]
    common = ["--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
    today = ["--universal", "--python", sys.executable]
    for name, more in (
        ("main", today),
        ("dev", [*today, "-c", "requirements/main.txt"]),
        ("rasa", ["--python", old, "--override", "requirements/rasa-overrides.txt"]),
    ):
        files = ["-o", f"requirements/{name}.txt", f"requirements/{name}.in"]
        subprocess.run([uv, "pip", "compile", *common, *more, *files], cwd=ROOT, check=True)
    return 0
