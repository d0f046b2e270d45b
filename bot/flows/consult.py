"""Answering how things are done (咨询): item → elements → an answer that cites its cells; unsure → ask, or say so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows import region
from bot.flows.handoff import ways_on
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.guides import answers
from bot.guides.continuing import Said
from bot.guides.elements import elements_asked, elements_learned
from bot.guides.guide import Element
from bot.guides.linker import Decision, Link, LinkCandidate, Linker
from bot.guides.tasks import note_gap
from bot.knowledge import Snapshot
from bot.reply import Action, Choice
from bot.state import Offered, State

_MISSES = 2
_NAMED_AT_LEAST = 2
_SHORT = 14
_COMPLETING, _COMPLETED = 24, 0.7
_QUESTION = 60
_TOPICS = 5
_SAME_AGAIN = ("呢", "的话")
_MORE = (Element.MATERIALS, Element.FEE, Element.TIME_LIMIT, Element.LOCATION, Element.PROCESS)


@dataclass(frozen=True)
class Reading:
    """What a message asks: which item, which elements, read on one snapshot of the knowledge."""

    link: Link
    elements: tuple[Element, ...]
    known: Snapshot


def read(bot: Bot, turn: Turn) -> Reading:
    """Link the item, with the conversation's item as context, and find the elements."""
    known, item = bot.knowledge.current, turn.state.item
    said = Said.of(turn.text, bot.cues)
    text = said.text if item else turn.text
    first = _elements(known.linker, turn, text)
    if item and known.library.item(item):
        link = bot.continuing.link(known.linker, said, item, turn.state.topics, first)
    else:
        link = known.linker.link(text, elements=first)
    elements = _elements(known.linker, turn, text, link)
    outright = elements_asked(text, lexicon=known.linker.lexicon, named=link.named)
    return Reading(link, _same_again(turn, outright) or elements, known)


def _same_again(turn: Turn, said: tuple[Element, ...]) -> tuple[Element, ...]:
    """“那结婚呢” asks of another item what was asked of the last one: its own words ask nothing."""
    again = turn.text.rstrip(" ?？。.!！").endswith(_SAME_AGAIN) and said == (Element.OVERVIEW,)
    return tuple(Element(name) for name in turn.state.told) if again and len(turn.text) <= _SHORT else ()


def consult(bot: Bot, turn: Turn, reading: Reading) -> Outcome:
    """Answer, ask which item is meant, or say honestly that it is not known."""
    link = reading.link
    if not link.content and link.best is None:
        return _which_item(bot, turn)
    match link.decision:
        case Decision.ANSWER:
            return answer(bot, turn, reading)
        case Decision.CLARIFY:
            return _offer(bot, turn, reading)
        case Decision.ABSTAIN:
            return _abstain(bot, turn)


def answer(bot: Bot, turn: Turn, reading: Reading) -> Outcome:
    """Answer from the guide, or say that the item's guide is not written yet."""
    best = reading.link.best
    assert best is not None, "a decision to answer has its item"
    return answer_items(bot, turn, reading, reading.link.twins or (best.code,), reading.link.confidence)


def choose(bot: Bot, turn: Turn) -> Outcome | None:
    """Resolve offered choices by number, ordinal or name; None when the message is about something else."""
    offered, state = turn.state.offered, turn.state.but(offered=(), asked=())
    if bot.cues.says("none_of_these", turn.text):
        return _abstain(bot, replace(turn, state=state))
    reading = read(bot, turn)
    code = _pointed_at(bot, turn, offered, reading)
    if code is None:
        return None
    # What was asked before the choice counts, unless the choice itself asks for something.
    says = elements_asked(turn.text, lexicon=reading.known.linker.lexicon)
    elements = says if Element.OVERVIEW not in says else _asked(turn)
    chosen = replace(reading, elements=elements or (Element.OVERVIEW,))
    return answer_items(bot, replace(turn, state=state), chosen, (code,), 1.0)


def unsolved(bot: Bot, turn: Turn) -> Outcome:
    """“没解决” after an answer: a person, or the question again."""
    reply = reply_of(Action.ABSTAIN, bot.say("consult.unsolved"), turn, choices=ways_on(bot))
    return Outcome(reply, turn.state)


def answer_items(bot: Bot, turn: Turn, reading: Reading, codes: Sequence[str], confidence: float) -> Outcome:
    """Answer the elements asked from the guide of each of these items."""
    library, first = reading.known.library, codes[0]
    told = tuple(element.value for element in reading.elements)
    topics = tuple(dict.fromkeys((first, *turn.state.topics)))[:_TOPICS]
    question = turn.text[:_QUESTION]
    state = turn.state.but(item=first, topics=topics, told=told, question=question, offered=(), asked=(), misses=0)
    fields = {"item": first, "element": reading.elements[0].value, "confidence": round(confidence, 4)}
    guides = [guide for code in codes if (guide := library.guide(code, turn.state.region))]
    if not guides and region.depends(library, first, bot.city.region) and not turn.state.region:
        return _which_region(bot, turn, reading, first, state)
    if not guides:
        reply = reply_of(Action.ABSTAIN, _unwritten(bot, reading, first), turn, choices=ways_on(bot), **fields)
        return _noting(bot, turn, Outcome(reply, state), first, reading.elements, "unwritten_guide")
    # The calendar day only decides whether a review is overdue; the message's own moment is exact enough.
    composed = answers.answer(guides, reading.elements, today=bot.city.today(turn.at), replies=bot.replies)
    more = _more(bot, reading.elements)
    reply = reply_of(Action.ANSWER, composed.text, turn, sources=composed.sources, choices=more, **fields)
    outcome = Outcome(reply, state)
    if region.depends(library, first, bot.city.region):
        outcome = region.asking(bot, outcome)
    if composed.missing:
        return _noting(bot, turn, outcome, first, composed.missing, "missing_cell")
    return _noting(bot, turn, outcome, first, composed.local, "local_cell") if composed.local else outcome


def again(bot: Bot, turn: Turn) -> Outcome | None:
    """The last question answered for the region just named (“我在东胜区”); None when there is none to answer."""
    item, told = turn.state.item, turn.state.told
    here = region.place(bot, turn)
    if item is None or here is None or not told:
        return None
    known = bot.knowledge.current
    link = known.linker.link("", context_item=item)
    outcome = answer_items(bot, turn, Reading(link, tuple(Element(name) for name in told), known), (item,), 1.0)
    return outcome.saying(before=bot.say("region.noted", name=here.name))


def _which_region(bot: Bot, turn: Turn, reading: Reading, code: str, state: State) -> Outcome:
    """Only parts of the city have a guide: nothing holds everywhere, so ask where the citizen is."""
    library = reading.known.library
    names = [region.name(bot, one) for one in library.regions(code)]
    text = bot.say("region.ask_which", name=library.items[code].name, places=bot.say("region.joint").join(names))
    more = choices(*((name, name) for name in names))
    reply = reply_of(Action.CLARIFY, text, turn, offered=(code,), choices=more)
    return Outcome(reply, state.but(asked_region=True))


def _noting(
    bot: Bot, turn: Turn, outcome: Outcome, item: str | None, elements: Sequence[Element], reason: str
) -> Outcome:
    """The same outcome, leaving a knowledge task (知识任务) for the guide's owner with the reply."""
    known = bot.knowledge.current.library.item(item) if item else None

    def commit(session: Session, now: datetime) -> Outcome:
        note_gap(
            session,
            city=bot.city.code,
            item=item,
            elements=elements,
            reason=reason,
            question=turn.redacted,
            owner=known.department if known else None,
            now=now,
        )
        return outcome

    return replace(outcome, commit=commit)


def _unwritten(bot: Bot, reading: Reading, code: str) -> str:
    item = reading.known.library.item(code)
    assert item is not None, "the linker only knows items of its library"
    label = f"labels.department.{item.department}"
    department = bot.say(label) if bot.replies.has(label) else item.department
    return answers.unwritten(item, department, replies=bot.replies)


def _offer(bot: Bot, turn: Turn, reading: Reading) -> Outcome:
    """At most four items by number; the elements asked are kept for the choice."""
    shown = reading.link.offered
    buttons = answers.choices(shown, replies=bot.replies)
    lines = [bot.say("consult.clarify_line", number=n, label=button.label) for n, button in enumerate(buttons, start=1)]
    text = "\n".join([bot.say("consult.clarify"), *lines, bot.say("consult.clarify_none")])
    offered = tuple(Offered(code=one.code, label=button.label) for one, button in zip(shown, buttons, strict=True))
    asked = tuple(element.value for element in reading.elements)
    state = turn.state.but(offered=offered, asked=asked, question=turn.text[:_QUESTION])
    codes = tuple(one.code for one in shown)
    confidence = round(reading.link.confidence, 4)
    reply = reply_of(Action.CLARIFY, text, turn, offered=codes, choices=buttons, confidence=confidence)
    return Outcome(reply, state)


def offer_items(bot: Bot, turn: Turn, reading: Reading, codes: Sequence[str]) -> Outcome:
    """Let the citizen choose among items that are known to be meant."""
    items = [item for code in codes if (item := reading.known.library.item(code))]
    meant = tuple(LinkCandidate(one.code, one.name, 1 / len(items), "offered", "", one.written) for one in items)
    return _offer(bot, turn, replace(reading, link=replace(reading.link, candidates=meant, confidence=1.0)))


def _which_item(bot: Bot, turn: Turn) -> Outcome:
    """An element without any item: nothing to guess from, so ask."""
    return Outcome(reply_of(Action.CLARIFY, bot.say("consult.which_item"), turn, choices=ways_on(bot)), turn.state)


def _abstain(bot: Bot, turn: Turn) -> Outcome:
    """Not sure: another wording, a person or a ticket; the second time a person is recommended."""
    misses = turn.state.misses + 1
    words = "consult.unknown" if misses < _MISSES else "consult.unknown_again"
    reply = reply_of(Action.ABSTAIN, bot.say(words), turn, choices=ways_on(bot))
    outcome = Outcome(reply, turn.state.but(misses=misses))
    return _noting(bot, turn, outcome, None, (), "unlinked")


def _pointed_at(bot: Bot, turn: Turn, offered: Sequence[Offered], reading: Reading) -> str | None:
    at = bot.cues.ordinal(turn.text, len(offered))
    if at is not None:
        return offered[at].code
    bare = turn.text.strip()
    if len(bare) >= _NAMED_AT_LEAST:
        named = [one.code for one in offered if bare in one.label or one.label in bare]
        if len(named) == 1:
            return named[0]
    codes, link = {one.code for one in offered}, reading.link
    if link.content and link.best and link.best.code in codes:
        return link.best.code
    elsewhere = link.decision is Decision.ANSWER and link.named
    if elsewhere or not turn.state.question or len(turn.text) > _COMPLETING:
        return None
    return _completing(bot, reading.known, turn, codes)


def _completing(bot: Bot, known: Snapshot, turn: Turn, codes: Collection[str]) -> str | None:
    """Which item is meant when the words complete the question that was too broad (公积金想取 … 在外头租着房呢)."""
    said = Said.of(turn.text, bot.cues).text
    together = known.linker.link(f"{turn.state.question},{said}", k=len(codes) + 1)
    best = together.best
    sure = best is not None and best.score >= _COMPLETED
    return best.code if together.content and best and (best.code in codes or sure) else None


def completes(bot: Bot, turn: Turn) -> bool:
    """Whether a short message says which of the offered items is meant."""
    codes = {one.code for one in turn.state.offered}
    short = bool(turn.state.question) and len(turn.text) <= _COMPLETING
    return short and _completing(bot, bot.knowledge.current, turn, codes) in codes


def _asked(turn: Turn) -> tuple[Element, ...]:
    return tuple(Element(name) for name in turn.state.asked)


def _elements(linker: Linker, turn: Turn, text: str, link: Link | None = None) -> tuple[Element, ...]:
    named = link.named if link else ()
    if link is None or not link.asked:
        return elements_asked(text, turn.parse.ranking, lexicon=linker.lexicon, named=named)
    return elements_learned(
        text, turn.parse.ranking, lexicon=linker.lexicon, asking=linker.asking, learned=link.asked, named=named
    )


def _more(bot: Bot, told: Sequence[Element]) -> tuple[Choice, ...]:
    """Quick replies after an answer: what is often asked next, and whether it helped."""
    labels = [bot.say(f"answers.elements.{element.value}") for element in _MORE if element not in told]
    asks = [(label, bot.say("consult.says_more", element=label)) for label in labels[:3]]
    solved = (bot.say("consult.label_solved"), bot.say("consult.says_solved"))
    not_yet = (bot.say("consult.label_unsolved"), bot.say("consult.says_unsolved"))
    return choices(*asks, solved, not_yet)
