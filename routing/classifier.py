"""A calibrated linear text classifier: one-against-rest margins made honest probabilities on held-out folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.svm import LinearSVC

from routing.features import Features, sentence_vectors, shape

Floats = NDArray[np.float64]


@dataclass
class TextClassifier:
    """Features, a weight row a class, and the temperature that turns margins into probabilities."""

    features: Features
    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    temperature: float
    version: str = ""

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return a row of probabilities a text, columns in the order of `classes`."""
        return softmax(self.margins([shape(text) for text in texts]) / self.temperature)

    def margins(self, shaped: Sequence[str], vectors: Any = None) -> Floats:
        """Return the margins of shaped texts."""
        rows = self.features.transform(shaped, vectors)
        return np.asarray(rows @ self.weights.T + self.offsets, dtype=np.float64)

    def telling_words(self, values: Sequence[tuple[int, str, float]], label: str, most: int = 4) -> tuple[str, ...]:
        """Return the words, of `features.word_values`, that speak most for a class."""
        weights = self.weights[self.classes.index(label)]
        scored = sorted(((value * float(weights[column]), word) for column, word, value in values), reverse=True)
        chosen: list[str] = []
        for score, word in scored:
            if score > 0 and len(word) > 1 and not any(word in other or other in word for other in chosen):
                chosen.append(word)
        return tuple(chosen[:most])

    def save(self, path: Path) -> None:
        """Write the model beside its name first, then move it there, so that a reader never sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        joblib.dump(self, draft, compress=0)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """Read a model this product wrote itself; such files are code, never take one from elsewhere."""
        model = joblib.load(path)
        if not isinstance(model, cls):
            raise TypeError(f"{path} holds no text classifier")
        return model


@dataclass(frozen=True)
class Training:
    """A trained classifier and the margins its examples got while they were held out."""

    model: TextClassifier
    held_out: Floats


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    features: Features,
    groups: Sequence[str] | None = None,
    vectors: Any = None,
    penalty: float = 0.5,
    extra: tuple[Sequence[str], Sequence[str]] = ((), ()),
    version: str = "",
) -> Training:
    """Train on all examples after calibrating on held-out folds; `extra` rows (catalogue entries) only ever teach."""
    shaped, more = [shape(text) for text in texts], [shape(text) for text in extra[0]]
    everything = [*shaped, *more]
    if features.vector_weight and vectors is None:
        vectors = sentence_vectors(everything)
    rows = features.fit(everything).transform(everything, vectors)
    targets, extra_targets = np.array(labels), np.array(extra[1], dtype=object)
    held_out, classes = _held_out(rows, targets, extra_targets, groups, penalty)
    temperature = _temperature(held_out, targets, classes)
    final = _fit(rows, np.concatenate([targets, extra_targets]).astype(str), penalty)
    weights, offsets = _rows_per_class(final)
    model = TextClassifier(features, tuple(map(str, final.classes_)), weights, offsets, temperature, version)
    return Training(model, held_out)


def softmax(scores: Floats) -> Floats:
    """Return rows that add up to one."""
    lifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True), dtype=np.float64)


def _fit(rows: Any, targets: Any, penalty: float) -> LinearSVC:
    return LinearSVC(C=penalty, class_weight="balanced", random_state=7, max_iter=3000).fit(rows, targets)


def _rows_per_class(model: LinearSVC) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return one weight row a class, also for two classes, where the library keeps only one."""
    weights, offsets = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(model.classes_) == 2:
        return np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    return weights, offsets


def _held_out(rows: Any, targets: Any, extra: Any, groups: Sequence[str] | None, penalty: float) -> tuple[Floats, Any]:
    """Score every example by a model that saw neither it nor any example of its group."""
    classes = np.unique(targets)
    count = len(targets)
    scores = np.zeros((count, len(classes)))
    splitter = GroupKFold(5) if groups is not None else StratifiedKFold(5, shuffle=True, random_state=7)
    for seen, unseen in splitter.split(np.zeros(count), targets, groups):
        chosen = np.concatenate([seen, np.arange(count, rows.shape[0])])
        model = _fit(rows[chosen], np.concatenate([targets[seen], extra]).astype(str), penalty)
        weights, offsets = _rows_per_class(model)
        columns = np.searchsorted(classes, model.classes_)
        block = np.full((len(unseen), len(classes)), -5.0)
        block[:, columns] = rows[unseen] @ weights.T + offsets
        scores[unseen] = block
    return scores, classes


def _temperature(scores: Floats, targets: Any, classes: Any) -> float:
    """Find the temperature under which the held-out labels are most likely."""
    truth = np.searchsorted(classes, targets)

    def loss(log_temperature: float) -> float:
        chosen = softmax(scores / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded").x))
