"""A challenger for the router (再训练): trained on the city's own lessons, promoted only where it is better.

Champion and challenger are compared on lessons neither has seen, in grouped folds and on the most recent weeks, and on
tickets the product keeps for measuring; the model that was in use is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.model_selection import GroupKFold

from routing.catalogue import Catalogue
from routing.classifier import save
from routing.features import shape
from routing.training import Example, Progress, RouterModel, model_version, read_asides, read_examples, train_router

LEAST = 30
_FOLDS = 2
_MARGIN = 0.005
_FORGOTTEN = 0.005
_SAME_BEGINNING = 16
_RECORD = "routing.json"

Answer = Callable[[RouterModel, Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A ticket whose department people settled; `seen` where the champion was trained on it already."""

    text: str
    department: str
    kind: str
    urgency: str
    recent: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Duel:
    """How often two models named the settled department, on the same tickets."""

    tickets: int
    champion: float
    challenger: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a challenge: promoted or not, why, and the figures."""

    promoted: bool
    reason: str
    lessons: int
    folds: Duel | None = None
    recent: Duel | None = None
    kept: Duel | None = None

    def to_json(self) -> dict[str, Any]:
        """The verdict as figures to keep and to print."""
        return asdict(self)


class Challenge:
    """One comparison of the model in use with one that learnt the lessons too."""

    def __init__(
        self, nlu_data: Path, catalogue: Catalogue, answer: Answer, progress: Progress, examples: Sequence[Example] = ()
    ) -> None:
        self._catalogue = catalogue
        self._answer = answer
        self._progress = progress
        self._examples = examples or read_examples(nlu_data)
        self._asides = () if examples else read_asides(nlu_data)
        self._version = model_version(nlu_data, catalogue)

    def run(
        self, champion: RouterModel, lessons: Sequence[Lesson], kept: Sequence[tuple[str, frozenset[str]]]
    ) -> tuple[Verdict, RouterModel | None]:
        """Compare and return the verdict, with the challenger where it is to be promoted."""
        fresh = [lesson for lesson in lessons if not lesson.seen]
        if len(fresh) < LEAST:
            return Verdict(False, "too_few", len(fresh)), None
        folds = self._folds(champion, lessons, fresh)
        recent = self._recent(champion, lessons, fresh)
        if folds.challenger < folds.champion + _MARGIN or (recent and recent.challenger < recent.champion):
            return Verdict(False, "not_better", len(fresh), folds, recent), None
        challenger = self._train(lessons)
        guard = self._duel(champion, challenger, kept)
        if guard.challenger < guard.champion - _FORGOTTEN:
            return Verdict(False, "forgets", len(fresh), folds, recent, guard), None
        return Verdict(True, "better", len(fresh), folds, recent, guard), challenger

    def _folds(self, champion: RouterModel, lessons: Sequence[Lesson], fresh: Sequence[Lesson]) -> Duel:
        """Every fresh lesson by a challenger that saw neither it nor one that begins like it."""
        groups = [_beginning(lesson.text) for lesson in fresh]
        if len(set(groups)) < _FOLDS:
            return Duel(0, 0.0, 0.0)
        duels = []
        for _, unseen in GroupKFold(_FOLDS).split(np.zeros(len(fresh)), groups=groups):
            held = {id(fresh[at]) for at in unseen}
            challenger = self._train([lesson for lesson in lessons if id(lesson) not in held])
            duels.append(self._duel(champion, challenger, _expected(fresh[at] for at in unseen)))
        return _together(duels)

    def _recent(self, champion: RouterModel, lessons: Sequence[Lesson], fresh: Sequence[Lesson]) -> Duel | None:
        """The most recent lessons by a challenger that knows only what came before them."""
        newest = [lesson for lesson in fresh if lesson.recent]
        if not newest or len(newest) == len(lessons):
            return None
        challenger = self._train([lesson for lesson in lessons if not lesson.recent])
        return self._duel(champion, challenger, _expected(newest))

    def _train(self, lessons: Sequence[Lesson]) -> RouterModel:
        taught = [
            Example(one.text, one.department, (), one.kind, one.urgency, f"lesson/{_beginning(one.text)}")
            for one in lessons
        ]
        version = f"{self._version}+{len(lessons)}"
        return train_router([*self._examples, *taught], self._catalogue, version, self._progress, self._asides)

    def _duel(
        self, champion: RouterModel, challenger: RouterModel, expected: Sequence[tuple[str, frozenset[str]]]
    ) -> Duel:
        texts = [text for text, _ in expected]
        shares = [
            sum(said in may for said, (_, may) in zip(self._answer(model, texts), expected, strict=True))
            / max(len(texts), 1)
            for model in (champion, challenger)
        ]
        return Duel(len(texts), round(shares[0], 4), round(shares[1], 4))


def promote(folder: Path, base: str, model: RouterModel, verdict: Verdict, stamp: str) -> Path:
    """Keep a challenger as the model in use; the one before stays beside it and is named in the record."""
    path = folder / f"routing-{stamp}.joblib"
    save(model, path)
    before = _record(folder)
    record = {
        "file": path.name,
        "base": base,
        "promoted_at": stamp,
        "previous": before.get("file"),
        "verdict": verdict.to_json(),
    }
    draft = folder / f"{_RECORD}.draft"
    draft.write_text(json.dumps(record, ensure_ascii=False, indent=2), encoding="utf-8")
    draft.replace(folder / _RECORD)
    return path


def promoted(folder: Path, base: str) -> RouterModel | None:
    """Return the promoted model; none where there is none, or the product's own examples changed since."""
    record = _record(folder)
    if record.get("base") != base or not (folder / str(record.get("file"))).is_file():
        return None
    model = joblib.load(folder / record["file"])
    return model if isinstance(model, RouterModel) else None


def promoted_at(folder: Path) -> str | None:
    """Return the stamp of the model in use, if one was promoted."""
    stamp: str | None = _record(folder).get("promoted_at")
    return stamp


def _record(folder: Path) -> Mapping[str, Any]:
    path = folder / _RECORD
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def _expected(lessons: Any) -> list[tuple[str, frozenset[str]]]:
    return [(lesson.text, frozenset([lesson.department])) for lesson in lessons]


def _beginning(text: str) -> str:
    return shape(text)[:_SAME_BEGINNING]


def _together(duels: Sequence[Duel]) -> Duel:
    tickets = sum(duel.tickets for duel in duels)
    shares = [
        sum(getattr(duel, name) * duel.tickets for duel in duels) / tickets for name in ("champion", "challenger")
    ]
    return Duel(tickets, round(shares[0], 4), round(shares[1], 4))
