"""Life events (一件事): what is to be done when one's life changes, in which order, and what goes side by side.

The chains are `nlu_data/life_events/*.yml`; their items are those of the catalogue. How long it takes together is
computed from the guides' statutory limits: side by side the longest counts, one after the other the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from bot.guides.guide import Duration, Law, Strict, Text
from bot.phrases import Group, any_of, words

WORKING, DAYS, AT_ONCE = "工作日", "日", "当场"
ItemCode = Annotated[str, Field(pattern=r"^[A-Z]{2,4}\d{3}$")]


class EventStep(Strict):
    """One thing to do: an item of the catalogue (or one of several, `or`), or a step with words where there is none."""

    item: ItemCode | None = None
    either: tuple[ItemCode, ...] = Field(default=(), alias="or")
    name: Text | None = None
    who: Text | None = None
    after: tuple[Text, ...] = ()
    when: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _item_or_words(self) -> Self:
        if bool(self.item) == bool(self.name) or (self.name and not self.who):
            raise ValueError("a step is an item, or a name with who does it")
        return self

    @property
    def id(self) -> str:
        """What other steps call it in `after`."""
        return self.item or self.name or ""

    @property
    def items(self) -> tuple[str, ...]:
        """The items it may be."""
        return (self.item, *self.either) if self.item else ()


class ApplicantLimit(Strict):
    """A legal limit that binds the citizen, not the office (申请人要守的期限)."""

    text: Text
    law: tuple[Law, ...] = Field(min_length=1)


class LifeEvent(Strict):
    """One chain, its steps in the order they are told; a step only names steps before it."""

    code: Text
    name: Text
    about: tuple[Text, ...] = Field(min_length=1)
    needs: tuple[Text, ...] = ()
    unless: tuple[Text, ...] = ()
    steps: tuple[EventStep, ...] = Field(min_length=2)
    limits: tuple[ApplicantLimit, ...] = ()

    @model_validator(mode="after")
    def _steps_follow_known_ones(self) -> Self:
        known: set[str] = set()
        for step in self.steps:
            if step.id in known or not set(step.after) <= known:
                raise ValueError(f"{self.code}: {step.id} is doubled or comes before what it waits for")
            known.add(step.id)
        return self

    @property
    def items(self) -> tuple[str, ...]:
        """Every item of the chain."""
        return tuple(code for step in self.steps for code in step.items)

    @property
    def batches(self) -> tuple[tuple[EventStep, ...], ...]:
        """The steps by how much must be done before them: those of one batch go side by side (并联)."""
        depth: dict[str, int] = {}
        for step in self.steps:
            depth[step.id] = 1 + max((depth[before] for before in step.after), default=-1)
        return tuple(tuple(s for s in self.steps if depth[s.id] == n) for n in range(max(depth.values()) + 1))

    @property
    def ordered(self) -> tuple[EventStep, ...]:
        """The steps as they are numbered for the citizen."""
        return tuple(step for batch in self.batches for step in batch)

    def told_in(self, text: str) -> int:
        """How long the longest of its words in the text is; 0 when the text is about something else."""
        if any_of(self.unless, text) or (self.needs and not any_of(self.needs, text)):
            return 0
        return max((len(word) for word in self.about if word in text), default=0)


@dataclass(frozen=True, slots=True)
class Span:
    """A length in working days and calendar days, which are never converted into each other."""

    working: int = 0
    days: int = 0

    def __add__(self, other: Span) -> Span:
        return Span(self.working + other.working, self.days + other.days)

    def covers(self, other: Span) -> bool:
        """Whether it is surely not the shorter one: a working day lasts at least a day, more is not known."""
        more = self.working - other.working
        return more >= 0 and self.days + more >= other.days


def longest(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The longest of some spans; several where working and calendar days cannot be compared."""
    distinct = tuple(dict.fromkeys(spans))
    return tuple(one for one in distinct if not any(other.covers(one) for other in distinct if other != one))


def joint_time(steps: Sequence[EventStep], limit: Callable[[EventStep], Duration | None]) -> tuple[Span, ...]:
    """How long the whole chain may take by law: along each way the sum, of parallel ways the longest (not the sum)."""
    until: dict[str, tuple[Span, ...]] = {}
    for step in steps:
        own = span_of(limit(step))
        before = longest(span for name in step.after for span in until[name]) or (Span(),)
        until[step.id] = tuple(span + own for span in before)
    return longest(span for spans in until.values() for span in spans)


def span_of(duration: Duration | None) -> Span:
    """A statutory limit as a span; what is done at once or has no limit adds nothing."""
    if duration is None or duration.unit == AT_ONCE:
        return Span()
    if duration.unit == WORKING:
        return Span(working=duration.value)
    if duration.unit == DAYS:
        return Span(days=duration.value)
    raise ValueError(f"a chain cannot add {duration}")


@dataclass(frozen=True)
class LifeEvents:
    """All chains, and the words that tell “everything there is to do” from a question about one item."""

    events: tuple[LifeEvent, ...]
    all_of_it: Group
    open_question: Group
    one_thing: Group
    longest: int

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `life_events/*.yml` and `dictionaries/life_events.yml`; a bad chain stops the start."""
        events = [
            LifeEvent.model_validate({"code": path.stem, **yaml.safe_load(path.read_text(encoding="utf-8"))})
            for path in sorted((nlu_data / "life_events").glob("*.yml"))
        ]
        said = yaml.safe_load((nlu_data / "dictionaries" / "life_events.yml").read_text(encoding="utf-8"))
        return cls(tuple(events), words(said["all"]), words(said["open"]), words(said["one"]), int(said["longest"]))

    def get(self, code: str | None) -> LifeEvent | None:
        """The chain of a code."""
        return next((event for event in self.events if event.code == code), None)

    def asked(self, text: str, *, names_item: bool) -> LifeEvent | None:
        """The chain a message asks for as a whole; None for a question about one item.

        An open question (“要办啥手续”) is about the item, where the text names one.
        """
        if not any_of(self.all_of_it, text) and (names_item or not self._open(text)):
            return None
        found = max(self.events, key=lambda event: event.told_in(text), default=None)
        return found if found and found.told_in(text) else None

    def _open(self, text: str) -> bool:
        """Whether a short message asks what there is to do, and not for one element or one paper."""
        return len(text) <= self.longest and any_of(self.open_question, text) and not any_of(self.one_thing, text)
