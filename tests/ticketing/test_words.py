"""Every code a person meets has its Chinese word, and every error its sentence."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from ticketing import errors
from ticketing.callbacks import AttemptOutcome
from ticketing.clocks import ClockName
from ticketing.codes import Exit, Outcome, RejectReason, ReturnReason
from ticketing.models import CallbackStatus, Kind, Owner, Part, Role, Status, Urgency
from ticketing.surveys import Result
from ticketing.workdays import DayKind
from ticketing.workflow import Action

SECTIONS = {
    "status": Status,
    "action": Action,
    "role": Role,
    "urgency": Urgency,
    "kind": Kind,
    "outcome": Outcome,
    "exit": Exit,
    "reject_reason": RejectReason,
    "return_reason": ReturnReason,
    "clock": ClockName,
    "day_kind": DayKind,
    "attempt_outcome": AttemptOutcome,
    "callback_status": CallbackStatus,
    "survey_result": Result,
    "part": Part,
    "owner": Owner,
}


def words(nlu_data, name):
    return yaml.safe_load((nlu_data / "replies" / f"{name}.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_code_has_its_label(nlu_data, section):
    labels = words(nlu_data, "labels")[section]
    assert {code.value for code in SECTIONS[section]} <= labels.keys()
    assert all(re.search(r"[\u4e00-\u9fff]", label) for label in labels.values())


def _codes(folder):
    """The first arguments of every error that the package raises, and the classes' own codes."""
    names = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in names and node.args:
                yield ast.literal_eval(node.args[0])
    yield from (getattr(errors, name).code for name in names if issubclass(getattr(errors, name), errors.HotlineError))


def test_every_error_has_its_sentence(nlu_data):
    codes = set(_codes(nlu_data.parent / "ticketing"))
    assert len(codes) > 30
    assert codes - words(nlu_data, "errors").keys() == set()
