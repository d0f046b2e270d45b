"""The stand-in (替补): a light intent classifier in our own process for when Rasa is away, from the same examples."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

RANKING_LENGTH = 10
SHAPE = "2"  # part of the file's name: raise it when the pipeline changes
ANNOTATION = re.compile(r"\[([^\[\]]{1,80})\]\([a-z_]{1,40}\)")


class StandIn:
    """Character TF-IDF and logistic regression, trained once from the folder's examples and kept as a file."""

    def __init__(self, training: Path, models: Path):
        self._training, self._models = training, models
        self._pipeline: Pipeline | None = None
        self._loading = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Say whether `ranking` can answer at once."""
        return self._pipeline is not None

    def load(self) -> None:
        """Read the trained file, or train and write it; safe to call from several threads."""
        with self._loading:
            if self._pipeline is None:
                self._pipeline = self._read_or_train()

    def ranking(self, text: str) -> tuple[tuple[str, float], ...]:
        """Return the best intents with their probabilities, best first."""
        self.load()
        assert self._pipeline is not None
        odds = self._pipeline.predict_proba([text])[0]
        best = odds.argsort()[::-1][:RANKING_LENGTH]
        return tuple((str(self._pipeline.classes_[i]), float(odds[i])) for i in best)

    def _read_or_train(self) -> Pipeline:
        path = self._models / f"stand-in-{_fingerprint(self._training)}.joblib"
        if path.is_file():
            kept: Pipeline = joblib.load(path)
            return kept
        pipeline = train(self._training)
        self._models.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        joblib.dump(pipeline, unfinished)
        unfinished.replace(path)
        return pipeline


def examples(training: Path) -> Iterator[tuple[str, str]]:
    """Yield every example of a folder of Rasa training data with its intent, entity marks removed."""
    for path in sorted(training.glob("*.yml")):
        document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 -- a safe loader
        for block in document["nlu"]:
            if "intent" in block:
                for line in block["examples"].splitlines():
                    yield ANNOTATION.sub(r"\1", line.removeprefix("- ")), block["intent"]


def train(training: Path) -> Pipeline:
    """Fit the classifier; two to three seconds for some thousand examples."""
    texts, intents = zip(*examples(training), strict=True)
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, lowercase=False)
    return make_pipeline(vectors, LogisticRegression(C=10.0, tol=1e-4, max_iter=300, random_state=42)).fit(
        texts, intents
    )


def _fingerprint(training: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    for path in sorted(training.glob("*.yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


# The C loader reads four thousand lines ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
