"""The rules of the house that a reader relies on (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("routing", "ticketing", "bot", "integrations")
SOURCES = [
    p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if (ROOT / "bot" / "rasa") not in p.parents
]


def _tool(*argv: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / argv[0]), *argv[1:]], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_one_way() -> None:
    _tool("lint-imports", "--no-cache")


def test_types_hold() -> None:
    _tool("mypy", "--no-error-summary")


def test_format_and_lint_are_clean() -> None:
    _tool("ruff", "check", "--quiet", ".")
    _tool("ruff", "format", "--check", "--quiet", ".")


def test_nobody_can_import_rasa() -> None:
    assert not list((ROOT / "bot" / "rasa").rglob("__init__.py"))


@pytest.mark.parametrize("name", ["environ", "getenv"])
def test_settings_alone_reads_the_environment(name: str) -> None:
    """Passing the environment on to a child process is not reading it."""
    allowed = {
        "integrations/cli/__main__.py",
        "integrations/cli/test.py",
        "integrations/provision.py",
        "integrations/supervisor.py",
    }
    users = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert users <= allowed


def test_only_transitions_write_a_status() -> None:
    writers = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(
                    isinstance(t, ast.Attribute) and t.attr == "status" and "ticket" in ast.dump(t.value)
                    for t in targets
                ):
                    writers.add(path.name)
    assert writers <= {"transitions.py"}


def test_no_module_swallows_errors() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path}:{node.lineno} bare except"
                broad = isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
                silent = all(isinstance(s, ast.Pass | ast.Continue) for s in node.body)
                assert not (broad and silent), f"{path}:{node.lineno} swallowed"


def test_code_has_no_unfinished_corners() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error")
    assert [f"{p}: {m}" for p in SOURCES for m in marks if m in p.read_text(encoding="utf-8")] == []
