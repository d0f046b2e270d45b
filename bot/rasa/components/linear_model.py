"""The classifier itself, free of Rasa: TF-IDF of character runs and words beside a sentence vector, one linear layer.

Scikit-learn fits it; answering one message walks plain dictionaries and one small matrix, because scikit-learn's own
pipeline spends most of a millisecond on checks that are meant for large tables.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Sequence, Tuple

import numpy as np

RUN_SIZES = (1, 2, 3, 4)
SEEN_AT_LEAST = 2  # what only one example has is noise: leaving it out is better and five times smaller
SHARE = math.sqrt(0.5)  # runs and words together have length one, the same as the sentence vector beside them
INVERSE_STRENGTH = 10.0  # scikit-learn's C
TOLERANCE = 1e-2  # a finer fit takes longer and scores the same
MOST_STEPS = 300


@dataclass(frozen=True)
class Row:
    """One message as the model sees it: its text, its words, and its sentence vector of length one."""

    text: str
    words: Tuple[str, ...]
    vector: np.ndarray


def runs(row: Row) -> List[str]:
    """Return every run of one to four characters; a run of spaces counts as one."""
    text = " ".join(row.text.split())
    return [text[i : i + size] for size in RUN_SIZES for i in range(len(text) - size + 1)]


def phrases(row: Row) -> List[str]:
    """Return the words and the pairs of neighbouring words."""
    return [*row.words, *map(" ".join, zip(row.words, row.words[1:], strict=False))]


class Vocabulary:
    """Known features (character runs, or words and their pairs) with their inverse document frequencies."""

    def __init__(self, names: Sequence[str], idf: np.ndarray):
        self.names, self.idf = list(names), idf
        self._index = {name: i for i, name in enumerate(self.names)}
        self._weight = idf.tolist()

    @classmethod
    def fit(cls, documents: Sequence[Sequence[str]]) -> Vocabulary:
        """Learn the features and their smoothed inverse document frequencies."""
        seen = Counter(feature for document in documents for feature in set(document))
        names = sorted(feature for feature, count in seen.items() if count >= SEEN_AT_LEAST)
        frequency = np.array([seen[name] for name in names], dtype=np.float64)
        return cls(names, (np.log((1 + len(documents)) / (1 + frequency)) + 1).astype(np.float32))

    def weigh(self, document: Sequence[str]) -> Tuple[List[int], np.ndarray]:
        """Return the known features of one document and their weights (sublinear TF-IDF), scaled to SHARE."""
        index, weight = self._index, self._weight
        counts = Counter([index[feature] for feature in document if feature in index])
        values = np.array(
            [weight[i] if count == 1 else weight[i] * (1.0 + math.log(count)) for i, count in counts.items()],
            dtype=np.float32,
        )
        length = math.sqrt(float(values @ values)) or 1.0
        return list(counts), values * np.float32(SHARE / length)

    def matrix(self, documents: Sequence[Sequence[str]]) -> Any:
        """Return the weights of many documents as a sparse matrix."""
        from scipy import sparse

        found = [self.weigh(document) for document in documents]
        columns = np.concatenate([np.array(features, dtype=np.int32) for features, _ in found])
        starts = np.concatenate([[0], np.cumsum([len(features) for features, _ in found])])
        values = np.concatenate([values for _, values in found])
        return sparse.csr_matrix((values, columns, starts), shape=(len(documents), len(self.names)))


class LinearModel:
    """Scores a message against every intent."""

    def __init__(
        self, runs: Vocabulary, phrases: Vocabulary, classes: List[str], weights: np.ndarray, bias: np.ndarray
    ):
        self.classes = classes
        self._runs, self._phrases = runs, phrases
        self._bias = bias.astype(np.float32)
        ends = len(runs.names), len(runs.names) + len(phrases.names)
        self._by_run, self._by_phrase, self._dense = np.split(np.ascontiguousarray(weights, dtype=np.float32), ends)

    @classmethod
    def fit(cls, rows: Sequence[Row], labels: Sequence[str], seed: int) -> LinearModel:
        """Fit on labelled rows; the same rows and seed give the same model."""
        from scipy import sparse
        from sklearn.linear_model import LogisticRegression

        documents = [runs(row) for row in rows], [phrases(row) for row in rows]
        vocabularies = [Vocabulary.fit(part) for part in documents]
        blocks = [vocabulary.matrix(part) for vocabulary, part in zip(vocabularies, documents, strict=True)]
        table = sparse.hstack([*blocks, np.stack([row.vector for row in rows])], format="csr")
        estimator = LogisticRegression(C=INVERSE_STRENGTH, max_iter=MOST_STEPS, tol=TOLERANCE, random_state=seed)
        # An array of labels: this release of scikit-learn rejects a plain list of strings.
        estimator.fit(table, np.array(labels))
        return cls(*vocabularies, estimator.classes_.tolist(), estimator.coef_.T, estimator.intercept_)

    def ranking(self, row: Row, length: int) -> List[Tuple[str, float]]:
        """Return the best classes with their probabilities, best first."""
        scores = self._bias + row.vector @ self._dense
        for vocabulary, weights, document in (
            (self._runs, self._by_run, runs(row)),
            (self._phrases, self._by_phrase, phrases(row)),
        ):
            features, values = vocabulary.weigh(document)
            scores += values @ weights[features]
        odds = np.exp(scores - scores.max())
        odds /= odds.sum()
        return [(self.classes[i], float(odds[i])) for i in np.argsort(-odds)[:length]]

    def save(self, folder: Path) -> None:
        """Write arrays and JSON; nothing that runs when it is read."""
        weights = np.concatenate([self._by_run, self._by_phrase, self._dense])
        np.savez(
            folder / "weights.npz", weights=weights, bias=self._bias, runs=self._runs.idf, phrases=self._phrases.idf
        )
        names = {"classes": self.classes, "runs": self._runs.names, "phrases": self._phrases.names}
        (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        """Read what `save` wrote."""
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            known = [Vocabulary(names[part], arrays[part]) for part in ("runs", "phrases")]
            return cls(*known, names["classes"], arrays["weights"], arrays["bias"])
