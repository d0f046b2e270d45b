"""Which item is meant (事项链接): names, characters and meaning, fused into one calibrated confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from bot.guides.asking import Asking
from bot.guides.evidence import CLEAR, FEATURES, NOTHING_LEARNED, Evidence, gather
from bot.guides.forms import Forms
from bot.guides.guide import Element
from bot.guides.lexicon import MAX_TEXT, Lexicon, Span
from bot.guides.library import Library
from bot.guides.nearest import Encode
from bot.guides.recogniser import Recogniser
from bot.guides.twins import Twins
from bot.guides.weights import Weights

OFFERED = 4
MOST = 30
BRIEF = 6
FEW = 4
LONG = frozenset({Element.MATERIALS, Element.CONDITIONS, Element.PROCESS})
SURE_CONTEXT = 0.9


class Decision(StrEnum):
    """What the linker advises: answer at once, ask which of a few is meant, or say honestly that it is not sure."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """One item that may be meant; `label` tells it from its namesakes, `written` says whether it has a guide."""

    code: str
    name: str
    score: float
    by: str
    label: str
    written: bool


@dataclass(frozen=True, slots=True)
class Link:
    """What was found: candidates best first, how sure the first one is, and what to do with it.

    `named` are the spans of the text where the best item's name, alias or distinguishing label stands; `twins` are the
    namesakes of the best item that the words do not tell apart (with ANSWER: few enough to answer for each, with
    CLARIFY: to be chosen from); `content` says whether the text names anything at all; `asked` is what was learned
    of the elements (a margin each, empty where nothing was), `continues` how much it sounds like going on with a talk.
    """

    candidates: tuple[LinkCandidate, ...]
    confidence: float
    decision: Decision
    named: tuple[Span, ...] = ()
    twins: tuple[str, ...] = ()
    content: bool = True
    asked: Mapping[Element, float] = NOTHING_LEARNED
    continues: float = CLEAR

    @property
    def best(self) -> LinkCandidate | None:
        """The most likely item."""
        return self.candidates[0] if self.candidates else None

    @property
    def offered(self) -> tuple[LinkCandidate, ...]:
        """The choices (at most four) when the citizen has to choose."""
        return self.candidates[:OFFERED]


NOTHING = Link((), 0.0, Decision.ABSTAIN, content=False)


@dataclass(frozen=True, slots=True)
class _Ranked:
    code: str
    mass: float
    by: str


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The most likely items, best first; the masses of all candidates; where the best one's name stands in the text."""

    top: tuple[_Ranked, ...]
    masses: Mapping[str, float]
    span: Span | None
    vague: float


def _bound(elements: Sequence[Element]) -> int:
    """For how many namesakes one reply can answer each: four short cells, two long ones, one whole overview."""
    if not elements or Element.OVERVIEW in elements:
        return 1
    return FEW if LONG.isdisjoint(elements) else FEW // 2


class Linker:
    """Finds items of one library; built once per library, safe to share between threads."""

    def __init__(
        self,
        library: Library,
        *,
        lexicon: Lexicon,
        weights: Weights,
        asking: Asking,
        encode: Encode | None = None,
        cache: Path | None = None,
        recogniser: Recogniser | None = None,
    ) -> None:
        self.library = library
        self.lexicon, self.asking = lexicon, asking
        self._weights, self._vector = weights, weights.vector(FEATURES)
        self._forms = Forms(tuple(library), lexicon, encode, cache)
        self._twins = Twins(library)
        self._recogniser = recogniser

    @classmethod
    def load(
        cls,
        library: Library,
        nlu_data: Path,
        *,
        encode: Encode | None = None,
        cache: Path | None = None,
        recogniser: Recogniser | None = None,
    ) -> Linker:
        """A linker with the lexicon and weights of `nlu_data/guides`; vectors of the library are kept in `cache`."""
        weights = Weights.load(nlu_data, meaning=encode is not None)
        return cls(
            library,
            lexicon=Lexicon.load(nlu_data),
            weights=weights,
            asking=Asking.load(nlu_data),
            encode=encode,
            cache=cache,
            recogniser=recogniser,
        )

    def link(self, text: str, *, context_item: str | None = None, elements: Sequence[Element] = (), k: int = 5) -> Link:
        """Find the item a normalised text is about.

        `context_item` is the item the conversation is on; `elements` let namesakes whose asked cells agree be
        answered without asking back.
        """
        text = text[:MAX_TEXT]
        evidence = gather(text, self._forms, self.lexicon, context_item, self._recogniser)
        if not evidence.content:
            return self._from_context(context_item)
        if not evidence.owners or (evidence.foreign > self._weights.foreign and not evidence.named):
            return replace(NOTHING, asked=evidence.elements, continues=evidence.continues)
        link = self._decide(text, self._rank(evidence), elements, k)
        return replace(link, asked=evidence.elements, continues=evidence.continues)

    def _from_context(self, context_item: str | None) -> Link:
        item = self.library.item(context_item) if context_item else None
        if item is None:
            return NOTHING
        candidate = self._candidate(item.code, 1.0, "context")
        return Link((candidate,), SURE_CONTEXT, Decision.ANSWER, content=False)

    def _rank(self, evidence: Evidence) -> _Ranking:
        """Order the candidates by fused score; their masses and that of “none of them” sum to one."""
        scores = evidence.matrix @ self._vector + self._weights.bias
        ceiling = max(float(scores.max()), 0.0)
        powers = np.exp(scores - ceiling)
        masses = (powers / (powers.sum() + np.exp(-ceiling))).tolist()
        codes = [self._forms.items[owner].code for owner in evidence.owners]
        best = np.argsort(-scores, kind="stable")[:MOST].tolist()
        named = evidence.named.get(evidence.owners[best[0]])
        top = tuple(_Ranked(codes[row], masses[row], evidence.by(row)) for row in best)
        return _Ranking(top, dict(zip(codes, masses, strict=True)), named.span if named else None, evidence.vague)

    def _decide(self, text: str, ranking: _Ranking, elements: Sequence[Element], k: int) -> Link:
        code, span = ranking.top[0].code, ranking.span
        group = self._twins.of(code)
        confidence = min(sum(ranking.masses.get(one, 0.0) for one in group), 1.0)
        beside = text if span is None else text[: span[0]] + " " + text[span[1] :]
        twins = self._open_twins(code, beside, elements)
        each = 1 < len(twins) <= _bound(elements)
        candidates = self._candidates(ranking, group, twins)
        vague = ranking.vague > (self._weights.vague_brief if len(text) <= BRIEF else self._weights.vague)
        decision = self._decision(confidence, candidates, vague=vague, ask=len(twins) > 1 and not each)
        named = (*((span,) if span else ()), *self._twins.spans(candidates[0].code, text))
        shown = candidates[: max(k, min(len(twins), OFFERED))]
        return Link(shown, confidence, decision, named, twins if len(twins) > 1 else ())

    def _open_twins(self, code: str, beside: str, elements: Sequence[Element]) -> tuple[str, ...]:
        """The namesakes still meant; those that say the same count as one, and levels are settled by the lowest."""
        twins = self._twins.distinct(self._twins.told_apart(code, beside), elements)
        return self._twins.lowest(twins) if len(twins) > _bound(elements) else twins

    def _decision(self, confidence: float, candidates: Sequence[LinkCandidate], *, vague: bool, ask: bool) -> Decision:
        name, weights = candidates[0].name, self._weights
        rival = max((candidate.score for candidate in candidates if candidate.name != name), default=0.0)
        if confidence >= weights.answer:
            # “我要落户”: several items may really be meant, the citizen says which.
            ask = ask or confidence < weights.ahead * rival or (vague and rival > weights.heard)
            return Decision.CLARIFY if ask else Decision.ANSWER
        offered = sum(candidate.score for candidate in candidates[:OFFERED])
        return Decision.CLARIFY if offered >= weights.clarify else Decision.ABSTAIN

    def _candidates(
        self, ranking: _Ranking, group: tuple[str, ...], twins: tuple[str, ...]
    ) -> tuple[LinkCandidate, ...]:
        """The namesakes still open first, then one item for each other name."""
        first, by = ranking.top[0], {one.code: one.by for one in ranking.top}
        chosen = [self._candidate(code, ranking.masses.get(code, first.mass), by.get(code, first.by)) for code in twins]
        names = {self.library.items[group[0]].name}
        for one in ranking.top:
            if self.library.items[one.code].name not in names:
                names.add(self.library.items[one.code].name)
                chosen.append(self._candidate(one.code, one.mass, one.by))
        return tuple(chosen)

    def _candidate(self, code: str, score: float, by: str) -> LinkCandidate:
        item = self.library.items[code]
        return LinkCandidate(code, item.name, round(score, 4), by, self._twins.label(code), item.written)
