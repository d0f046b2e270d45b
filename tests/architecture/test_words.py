"""Whatever a person may see has Chinese words, and whatever is asked for has somebody who does it."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.guides.guide import Element
from bot.replies import Replies
from integrations.effects import HANDLERS
from integrations.settings import Settings
from integrations.worker import make_celery, register
from ticketing import errors
from ticketing.metrics import METRICS, Accounting
from ticketing.models import Kind, Role, Status, Urgency
from ticketing.notices import Purpose
from ticketing.workflow import Action

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
REPLIES = Replies.load(ROOT / "nlu_data" / "replies")


def _departments() -> list[str]:
    with (ROOT / "nlu_data" / "catalogue" / "departments.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("labels.status", Status),
        ("labels.action", Action),
        ("labels.kind", Kind),
        ("labels.urgency", Urgency),
        ("labels.role", Role),
        ("labels.department", _departments()),
        ("answers.elements", Element),
        ("notices", Purpose),
        *((f"metrics.{part}", METRICS) for part in ("name", "numerator", "denominator", "note")),
        ("metrics.accounting", Accounting),
    ],
)
def test_every_code_has_chinese_words(section: str, codes: Iterable[str]) -> None:
    assert [str(code) for code in codes if not REPLIES.has(f"{section}.{code}")] == []


def test_every_error_that_is_raised_has_a_sentence() -> None:
    raised = {
        (path.name, node.args[0].value)
        for package in ("ticketing", "integrations", "bot")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id
        in {"NotFound", "Forbidden", "Invalid", "Conflict", "IllegalTransition", "Stale", "TooManyAttempts"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert raised
    assert sorted(pair for pair in raised if not REPLIES.has(f"errors.{pair[1]}")) == []


def test_every_kind_of_effect_has_a_handler() -> None:
    kinds = {
        node.value.value
        for path in (ROOT / "ticketing").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(t, ast.Name) and t.id.endswith("_MESSAGE") for t in node.targets)
    }
    assert kinds
    assert kinds <= HANDLERS.keys()


def test_every_bell_of_the_beat_wakes_somebody() -> None:
    celery = make_celery(Settings())
    register(celery, None)  # type: ignore[arg-type] - the work is not run here
    assert {entry["task"] for entry in celery.conf.beat_schedule.values()} <= set(celery.tasks)
