"""Train the router's models on the labelled examples and the catalogue, and keep them by the hash of their inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from routing.catalogue import Catalogue, Decision, digest
from routing.classifier import Floats, Linear, Recipe, Trained, save, softmax, threshold_for, train
from routing.features import Features, sentence_vectors, shape
from routing.language.normalise import normalised
from routing.projection import Projection
from routing.rules import boosts, decisions, earned
from routing.urgency import CRITICAL, Danger, danger_scores

FORMAT = 17
VECTOR_WEIGHT = 1.0
_PENALTY = 0.3
_LONGEST = 2
_KIND_COUNTS = 0.5
_DIRECTIONS = 96
_DIRECTION_WEIGHT = 1.3
_NEIGHBOURS = 6
_SUSPECTED = 0.1  # of the messages without danger, the share read for their meaning all the same
_FALSE_ALARMS = 0.02  # a person looks at an alarm at once; a missed one may cost a life
_AUTO_PRECISION = 0.9  # of strangers' riddles, by models that saw less: 0.97 on the development sets
_SURE_AGREEMENT = 0.99
_ENQUIRY = "咨询"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text (样例): its department, who assists, its kind and urgency."""

    text: str
    department: str
    also: tuple[str, ...]
    kind: str
    urgency: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that says nothing of departments (旁例), only of its kind."""

    text: str
    kind: str


@dataclass(frozen=True)
class RouterModel:
    """Everything the router has learnt: a fast model, one that also reads meaning, the kinds, and its thresholds."""

    features: Features
    fast: Linear
    deep: Linear
    kind: Linear
    deep_kind: Linear
    urgency: Linear
    danger: Danger
    decision_weights: tuple[float, ...]
    auto_threshold: float
    sure_threshold: float
    version: str


def read_examples(nlu_data: Path) -> list[Example]:
    """Read every labelled example."""
    return [example for path in _example_files(nlu_data) for example in _read(path)]


def read_asides(nlu_data: Path) -> list[Aside]:
    """Read what the bot's openings teach beside."""
    return [aside for path in _aside_files(nlu_data) for aside in _read_asides(path)]


def load_or_train(
    nlu_data: Path, models_dir: Path, catalogue: Catalogue, progress: Progress | None = None
) -> RouterModel:
    """Return the model of the current data, training it (some 30 seconds) when there is none yet."""
    version = model_version(nlu_data, catalogue)
    path = models_dir / f"routing-{version}.joblib"
    if path.exists():
        model = joblib.load(path)
        if isinstance(model, RouterModel):
            return model
    model = train_router(read_examples(nlu_data), catalogue, version, progress or _silent, read_asides(nlu_data))
    save(model, path)
    return model


def model_version(nlu_data: Path, catalogue: Catalogue) -> str:
    """Return the hash of everything a model depends on."""
    told = digest([*_example_files(nlu_data), *_aside_files(nlu_data)])
    return f"{told}-{catalogue.version[:6]}-{FORMAT}-{sklearn.__version__}"


def train_router(
    examples: Sequence[Example],
    catalogue: Catalogue,
    version: str,
    progress: Progress,
    asides: Sequence[Aside] = (),
) -> RouterModel:
    """Train and calibrate all models on the examples; the catalogue's words and the asides teach, never scored."""
    labels = [one.department for one in examples]
    lessons = list(_lessons(catalogue))
    teaching = [department for _, department in lessons]
    told = (*(one.text for one in examples), *(text for text, _ in lessons), *(one.text for one in asides))
    shaped = [shape(text) for text in told]
    features = Features(longest=_LONGEST)
    rows = features.fit_transform(shaped)
    progress(f"派单模型：{len(examples)} 条样例，计算语义向量")
    vectors = sentence_vectors(shaped)
    projection = Projection.of(vectors, _DIRECTIONS, _DIRECTION_WEIGHT)
    progress("派单模型：训练与校准")
    recipe, groups = Recipe(_PENALTY, features.width), [one.source for one in examples]
    own = len(examples) + len(lessons)
    deep_rows = projection.beside(rows, vectors)
    fast = train(rows[:own], labels, extra=teaching, groups=groups, recipe=recipe)
    deep = train(deep_rows[:own], labels, extra=teaching, groups=groups, recipe=recipe)
    beside = np.r_[: len(examples), own : len(told)]
    kind, deep_kind = (_kind(table[beside], examples, asides, features.width) for table in (rows, deep_rows))
    urgency = train(rows[: len(examples)], [one.urgency for one in examples], groups=groups)
    danger = _danger(rows[: len(examples)], deep_rows[: len(examples)], projection, examples)
    weights = earned(catalogue, ((normalised(one.text), frozenset((one.department, *one.also))) for one in examples))
    sure, auto = _thresholds(fast, deep, examples, catalogue.weighing(weights))
    reading = projection.unfold(deep.model)
    return RouterModel(
        features, fast.model, reading, kind.model, projection.unfold(deep_kind.model), urgency.model, danger, weights,
        auto, sure, version,
    )  # fmt: skip


def _kind(rows: Any, examples: Sequence[Example], asides: Sequence[Aside], counts: int) -> Trained:
    """Train on the kinds of the examples; those of the asides only teach."""
    groups, extra = [one.source for one in examples], [one.kind for one in asides]
    recipe = Recipe(counts=counts, share=_KIND_COUNTS)
    return train(rows, [one.kind for one in examples], extra=extra, groups=groups, recipe=recipe)


def _danger(rows: Any, deep_rows: Any, projection: Projection, examples: Sequence[Example]) -> Danger:
    """Train on what is critical, with thresholds from messages the models had not seen."""
    labels = [CRITICAL if one.urgency == CRITICAL else "other" for one in examples]
    groups = [one.source for one in examples]
    screen, judge = train(rows, labels, groups=groups), train(deep_rows, labels, groups=groups)
    calm = np.array(labels) != CRITICAL
    suspicion = np.quantile(danger_scores(screen.model, screen.held_out)[calm], 1 - _SUSPECTED)
    alarm = np.quantile(danger_scores(judge.model, judge.held_out)[calm], 1 - _FALSE_ALARMS)
    return Danger(screen.model, projection.unfold(judge.model), float(suspicion), float(alarm))


def _lessons(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield every duty as a text, and each of its typical words, with the department whose duty it is."""
    for duty in catalogue.duties:
        yield f"{duty.name} {' '.join(duty.words)}", duty.department
        for word in duty.words:
            yield word, duty.department


def with_rules(margins: Floats, model: Linear, found: Sequence[tuple[Decision, ...]]) -> Floats:
    """Turn margins into probabilities after adding what the catalogue has decided for each text."""
    scores = margins / model.temperature
    place = {code: column for column, code in enumerate(model.classes)}
    for row, decided in enumerate(found):
        for code, weight in boosts(decided).items():
            if code in place:
                scores[row, place[code]] += weight
    return softmax(scores)


def _thresholds(fast: Trained, deep: Trained, examples: Sequence[Example], catalogue: Catalogue) -> tuple[float, float]:
    """Return from which confidence on the fast model needs no second reading, and from which on nobody need look."""
    found = [decisions(catalogue, normalised(one.text)) for one in examples]
    quick = with_rules(fast.held_out, fast.model, found)
    chances = with_rules(deep.held_out, deep.model, found)
    agreed = quick.argmax(axis=1) == chances.argmax(axis=1)
    sure = threshold_for(quick.max(axis=1), agreed, _SURE_AGREEMENT)
    chosen = quick.max(axis=1) >= sure
    chances[chosen] = quick[chosen]
    classes = deep.model.classes
    pairs = zip(chances.argmax(axis=1), examples, strict=True)
    right = np.array([classes[column] in (one.department, *one.also) for column, one in pairs])
    return sure, threshold_for(chances.max(axis=1), right, _AUTO_PRECISION)


def _read(path: Path) -> Iterator[Example]:
    """Read one file; neighbours tell of the same duty, so they share a source and are held out together."""
    for at, line in enumerate(path.read_text("utf-8").splitlines()):
        row = json.loads(line)
        source = f"{path.parent.name}/{path.stem}/{at // _NEIGHBOURS}"
        yield Example(row["text"], row["department"], tuple(row["also"]), row["kind"], row["urgency"], source)


def _read_asides(path: Path) -> Iterator[Aside]:
    """Read openings: appeals name their kind, and who asks how something is done makes an enquiry."""
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        if row["act"] == "ticket":
            yield Aside(row["text"], row["detail"])
        elif row["act"] == "answer":
            yield Aside(row["text"], _ENQUIRY)


def _aside_files(nlu_data: Path) -> list[Path]:
    return sorted(nlu_data.glob("openings/*.jsonl"))


def _example_files(nlu_data: Path) -> list[Path]:
    folder = nlu_data / "routing"
    return sorted((*folder.glob("examples/*.jsonl"), *folder.glob("voices/*.jsonl")))


def _silent(_: str) -> None:
    """Take progress nobody wants to see."""
