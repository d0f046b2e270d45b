"""The classifier itself, free of Rasa: TF-IDF of character runs beside a sentence vector, one linear layer.

Scikit-learn fits it; answering one message walks a plain dictionary and one small matrix, because scikit-learn's own
pipeline spends most of a millisecond on checks that are meant for large tables. Words (jieba) were measured and left
out: with runs of one to four characters they added nothing to the score and cost a dictionary load and a cache file.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

GRAM_SIZES = (1, 2, 3, 4)
SEEN_AT_LEAST = 2  # a run seen in one example only is noise: leaving it out is better and five times smaller
INVERSE_STRENGTH = 10.0  # scikit-learn's C
TOLERANCE = 1e-2  # a finer fit takes longer and scores the same
MOST_STEPS = 300


@dataclass(frozen=True)
class Row:
    """One message as the model sees it: its text and its sentence vector of length one."""

    text: str
    vector: np.ndarray


def grams(text: str) -> List[str]:
    """Return every run of one to four characters; a run of spaces counts as one."""
    text = " ".join(text.split())
    return [text[i : i + size] for size in GRAM_SIZES for i in range(len(text) - size + 1)]


class Vocabulary:
    """The known character runs with their inverse document frequencies."""

    def __init__(self, names: Sequence[str], idf: np.ndarray):
        self.names, self.idf = list(names), idf
        self._index = {name: i for i, name in enumerate(self.names)}
        self._weight = idf.tolist()

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Vocabulary:
        """Learn the runs and their smoothed inverse document frequencies."""
        seen = Counter(gram for text in texts for gram in set(grams(text)))
        names = sorted(gram for gram, count in seen.items() if count >= SEEN_AT_LEAST)
        frequency = np.array([seen[name] for name in names], dtype=np.float64)
        return cls(names, (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32))

    def weigh(self, text: str) -> Tuple[List[int], np.ndarray]:
        """Return the known runs of one text and their weights (sublinear TF-IDF), scaled to length one."""
        index, weight = self._index, self._weight
        counts = Counter([index[gram] for gram in grams(text) if gram in index])
        values = np.array(
            [weight[i] if count == 1 else weight[i] * (1.0 + math.log(count)) for i, count in counts.items()],
            dtype=np.float32,
        )
        length = math.sqrt(float(values @ values)) or 1.0
        return list(counts), values / np.float32(length)

    def matrix(self, texts: Sequence[str]) -> Any:
        """Return the weights of many texts as a sparse matrix."""
        from scipy import sparse

        found = [self.weigh(text) for text in texts]
        columns = np.concatenate([np.array(runs, dtype=np.int32) for runs, _ in found])
        starts = np.concatenate([[0], np.cumsum([len(runs) for runs, _ in found])])
        values = np.concatenate([values for _, values in found])
        return sparse.csr_matrix((values, columns, starts), shape=(len(texts), len(self.names)))


class LinearModel:
    """Scores a message against every intent."""

    def __init__(self, vocabulary: Vocabulary, classes: List[str], weights: np.ndarray, bias: np.ndarray):
        self.classes = classes
        self._vocabulary = vocabulary
        self._bias = bias.astype(np.float32)
        self._sparse, self._dense = np.split(np.ascontiguousarray(weights, dtype=np.float32), [len(vocabulary.names)])

    @classmethod
    def fit(cls, rows: Sequence[Row], labels: Sequence[str], seed: int) -> LinearModel:
        """Fit on labelled rows; the same rows and seed give the same model."""
        from scipy import sparse
        from sklearn.linear_model import LogisticRegression

        texts = [row.text for row in rows]
        vocabulary = Vocabulary.fit(texts)
        vectors = sparse.csr_matrix(np.stack([row.vector for row in rows]))
        table = sparse.hstack([vocabulary.matrix(texts), vectors], format="csr")
        estimator = LogisticRegression(C=INVERSE_STRENGTH, max_iter=MOST_STEPS, tol=TOLERANCE, random_state=seed)
        # An array of labels: this release of scikit-learn rejects a plain list of strings.
        estimator.fit(table, np.array(labels))
        return cls(vocabulary, estimator.classes_.tolist(), estimator.coef_.T, estimator.intercept_)

    def ranking(self, row: Row, length: int) -> List[Tuple[str, float]]:
        """Return the best classes with their probabilities, best first."""
        runs, values = self._vocabulary.weigh(row.text)
        scores = self._bias + values @ self._sparse[runs] + row.vector @ self._dense
        odds = np.exp(scores - scores.max())
        odds /= odds.sum()
        return [(self.classes[i], float(odds[i])) for i in np.argsort(-odds)[:length]]

    def save(self, folder: Path) -> None:
        """Write arrays and JSON; nothing that runs when it is read."""
        weights = np.concatenate([self._sparse, self._dense])
        np.savez(folder / "weights.npz", weights=weights, bias=self._bias, idf=self._vocabulary.idf)
        names = {"classes": self.classes, "runs": self._vocabulary.names}
        (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        """Read what `save` wrote."""
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            vocabulary = Vocabulary(names["runs"], arrays["idf"])
            return cls(vocabulary, names["classes"], arrays["weights"], arrays["bias"])
