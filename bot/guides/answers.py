"""Answers (答复): composed from guide cells only, each naming item, place, source and review date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.guides.guide import NATIONAL, Cell, Element, Guide
from bot.guides.library import Item
from bot.guides.linker import LinkCandidate
from bot.guides.wording import Wording
from bot.replies import Replies
from bot.reply import Choice, Source

# The laws stand at the end of every answer, and following an application comes after making one.
APART = frozenset({Element.OVERVIEW, Element.LEGAL_BASIS, Element.PROGRESS})
CHECKLIST = tuple(element for element in Element if element not in APART)
WORTH_NAMING = (Element.MATERIALS, Element.PROCESS, Element.TIME_LIMIT, Element.FEE, Element.LOCATION)
LONG_PART, TOO_LONG = 160, 200
SENTENCE_ENDS = "。；;!！?？"


@dataclass(frozen=True, slots=True)
class Answer:
    """The words, where each of them comes from, the asked elements no cell states, and those only the place knows.

    `missing` and `local` become knowledge tasks; of a whole checklist, `local` stays empty: too much of it is local.
    """

    text: str
    sources: tuple[Source, ...]
    missing: tuple[Element, ...]
    local: tuple[Element, ...] = ()


def answer(guides: Guide | Sequence[Guide], elements: Sequence[Element], *, today: date, replies: Replies) -> Answer:
    """Answer the asked elements from the cells of a guide, or of each of a few namesakes.

    The overview is the one-time notice (一次性告知): the complete checklist with the likely reasons for refusal.
    An absent cell is said to be absent (“指南未载明”), with whom to ask and the offer of a person.
    """
    each = [guides] if isinstance(guides, Guide) else list(guides)
    parts = [_Composer(guide, Wording(replies), today).answer(tuple(elements)) for guide in each]
    missing = tuple(dict.fromkeys(element for part in parts for element in part.missing))
    local = tuple(dict.fromkeys(element for part in parts for element in part.local))
    sources = tuple(source for part in parts for source in part.sources)
    return Answer("\n\n".join(part.text for part in parts), sources, missing, local)


def unwritten(item: Item, department: str, *, replies: Replies) -> str:
    """Say honestly that the item is known but its guide is not written, and who knows; `department` is its name."""
    wording = Wording(replies)
    ask = wording.say("answer.ask_department", department=department)
    return wording.say("answer.unwritten", name=item.name, ask=ask)


def choices(candidates: Sequence[LinkCandidate], *, replies: Replies) -> tuple[Choice, ...]:
    """Buttons for the items that may be meant; namesakes carry what tells them apart."""
    wording = Wording(replies)
    labels = [
        wording.say("choice.label", name=one.name, label=one.label) if one.label else one.name for one in candidates
    ]
    return tuple(Choice(label, label) for label in labels)


@dataclass(frozen=True, slots=True)
class _Composer:
    guide: Guide
    wording: Wording
    today: date

    def answer(self, elements: tuple[Element, ...]) -> Answer:
        """The whole answer for one guide."""
        whole = Element.OVERVIEW in elements
        asked = CHECKLIST if whole else tuple(dict.fromkeys(elements))
        told = [(element, cell) for element in asked if (cell := self.guide.cells.get(element)) is not None]
        missing = tuple(element for element in asked if self.guide.cells.get(element) is None)
        named = tuple(element for element in missing if element in WORTH_NAMING) if whole else missing
        lines = [self._heading()]
        if whole and self.guide.summary:
            lines.append(self.guide.summary)
        lines += [self._section(element, cell, brief=whole) for element, cell in told]
        if whole:
            lines += self._local(told)
            lines += [self.wording.say("answer.local_ask", ask=self._ask())] if any(c.local for _, c in told) else []
        if whole and self.guide.refusals:
            reasons = self.wording.say("answer.clause_joint").join(
                reason.rstrip("。；") for reason in self.guide.refusals
            )
            lines.append(self.wording.say("answer.refusals", refusals=reasons))
        local = () if whole else tuple(element for element, cell in told if cell.local)
        if named:
            lines.append(self._missing(named))
        elif local:
            lines.append(self.wording.say("answer.local_ask", ask=self._ask()))
        if told:
            lines += [self._basis([cell for _, cell in told]), self._source()]
        sources = tuple(self._cited(element, cell) for element, cell in told)
        return Answer("\n".join(filter(None, lines)), sources, missing if not whole else named, local)

    def _heading(self) -> str:
        if self.guide.variant:
            return self.wording.say(
                "answer.heading_variant", name=self.guide.name, case=self.guide.variant, place=self._place()
            )
        return self.wording.say("answer.heading", name=self.guide.name, place=self._place())

    def _place(self) -> str:
        national = self.guide.region == NATIONAL
        return self.guide.place or self.wording.say("answer.national" if national else "answer.local_place")

    def _section(self, element: Element, cell: Cell, *, brief: bool) -> str:
        label = self._label(element)
        text = self.wording.cell(cell, brief=brief)
        if brief and len(text) > TOO_LONG and "\n" not in text:
            text = self.wording.say("answer.shortened", text=_shortened(text), element=label)
        if text.startswith(label):
            return text
        # A list starts on its own line, so that it is read as one.
        joined = f"\n{text}" if text.startswith("1. ") else text
        return self.wording.say("answer.section", element=label, text=joined)

    def _label(self, element: Element) -> str:
        return self.wording.say(f"elements.{element.value}")

    def _local(self, told: Sequence[tuple[Element, Cell]]) -> list[str]:
        """Which parts of the checklist are the city's own, and who decides them."""
        decided: dict[str, list[str]] = {}
        for element, cell in told:
            if cell.local and cell.decided_by:
                decided.setdefault(cell.decided_by, []).append(self._label(element))
        return [
            self.wording.say("answer.local_parts", elements=self.wording.joined(parts), decided_by=who)
            for who, parts in decided.items()
        ]

    def _missing(self, elements: Sequence[Element]) -> str:
        named = self.wording.joined(self._label(element) for element in elements)
        return self.wording.say("answer.missing", elements=named, ask=self._ask())

    def _ask(self) -> str:
        contact = self.guide.cells.contact
        if contact is None:
            return self.wording.say("answer.ask_department", department=self.guide.department)
        said = contact.text.rstrip("。")
        return self.wording.say("answer.ask_phone", department=self.guide.department, contact=said)

    def _basis(self, cells: Sequence[Cell]) -> str:
        laws = self.wording.laws(cells)
        return self.wording.say("answer.basis", laws=laws) if laws else ""

    def _source(self) -> str:
        reply = "answer.source_overdue" if self._overdue else "answer.source"
        dates = {"reviewed": self.guide.reviewed.isoformat(), "due": self.guide.review_due.isoformat()}
        return self.wording.say(reply, source=self._from, **dates)

    @property
    def _from(self) -> str:
        department, source = self.guide.department, self.guide.source.rstrip("。")
        return source if department in source else self.wording.say("answer.comma").join((department, source))

    @property
    def _overdue(self) -> bool:
        return self.today > self.guide.review_due

    def _cited(self, element: Element, cell: Cell) -> Source:
        return Source(
            item=self.guide.code,
            element=element.value,
            region=self.guide.region,
            cites=self.wording.laws([cell]) or self._from,
            reviewed=self.guide.reviewed.isoformat(),
            title=self.guide.name,
            overdue=self._overdue,
        )


def _shortened(text: str) -> str:
    """The first sentences of a long part, cut where one ends."""
    cut = max(text.rfind(end, 0, LONG_PART) for end in SENTENCE_ENDS)
    return text[: cut + 1] if cut > LONG_PART // 3 else text[:LONG_PART]
