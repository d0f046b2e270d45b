"""What speaks for each candidate item: one row of named features, from characters, names and meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.guides.forms import FormKind, Forms
from bot.guides.grams import Floats, Scores, compact
from bot.guides.lexicon import Lexicon, Span
from bot.guides.library import Item

FEATURES = (
    "name_exact",
    "alias_exact",
    "exact_share",
    "name_covered",
    "name_explained",
    "match",
    "meaning",
    "mass",
    "context",
)
BY_GRAMS, BY_MEANING, FULLY = 60, 24, 0.98
SHORTEST_EXACT = 2
NAMED = 0.8


@dataclass(slots=True)
class Row:
    """The evidence for one item; `by` names the strongest kind, `span` where its name stands in the text."""

    owner: int
    features: dict[str, float] = field(default_factory=dict)
    by: str = "grams"
    span: Span | None = None

    def raise_to(self, name: str, value: float) -> None:
        """Keep the larger value of a feature over all forms of the item."""
        self.features[name] = max(value, self.features.get(name, 0.0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows of all candidates; `content` is False when the text holds nothing but question words."""

    rows: tuple[Row, ...]
    content: bool

    def matrix(self) -> NDArray[np.float64]:
        """The features as numbers, in the order of FEATURES."""
        return np.array([[row.features.get(name, 0.0) for name in FEATURES] for row in self.rows], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Question:
    """A text without punctuation, with the way back to it and the places that name nothing."""

    text: str
    places: tuple[int, ...]
    masked: tuple[bool, ...]

    @property
    def core(self) -> str:
        """What is left without question words."""
        return "".join(char for char, hidden in zip(self.text, self.masked, strict=True) if not hidden)


def gather(text: str, forms: Forms, lexicon: Lexicon, context_item: str | None = None) -> Evidence:
    """Collect the evidence for every item that characters, names or meaning suggest."""
    question = _question(text, forms, lexicon)
    rows: dict[int, Row] = {}
    scores = forms.grams.search(question.text, question.masked, lexicon.additions(text)) if question.text else None
    if scores is not None:
        _by_characters(rows, question, forms, scores)
    if forms.vectors is not None and question.core and not _fully_named(rows):
        _by_meaning(rows, question.core, forms)
    _by_context(rows, forms, context_item)
    return Evidence(tuple(rows.values()), bool(question.core))


def _question(text: str, forms: Forms, lexicon: Lexicon) -> _Question:
    hidden = lexicon.hidden(text)
    places = tuple(index for index, char in enumerate(text) if char.isalnum())
    masked = tuple(hidden[i] for i in places)
    return _Question(forms.spelling.repaired("".join(text[i] for i in places), masked), places, masked)


def _by_characters(rows: dict[int, Row], question: _Question, forms: Forms, scores: Scores) -> None:
    worth = scores.mass * np.sqrt(scores.covered)
    chosen = np.union1d(_top(worth, BY_GRAMS), np.flatnonzero(scores.covered >= FULLY))
    most = max(float(worth.max()), 1e-6)
    for index in chosen[worth[chosen] > 0]:
        form = forms.forms[index]
        row = rows.setdefault(form.owner, Row(form.owner))
        covered, explained = float(scores.covered[index]), float(scores.explained[index])
        row.raise_to("mass", float(worth[index]) / most)
        row.raise_to("match", float(np.sqrt(covered * explained)))
        if form.kind is not FormKind.EXAMPLE:
            row.raise_to("name_covered", covered)
            row.raise_to("name_explained", explained)
    _exact(rows, question, forms, [int(i) for i in chosen if scores.covered[i] >= FULLY])


def _exact(rows: dict[int, Row], question: _Question, forms: Forms, full: Sequence[int]) -> None:
    """Mark the items whose name or alias stands in the text; a name inside a longer one that stands there is none."""
    found: list[tuple[int, int, int]] = []
    for index in full:
        form = forms.forms[index]
        start = question.text.find(form.text) if len(form.text) >= SHORTEST_EXACT else -1
        if start >= 0 and form.kind is not FormKind.EXAMPLE:
            found.append((start, start + len(form.text), index))
    for start, end, index in found:
        if not any(s <= start and end <= e and e - s > end - start for s, e, _ in found):
            _mark(rows, question, forms, (start, end), index)


def _mark(rows: dict[int, Row], question: _Question, forms: Forms, span: Span, index: int) -> None:
    form = forms.forms[index]
    row = rows.setdefault(form.owner, Row(form.owner))
    spans = [span, *_label_spans(question, forms.items[form.owner])]
    beside = sum(
        not hidden and not any(start <= i < end for start, end in spans) for i, hidden in enumerate(question.masked)
    )
    share = (span[1] - span[0]) / (span[1] - span[0] + beside)
    if row.span is None or share > row.features.get("exact_share", 0.0):
        row.span = (question.places[span[0]], question.places[span[1] - 1] + 1)
        row.by = "name" if form.kind is FormKind.NAME else "alias"
    row.raise_to("name_exact" if form.kind is FormKind.NAME else "alias_exact", 1.0)
    row.raise_to("exact_share", share)


def _label_spans(question: _Question, item: Item) -> list[Span]:
    """Where a question says an item's variant, place or department beside its name."""
    marks = [mark for guide in item.guides for mark in (guide.variant, guide.place, guide.department) if mark]
    found = [(question.text.find(mark), len(mark)) for mark in map(compact, marks)]
    return [(start, start + length) for start, length in found if start >= 0 and length]


def _by_meaning(rows: dict[int, Row], core: str, forms: Forms) -> None:
    assert forms.vectors is not None
    asked = forms.vectors.ask(core)
    known = np.zeros(len(forms.items), dtype=bool)
    known[list(rows)] = True
    chosen = np.union1d(forms.vectors.nearest(asked, BY_MEANING), np.flatnonzero(known[forms.owners]))
    for index, meaning in zip(chosen, forms.vectors.likeness(asked, chosen), strict=True):
        owner = forms.forms[index].owner
        rows.setdefault(owner, Row(owner, by="meaning")).raise_to("meaning", float(meaning))


def _by_context(rows: dict[int, Row], forms: Forms, context_item: str | None) -> None:
    if context_item is None:
        return
    for owner, item in enumerate(forms.items):
        if item.code == context_item:
            rows.setdefault(owner, Row(owner, by="context")).features["context"] = 1.0


def _fully_named(rows: dict[int, Row]) -> bool:
    """Whether the text is little more than an item's own name: meaning has nothing to add then, and costs most."""
    named = [row for row in rows.values() if row.features.get("name_exact")]
    sure = [row for row in named if row.features["exact_share"] >= NAMED]
    for row in sure:
        row.raise_to("meaning", 1.0)
    return bool(sure)


def _top(values: Floats, count: int) -> NDArray[np.intp]:
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count - 1)[:count]
