"""Which elements (要素) are asked: the lexicon's phrases first, the classifier's intents where they say little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.guides.guide import Element
from bot.guides.lexicon import Hit, Lexicon, Span

PREFIX = "ask_"
SURE = 0.55
LIKELY = 0.35
JOINED = 2


def elements_asked(
    text: str, ranking: Sequence[tuple[str, float]] = (), *, lexicon: Lexicon, named: Sequence[Span] = ()
) -> tuple[Element, ...]:
    """The elements a normalised text asks about, first asked first; a bare item asks for the overview.

    `ranking` is the classifier's (intent, confidence) list; `named` are the spans of item names, whose own words
    (“证书查询”, “预约”) do not count as questions.
    """
    hits = _told_once([hit for hit in lexicon.scan(text, named) if hit.element is not None])
    strong = _distinct(hit.element for hit in hits if hit.strong and hit.element)
    if strong:
        return _settle(strong)
    weak = _distinct(hit.element for hit in hits if hit.element)
    guess = _guess(ranking, SURE if weak else LIKELY)
    if guess is not None:
        return (guess,)
    specific = tuple(element for element in weak if element is not Element.OVERVIEW)
    return specific or (Element.OVERVIEW,)


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
    """The element of the best ask-intent, if the classifier puts it first and is sure enough."""
    if not ranking:
        return None
    intent, confidence = max(ranking, key=lambda pair: pair[1])
    name = intent.removeprefix(PREFIX)
    if not intent.startswith(PREFIX) or confidence < least or name not in Element:
        return None
    return Element(name)


def _distinct(elements: Iterable[Element]) -> tuple[Element, ...]:
    return tuple(dict.fromkeys(elements))


def _settle(found: tuple[Element, ...]) -> tuple[Element, ...]:
    """Keep what is really asked: “网上怎么查进度” asks for the progress, not for doing it online."""
    if Element.PROGRESS in found and Element.ONLINE in found:
        return tuple(element for element in found if element is not Element.ONLINE)
    return found
