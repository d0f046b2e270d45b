"""A city's own history (历史工单): train on a table of labelled texts and measure on another, or on held-out groups."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from routing.classifier import Floats, Recipe, TextClassifier, threshold_for, train
from routing.titled import BREAK, TitledFeatures

MODEL_FILE = "history.joblib"
SETTINGS_FILE = "history.json"
CHARACTERS = 800
_AUTO_PRECISION = 0.97
_PENALTY = 0.3
_LONGEST = 2
_VECTOR_WEIGHT = 0.5
_MOST_CHARACTER_FEATURES = 250_000
_PRECISIONS = (0.9, 0.95, 0.97, 0.99)


def train_csv(
    path: Path, *, text: Sequence[str], label: str, out: Path, group: str | None = None, meaning: bool = True
) -> dict[str, Any]:
    """Train on a CSV and return the figures of its held-out folds; rows of one group never stand on both sides."""
    rows = _read(path, (*text, label, *([group] if group else [])))
    labels = [row[label] for row in rows]
    groups = [row[group] for row in rows] if group else None
    _check(labels, groups)
    weight = _VECTOR_WEIGHT if meaning else 0.0
    features = TitledFeatures(longest=_LONGEST, rare=2, limit=_MOST_CHARACTER_FEATURES, vector_weight=weight)
    table = features.fit_transform(_texts(rows, text))
    trained = train(table, labels, groups=groups, recipe=Recipe(_PENALTY))
    TextClassifier(features, trained.model).save(out / MODEL_FILE)
    chances = trained.held_out_probabilities
    right = np.array(trained.model.classes)[chances.argmax(axis=1)] == np.array(labels)
    auto = threshold_for(chances.max(axis=1), right, _AUTO_PRECISION)
    settings = {"text": list(text), "label": label, "group": group, "auto": auto}
    (out / SETTINGS_FILE).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    return figures(chances, trained.model.classes, labels)


def evaluate_csv(path: Path, model: Path) -> dict[str, Any]:
    """Measure a trained model on a CSV with the columns it was trained on."""
    settings = json.loads((model / SETTINGS_FILE).read_text(encoding="utf-8"))
    rows = _read(path, (*settings["text"], settings["label"]))
    classifier = TextClassifier.load(model / MODEL_FILE)
    chances = classifier.probabilities(_texts(rows, settings["text"]))
    return figures(chances, classifier.linear.classes, [row[settings["label"]] for row in rows])


def figures(chances: Floats, classes: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """Return macro-F1, accuracy, figures per label, and how much can be decided at which precision."""
    guesses = np.array(classes)[chances.argmax(axis=1)]
    truth = np.array(labels)
    present = sorted(set(labels))
    parts = precision_recall_fscore_support(truth, guesses, labels=present, zero_division=0.0)
    per_label = {
        name: {"precision": round(float(p), 4), "recall": round(float(r), 4), "f1": round(float(f), 4), "n": int(n)}
        for name, p, r, f, n in zip(present, *parts, strict=True)
    }
    return {
        "macro_f1": round(float(f1_score(truth, guesses, labels=present, average="macro", zero_division=0.0)), 4),
        "accuracy": round(float((guesses == truth).mean()), 4),
        "n": len(labels),
        "per_label": per_label,
        "coverage_at_precision": {str(p): coverage(chances.max(axis=1), guesses == truth, p) for p in _PRECISIONS},
    }


def coverage(confidence: Any, right: Any, precision: float) -> float:
    """Return the largest share of texts that can be decided, surest first, at this precision."""
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= precision)
    return round(float(good[-1] + 1) / len(order), 4) if len(good) else 0.0


def _read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path.name} has no column {', '.join(sorted(missing))}")
        rows = list(reader)
    if not rows:
        raise ValueError(f"{path.name} has no rows")
    return rows


def _texts(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> list[str]:
    return [BREAK.join(_line(row[column]) for column in columns)[:CHARACTERS] for row in rows]


def _line(value: str | None) -> str:
    return " ".join((value or "").split())


def _check(labels: Sequence[str], groups: Sequence[str] | None) -> None:
    """Refuse a table no classifier can be trained on."""
    if len(set(labels)) < 2:
        raise ValueError("the label column has fewer than two different values")
    if len(set(groups or range(len(labels)))) < 5:
        raise ValueError("at least five groups are needed to hold some out")
