"""What speaks for each candidate item: one row of named features, from characters, names and meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bot.guides.forms import FormKind, Forms
from bot.guides.grams import Floats, compact
from bot.guides.guide import Element
from bot.guides.lexicon import Lexicon, Span
from bot.guides.library import Item
from bot.guides.nearest import FormVectors
from bot.guides.recogniser import Recognised, Recogniser

FEATURES = (
    "name_exact",
    "alias_exact",
    "exact_share",
    "name_covered",
    "name_explained",
    "match",
    "meaning",
    "mass",
    "clause_covered",
    "clause_explained",
    "clause_match",
    "clause_meaning",
    "asked_meaning",
    "learned",
    "context",
)
_AT = {name: column for column, name in enumerate(FEATURES)}
BY_GRAMS, BY_MEANING, BY_LEARNING, FULLY = 60, 24, 12, 0.98
# A margin below the floor says nothing, above the ceiling nothing more.
FLOOR, CEILING = -1.0, 1.0
CLEAR = -1.0
NOTHING_LEARNED: Mapping[Element, float] = MappingProxyType({})
SHORTEST_EXACT = 2
NAMED = 0.8
# Where a clause ends; brackets, quotes and 、 stand inside one.
CLAUSE_ENDS = frozenset(",，。!！?？;；~…\n\r\t ")
CLAUSES, CLAUSE_CORE = 4, 2


@dataclass(frozen=True, slots=True)
class Named:
    """Where an item's own name or alias stands in the text, and how much of what was said it is."""

    span: Span
    share: float
    by: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of features (in the order of FEATURES) for each candidate, who they are, and which stand in the text.

    `content` is False when the text holds nothing but question words; `vague` above zero means that several items fit
    alike, `foreign` that none does, `continues` that it goes on with a talk; `elements` are the learned margins of
    what is asked (empty where none were).
    """

    owners: tuple[int, ...]
    matrix: NDArray[np.float64]
    named: Mapping[int, Named]
    content: bool
    vague: float = CLEAR
    foreign: float = CLEAR
    continues: float = CLEAR
    elements: Mapping[Element, float] = NOTHING_LEARNED

    def by(self, row: int) -> str:
        """The strongest kind of evidence for a candidate."""
        if named := self.named.get(self.owners[row]):
            return named.by
        features = self.matrix[row]
        if features[_AT["mass"]] > 0:
            return "grams"
        return "meaning" if features[_AT["meaning"]] > 0 else "context"


class _Table:
    """The features of all items while they are gathered; an item becomes a candidate with its first evidence."""

    def __init__(self, items: int) -> None:
        self.features = np.zeros((items, len(FEATURES)))
        self.candidates = np.zeros(items, dtype=bool)
        self.named: dict[int, Named] = {}

    def raise_to(self, name: str, owners: NDArray[np.int32], values: Floats) -> None:
        """Keep the largest value of a feature over all forms of an item."""
        self.candidates[owners] = True
        np.maximum.at(self.features[:, _AT[name]], owners, values)

    def set(self, name: str, owner: int, value: float = 1.0) -> None:
        """Set a feature of one item."""
        self.candidates[owner] = True
        self.features[owner, _AT[name]] = value

    def evidence(self, *, content: bool, recognised: Recognised | None) -> Evidence:
        """What was gathered for the candidates."""
        owners = np.flatnonzero(self.candidates)
        known = Evidence(tuple(owners.tolist()), self.features[owners], self.named, content)
        return _informed(known, recognised) if recognised else known


def _informed(known: Evidence, by: Recognised) -> Evidence:
    return replace(known, vague=by.vague, foreign=by.foreign, continues=by.continues, elements=by.elements)


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

    def part(self, start: int, end: int) -> _Question:
        """A stretch of the question."""
        return _Question(self.text[start:end], self.places[start:end], self.masked[start:end])

    def clauses(self, text: str) -> tuple[_Question, ...]:
        """The last clauses that name anything, of a text of several: the story stands first, the question last."""
        ends = [i for i in range(1, len(self.places)) if _ends(text[self.places[i - 1] + 1 : self.places[i]])]
        parts = [self.part(start, end) for start, end in pairwise([0, *ends, len(self.places)])]
        told = tuple(part for part in parts if len(part.core) >= CLAUSE_CORE)
        return told[-CLAUSES:] if len(parts) > 1 else ()


def _ends(between: str) -> bool:
    return not CLAUSE_ENDS.isdisjoint(between)


def gather(
    text: str,
    forms: Forms,
    lexicon: Lexicon,
    context_item: str | None = None,
    recogniser: Recogniser | None = None,
) -> Evidence:
    """Collect the evidence for every item that characters, names, meaning or what was learned suggest."""
    question = _question(text, forms, lexicon)
    # The story around a question dilutes what its clauses say: each clause is weighed by itself as well.
    clauses = question.clauses(text) or (question,)
    table, recognised = _Table(len(forms.items)), None
    _by_characters(table, question, forms, lexicon.additions(text), _WHOLE)
    for clause in clauses:
        _by_characters(table, clause, forms, lexicon.additions(clause.text), _CLAUSE)
    if forms.vectors is not None and question.core and not _fully_named(table):
        told = _vectors(forms.vectors, [question.core, *(clause.core for clause in clauses)], text)
        _by_meaning(table, question, clauses, forms, told)
        if recogniser:
            recognised = recogniser.read(text, told[text])
            _by_learning(table, recogniser.items, recognised.margins, forms)
    if (context := forms.positions.get(context_item or "")) is not None:
        table.set("context", context)
    return table.evidence(content=bool(question.core), recognised=recognised)


def _question(text: str, forms: Forms, lexicon: Lexicon) -> _Question:
    hidden = lexicon.hidden(text)
    places = tuple(index for index, char in enumerate(text) if char.isalnum())
    masked = tuple(hidden[i] for i in places)
    return _Question(forms.spelling.repaired("".join(text[i] for i in places), masked), places, masked)


@dataclass(frozen=True, slots=True)
class _Names:
    """Under which names the evidence of a text, or of one of its clauses, is kept."""

    covered: str
    explained: str
    match: str
    mass: str | None = None


_WHOLE = _Names("name_covered", "name_explained", "match", "mass")
_CLAUSE = _Names("clause_covered", "clause_explained", "clause_match")


def _by_characters(table: _Table, question: _Question, forms: Forms, extra: str, names: _Names) -> None:
    scores = forms.grams.search(question.text, question.masked, extra) if question.text else None
    if scores is None:
        return
    worth = scores.mass * np.sqrt(scores.covered)
    full = scores.covered >= FULLY
    chosen = _chosen(_top(worth, BY_GRAMS), full & (worth > 0))
    chosen = chosen[worth[chosen] > 0]
    owners, covered, explained = forms.owners[chosen], scores.covered[chosen], scores.explained[chosen]
    if names.mass:
        table.raise_to(names.mass, owners, worth[chosen] / max(float(worth.max()), 1e-6))
    table.raise_to(names.match, owners, np.sqrt(covered * explained))
    named = ~forms.examples[chosen]
    table.raise_to(names.covered, owners[named], covered[named])
    table.raise_to(names.explained, owners[named], explained[named])
    _exact(table, question, forms, chosen[named & full[chosen]].tolist())


def _exact(table: _Table, question: _Question, forms: Forms, full: Sequence[int]) -> None:
    """Mark the items whose name or alias stands in the text; a name inside a longer one that stands there is none."""
    found: list[tuple[int, int, int]] = []
    for index in full:
        form = forms.forms[index]
        start = question.text.find(form.text) if len(form.text) >= SHORTEST_EXACT else -1
        if start >= 0:
            found.append((start, start + len(form.text), index))
    for start, end, index in found:
        if not any(s <= start and end <= e and e - s > end - start for s, e, _ in found):
            _mark(table, question, forms, (start, end), index)


def _mark(table: _Table, question: _Question, forms: Forms, span: Span, index: int) -> None:
    form = forms.forms[index]
    by = "name" if form.kind is FormKind.NAME else "alias"
    spans = [span, *_label_spans(question, forms.items[form.owner])]
    beside = sum(
        not hidden and not any(start <= i < end for start, end in spans) for i, hidden in enumerate(question.masked)
    )
    share = (span[1] - span[0]) / (span[1] - span[0] + beside)
    before = table.named.get(form.owner)
    table.set(f"{by}_exact", form.owner)
    if before is None or share > before.share:
        table.set("exact_share", form.owner, share)
        stands = (question.places[span[0]], question.places[span[1] - 1] + 1)
        table.named[form.owner] = Named(stands, share, by)


def _label_spans(question: _Question, item: Item) -> list[Span]:
    """Where a question says an item's variant, place or department beside its name."""
    marks = [mark for guide in item.guides for mark in (guide.variant, guide.place, guide.department) if mark]
    found = [(question.text.find(mark), len(mark)) for mark in map(compact, marks)]
    return [(start, start + length) for start, length in found if start >= 0 and length]


def _vectors(vectors: FormVectors, cores: Sequence[str], text: str) -> dict[str, Floats]:
    """The vectors of the parts of a question and of the whole text, read in one pass."""
    texts = list(dict.fromkeys([*cores, text]))
    return dict(zip(texts, np.asarray(vectors.encode(texts), dtype=np.float32), strict=True))


def _by_meaning(
    table: _Table, question: _Question, clauses: Sequence[_Question], forms: Forms, told: Mapping[str, Floats]
) -> None:
    vectors = forms.vectors
    assert vectors is not None, "only asked where sentences have vectors"
    asked = {core: told[core] for core in (question.core, *(clause.core for clause in clauses))}
    nearest = np.concatenate([vectors.nearest(vector, BY_MEANING) for vector in asked.values()])
    chosen = _chosen(nearest, table.candidates[forms.owners])
    owners = forms.owners[chosen]
    likeness = {core: vectors.likeness(vector, chosen) for core, vector in asked.items()}
    table.raise_to("meaning", owners, likeness[question.core])
    for clause in clauses:
        table.raise_to("clause_meaning", owners, likeness[clause.core])
    if clauses:
        table.raise_to("asked_meaning", owners, likeness[clauses[-1].core])


def _by_learning(table: _Table, items: Sequence[str], margins: Floats, forms: Forms) -> None:
    """Raise what the recogniser believes; an item it was never taught gets nothing from it, for or against."""
    best = set(_top(margins, BY_LEARNING).tolist())
    for known, (code, margin) in enumerate(zip(items, margins.tolist(), strict=True)):
        owner = forms.positions.get(code)
        if owner is not None and (known in best or table.candidates[owner]) and margin > FLOOR:
            table.set("learned", owner, min(margin, CEILING) - FLOOR)


def _fully_named(table: _Table) -> bool:
    """Whether the text is little more than an item's own name: meaning has nothing to add then, and costs most."""
    exact, share = table.features[:, _AT["name_exact"]], table.features[:, _AT["exact_share"]]
    sure = np.flatnonzero((exact > 0) & (share >= NAMED))
    for owner in sure:
        for name in ("meaning", "clause_meaning", "asked_meaning"):
            table.set(name, int(owner))
    return bool(len(sure))


def _chosen(best: NDArray[np.intp], others: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The places of the best and of all others, in order."""
    others[best] = True
    return np.flatnonzero(others)


def _top(values: Floats, count: int) -> NDArray[np.intp]:
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count - 1)[:count]
