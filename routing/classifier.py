"""A calibrated linear text classifier: one-against-rest margins made honest probabilities on held-out folds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from routing.titled import TitledFeatures

Floats = NDArray[np.float64]
_FOLDS = 4
_NEVER_SEEN = -5.0
_SMOOTHING = 0.5
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit: the margin's penalty, and how many leading columns naive Bayes also reads, at which share."""

    penalty: float = 0.5
    counts: int = 0
    share: float = 1.0


@dataclass(frozen=True)
class Linear:
    """A weight row a class over some features, and the temperature that turns margins into probabilities."""

    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    temperature: float

    def margins(self, rows: Any) -> Floats:
        """Return the margins of feature rows, a column a class."""
        return np.asarray(rows @ self.weights.T + self.offsets, dtype=np.float64)

    def probabilities(self, rows: Any) -> Floats:
        """Return the probabilities of feature rows, columns in the order of `classes`."""
        return softmax(self.margins(rows) / self.temperature)

    def telling_words(self, values: Sequence[tuple[int, str, float]], label: str, most: int = 4) -> tuple[str, ...]:
        """Return the words, of `Features.word_values`, that speak most for a class."""
        weights = self.weights[self.classes.index(label)]
        scored = sorted(((value * float(weights[column]), word) for column, word, value in values), reverse=True)
        chosen: list[str] = []
        for score, word in scored:
            if score > 0 and len(word) > 1 and not any(word in other or other in word for other in chosen):
                chosen.append(word)
        return tuple(chosen[:most])


@dataclass(frozen=True)
class Trained:
    """A fitted model and the margins its examples got while they were held out."""

    model: Linear
    held_out: Floats

    @property
    def held_out_probabilities(self) -> Floats:
        """What the model would have said of each example before it had seen it."""
        return softmax(self.held_out / self.model.temperature)


@dataclass(frozen=True)
class TextClassifier:
    """A linear model together with the features it reads."""

    features: TitledFeatures
    linear: Linear

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return a row of probabilities a text."""
        return self.linear.probabilities(self.features.transform(texts))

    def save(self, path: Path) -> None:
        """Write the model beside its name first, then move it there, so that a reader never sees half of it."""
        save(self, path)

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read a model this product wrote itself; such files are code, never take one from elsewhere."""
        model = joblib.load(path)
        if not isinstance(model, cls):
            raise TypeError(f"{path} holds no text classifier")
        return model


def save(model: object, path: Path) -> None:
    """Write a model beside its name first, then move it there, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")  # two processes may train the same model
    joblib.dump(model, draft, compress=0)
    draft.replace(path)


def train(
    rows: Any,
    labels: Sequence[str],
    *,
    extra: Sequence[str] = (),
    groups: Sequence[str] | None = None,
    recipe: Recipe = Recipe(),
) -> Trained:
    """Train on all rows after calibrating on held-out folds; the last rows, labelled `extra`, only ever teach."""
    targets, teaching = np.array(labels, dtype=object), np.array(extra, dtype=object)
    held_out, classes = _held_out(rows, targets, teaching, groups, recipe)
    temperature = _temperature(held_out, targets, classes)
    known, weights, offsets = _fit(rows, np.concatenate([targets, teaching]), recipe)
    return Trained(Linear(tuple(map(str, known)), weights, offsets, temperature), held_out)


def softmax(scores: Floats) -> Floats:
    """Return rows that add up to one."""
    lifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True), dtype=np.float64)


def threshold_for(confidence: Any, right: Any, precision: float) -> float:
    """Return the confidence from which on the share of right answers is at least `precision`; above 1 if never."""
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= precision)
    return float(confidence[order[good[-1]]]) if len(good) else 1.01


def _fit(rows: Any, targets: Any, recipe: Recipe) -> tuple[Any, NDArray[np.float32], NDArray[np.float32]]:
    """Return classes, weights and offsets; margins and word counts err differently, so their weights are added up."""
    labels = targets.astype(str)
    model = LinearSVC(C=recipe.penalty, class_weight="balanced", random_state=7, tol=_TOLERANCE).fit(rows, labels)
    weights, offsets = _rows_per_class(model)
    if recipe.counts:
        counted = ComplementNB(alpha=_SMOOTHING).fit(rows[:, : recipe.counts], labels).feature_log_prob_
        weights[:, : recipe.counts] += recipe.share * (counted - counted.mean(axis=0))
    return model.classes_, weights, offsets


def _rows_per_class(model: LinearSVC) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return one weight row a class, also for two classes, where the library keeps only one."""
    weights, offsets = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(model.classes_) == 2:
        return np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    return weights, offsets


def _held_out(rows: Any, targets: Any, teaching: Any, groups: Any, recipe: Recipe) -> tuple[Floats, Any]:
    """Score every example by a model that saw neither it nor any example of its group."""
    classes = np.unique(np.concatenate([targets, teaching]).astype(str))
    count = len(targets)
    scores = np.full((count, len(classes)), _NEVER_SEEN)
    splitter = GroupKFold(_FOLDS) if groups is not None else StratifiedKFold(_FOLDS, shuffle=True, random_state=7)
    for seen, unseen in splitter.split(np.zeros(count), targets.astype(str), groups):
        chosen = np.concatenate([seen, np.arange(count, rows.shape[0])])
        known, weights, offsets = _fit(rows[chosen], np.concatenate([targets[seen], teaching]), recipe)
        scores[np.ix_(unseen, np.searchsorted(classes, known))] = rows[unseen] @ weights.T + offsets
    return scores, classes


def _temperature(scores: Floats, targets: Any, classes: Any) -> float:
    """Find the temperature under which the held-out labels are most likely."""
    truth = np.searchsorted(classes, targets.astype(str))

    def loss(log_temperature: float) -> float:
        chosen = softmax(scores / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded").x))
