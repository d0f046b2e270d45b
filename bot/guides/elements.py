"""Which elements (要素) are asked: the lexicon's phrases first, the classifier's intents where they say little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.guides.asking import CLAUSE_ENDS, PREFIX, Asking
from bot.guides.guide import Element
from bot.guides.lexicon import Hit, Lexicon, Span

SURE = 0.55
LIKELY = 0.35
JOINED = 2
ASKING = 0.25
STORY, TAIL = 22, 12


def elements_asked(
    text: str, ranking: Sequence[tuple[str, float]] = (), *, lexicon: Lexicon, named: Sequence[Span] = ()
) -> tuple[Element, ...]:
    """The elements a normalised text asks about, first asked first; a bare item asks for the overview.

    `ranking` is the classifier's (intent, confidence) list; `named` are the spans of item names, whose own words
    (“证书查询”, “预约”) do not count as questions.
    """
    hits = _question_first(text, _told_once(_hits(text, lexicon, named)))
    strong = _distinct(hit.element for hit in hits if hit.strong and hit.element)
    if strong:
        amount = any(text[hit.start : hit.end] in lexicon.amounts for hit in hits)
        return _settle(_distinct((*strong, Element.RESULT)) if amount else strong)
    weak = _distinct(hit.element for hit in hits if hit.element)
    guess = _guess(ranking, SURE if weak else LIKELY)
    if guess is not None:
        return (guess,)
    specific = tuple(element for element in weak if element is not Element.OVERVIEW)
    return specific or (Element.OVERVIEW,)


def elements_learned(
    text: str,
    ranking: Sequence[tuple[str, float]],
    *,
    lexicon: Lexicon,
    asking: Asking,
    learned: Mapping[Element, float],
    named: Sequence[Span] = (),
) -> tuple[Element, ...]:
    """The same, with what people's questions taught of the elements (`learned`) deciding which one comes first."""
    said = elements_asked(text, ranking, lexicon=lexicon, named=named)
    hits = phrases(text, lexicon, named)
    first = asking.first(text, hits, learned, ranking)
    outright = said if any(hit.strong for hit in hits) else ()
    return _settle(_distinct((first, *outright)))


def phrases(text: str, lexicon: Lexicon, named: Sequence[Span] = ()) -> tuple[Hit, ...]:
    """The phrases of a text that ask for an element."""
    return tuple(_told_once(_hits(text, lexicon, named)))


def asks(text: str, lexicon: Lexicon) -> bool:
    """Whether the last clauses of a text ask something outright (“我该去哪儿弄”), whatever story stands before."""
    hits = _hits(text, lexicon, ())
    told = max((hit.end for hit in hits if hit.strong), default=0)
    return bool(told) and len(text) - told <= TAIL


def _hits(text: str, lexicon: Lexicon, named: Sequence[Span]) -> list[Hit]:
    """The phrases outside the item's name; an alias that is itself a question (“中考报名时间”) asks with its end."""
    hits = [hit for hit in lexicon.scan(text, named) if hit.element is not None]
    if hits or not named:
        return hits
    end = len(text.rstrip(CLAUSE_ENDS))
    return [hit for hit in lexicon.scan(text) if hit.element is not None and hit.strong and hit.end == end]


def _question_first(text: str, hits: list[Hit]) -> list[Hit]:
    """In a story (several clauses) the question stands last: what its last asking clause asks comes first."""
    if len(text) < STORY or not any(hit.strong for hit in hits):
        return hits
    last = max(hit.start for hit in hits if hit.strong)
    begins = max(text.rfind(end, 0, last) for end in CLAUSE_ENDS)
    asked = [hit for hit in hits if hit.start > begins]
    return asked + [hit for hit in hits if hit.start <= begins]


def _told_once(hits: Sequence[Hit]) -> list[Hit]:
    """Drop the “how long” that only finishes another question: “有效期” + “多久” asks for the validity alone."""
    kept: list[Hit] = []
    for hit in hits:
        before = kept[-1] if kept else None
        finishes = before and before.element is Element.RESULT and hit.start - before.end <= JOINED
        if not (finishes and hit.element is Element.TIME_LIMIT):
            kept.append(hit)
    return kept


def _guess(ranking: Sequence[tuple[str, float]], least: float) -> Element | None:
    """The element of the best ask-intent, if it is sure enough among the questions it may be."""
    asks = [(intent.removeprefix(PREFIX), share) for intent, share in ranking if intent.startswith(PREFIX)]
    total = sum(share for _, share in asks)
    if total < ASKING:
        return None
    name, share = max(asks, key=lambda pair: pair[1])
    return Element(name) if share >= least * total and name in Element else None


def _distinct(elements: Iterable[Element]) -> tuple[Element, ...]:
    return tuple(dict.fromkeys(elements))


def _settle(found: tuple[Element, ...]) -> tuple[Element, ...]:
    """Keep what is really asked: “网上怎么查进度” asks for the progress, not for doing it online or for all."""
    if Element.PROGRESS in found and Element.ONLINE in found:
        found = tuple(element for element in found if element is not Element.ONLINE)
    return tuple(element for element in found if element is not Element.OVERVIEW) or found
