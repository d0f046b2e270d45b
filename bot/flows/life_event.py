"""A life event (一件事) told as a whole: the ordered list and its joint time; then its steps by number or name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.bot import Bot
from bot.flows import consult
from bot.flows.consult import Reading
from bot.flows.handoff import ways_on
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.guides.elements import asks
from bot.guides.guide import NATIONAL, Duration, Guide
from bot.guides.linker import Decision
from bot.guides.wording import Wording
from bot.knowledge import Snapshot
from bot.life_events import EventStep, LifeEvent, Span, joint_time, span_of
from bot.reply import Action, Source

_ORDINAL = re.compile(r"第\s*([0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*(?:步|件事|件|项|个|样|桩|条)")
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}
_LEAST_LIKELY = 0.05
_BUTTONS = 3
_REFERRING = 20


@dataclass(frozen=True)
class _Telling:
    """One chain with the guides that hold for this citizen."""

    bot: Bot
    event: LifeEvent
    known: Snapshot
    region: str | None

    def say(self, reply: str, **blanks: object) -> str:
        return self.bot.say(f"life_event.{reply}", **blanks)

    def guides(self, step: EventStep) -> tuple[Guide, ...]:
        found = (self.known.library.guide(code, self.region) for code in step.items)
        return tuple(guide for guide in found if guide is not None)

    def limit(self, step: EventStep) -> Duration | None:
        """The statutory limit of a step; of several items it may be, the longest."""
        cells = (guide.cells.time_limit for guide in self.guides(step))
        limits = [cell.statutory for cell in cells if cell is not None and cell.statutory is not None]
        return max(limits, key=lambda one: (span_of(one).working, span_of(one).days), default=None)

    def name(self, step: EventStep) -> str:
        if not step.item:
            return step.name or ""
        items = (self.known.library.item(code) for code in step.items)
        return self.say("joint_name").join(item.name for item in items if item is not None)

    def number(self, step: EventStep) -> int:
        return self.event.ordered.index(step) + 1


def whole(bot: Bot, turn: Turn, event: LifeEvent) -> Outcome:
    """The complete list, each item with its department, condition and limit; item null, for it is about all of them."""
    telling = _Telling(bot, event, bot.knowledge.current, turn.state.region)
    guides = [guide for step in event.ordered for guide in telling.guides(step)]
    local = any(guide.region != NATIONAL for guide in guides)
    place = bot.city.name if local else telling.say("national")
    lines = [
        telling.say("heading", name=event.name, place=place),
        *_steps(telling),
        *_total(telling),
        *_limits(telling),
    ]
    lines += [*_notes(telling), telling.say("ask"), _source(telling, turn, guides)]
    sources = tuple(_cited(bot, turn, guide) for guide in guides)
    more = choices(*((label := telling.say("label_step", number=n), label) for n in range(1, _BUTTONS + 1)))
    state = turn.state.but(event=event.code, item=None, told=(), offered=(), asked=(), misses=0)
    fields = {"item": None, "element": None, "confidence": 1.0, "sources": sources, "choices": more}
    return Outcome(reply_of(Action.ANSWER, "\n".join(lines), turn, **fields), state)


def follow(bot: Bot, turn: Turn, event: LifeEvent, reading: Reading) -> Outcome | None:
    """A step of the chain just told, by its number or loosely by its name; None when the message is about another."""
    telling = _Telling(bot, event, reading.known, turn.state.region)
    number = _ordinal(turn.text)
    if number is not None and len(turn.text) <= _REFERRING:
        return _step(telling, turn, reading, number)
    link = reading.link
    if turn.state.item is None and not link.content and asks(turn.text, reading.known.linker.lexicon):
        return _which_step(telling, turn)
    if link.decision is Decision.ANSWER or len(turn.text) > _REFERRING:
        return None
    inside = [one for one in link.candidates if one.code in event.items and one.score >= _LEAST_LIKELY]
    return consult.answer_items(bot, turn, reading, (inside[0].code,), inside[0].score) if inside else None


def _step(telling: _Telling, turn: Turn, reading: Reading, number: int) -> Outcome:
    if not 1 <= number <= len(telling.event.ordered):
        return _which_step(telling, turn)
    step = telling.event.ordered[number - 1]
    asked = turn.text.replace(_ORDINAL.search(turn.text).group(), "")  # type: ignore[union-attr] # it was found
    reading = replace(reading, elements=consult.read(telling.bot, _hearing(turn, asked)).elements)
    if len(step.items) > 1:
        return consult.offer_items(telling.bot, turn, reading, step.items)
    if step.items:
        return consult.answer_items(telling.bot, turn, reading, step.items, 1.0)
    note = f"{step.note}" if step.note else ""
    text = telling.say("step_without_guide", number=number, name=step.name, who=step.who, note=note)
    reply = reply_of(Action.ANSWER, text, turn, choices=ways_on(telling.bot), item=None, element=None)
    return Outcome(reply, turn.state.but(item=None))


def _hearing(turn: Turn, text: str) -> Turn:
    heard = replace(turn.heard, text=text)
    return replace(turn, heard=heard, state=turn.state.but(item=None))


def _which_step(telling: _Telling, turn: Turn) -> Outcome:
    """An element without a step, or a number there is none of: ask which one is meant."""
    text = telling.say("no_such_step", name=telling.event.name, count=len(telling.event.ordered))
    more = choices(*((label := telling.say("label_step", number=n), label) for n in range(1, _BUTTONS + 1)))
    return Outcome(reply_of(Action.CLARIFY, text, turn, choices=more, offered=telling.event.items[:4]), turn.state)


def _ordinal(text: str) -> int | None:
    """The number in “第十二件”; None without any."""
    found = _ORDINAL.search(text)
    if found is None:
        return None
    said = found.group(1)
    if said.isascii():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def _steps(telling: _Telling) -> list[str]:
    batches = telling.event.batches
    lines: list[str] = []
    for n, batch in enumerate(batches, start=1):
        heading = "only_batch" if len(batches) == 1 else "batch_first" if n == 1 else "batch_next"
        lines.append(telling.say(heading, number=_chinese(n)))
        lines += [_line(telling, step) for step in batch]
    return lines


def _line(telling: _Telling, step: EventStep) -> str:
    guides = telling.guides(step)
    who = step.who or (_department(telling.bot, guides[0]) if guides else "")
    when = telling.say("when", when=step.when) if step.when else ""
    numbers = [str(telling.number(other)) for other in telling.event.ordered if other.id in step.after]
    after = telling.say("after", numbers=Wording(telling.bot.replies).joined(numbers)) if numbers else ""
    parts = [who, when, _limit_words(telling, step), after]
    details = Wording(telling.bot.replies).say("answer.clause_joint").join(filter(None, parts))
    details = telling.say("details", details=details) if details else ""
    return telling.say("line", number=telling.number(step), name=telling.name(step), details=details)


def _limit_words(telling: _Telling, step: EventStep) -> str:
    if not step.items:
        return ""
    limit = telling.limit(step)
    if limit is None:
        return telling.say("unlimited")
    return telling.say("at_once") if span_of(limit) == Span() else telling.say("limit", duration=limit)


def _total(telling: _Telling) -> list[str]:
    """The joint time: side by side only the longest counts; what has no national limit is said to be left out."""
    steps = telling.event.ordered
    spans = joint_time(steps, telling.limit)
    if all(telling.limit(step) is None for step in steps):
        return [telling.say("no_total")]
    total = telling.say("or_joint").join(_span_words(telling, span) for span in spans)
    without = [str(telling.number(step)) for step in steps if telling.limit(step) is None]
    left = telling.say("left_out", numbers=Wording(telling.bot.replies).joined(without)) if without else ""
    return [telling.say("total", total=total, left_out=left)]


def _span_words(telling: _Telling, span: Span) -> str:
    if span.working and span.days:
        return telling.say("plus", working=span.working, days=span.days)
    if span.working:
        return telling.say("working", working=span.working)
    return telling.say("days", days=span.days) if span.days else telling.say("now")


def _limits(telling: _Telling) -> list[str]:
    """What the law asks of the citizen, each with its law; never mixed with what it asks of the office."""
    joined = Wording(telling.bot.replies).joined
    lines = [
        telling.say("limit_line", text=limit.text, laws=joined(str(law) for law in limit.law))
        for limit in telling.event.limits
    ]
    return [telling.say("limits"), *lines] if lines else []


def _notes(telling: _Telling) -> list[str]:
    noted = [step for step in telling.event.ordered if step.note]
    lines = [telling.say("note_line", number=telling.number(step), note=step.note) for step in noted]
    return [telling.say("notes"), *lines] if lines else []


def _source(telling: _Telling, turn: Turn, guides: Sequence[Guide]) -> str:
    today = telling.bot.city.today(turn.at)
    overdue = [guide.name for guide in guides if today > guide.review_due]
    if overdue:
        return telling.say("source_overdue", names=Wording(telling.bot.replies).joined(overdue))
    return telling.say("source", reviewed=min(guide.reviewed for guide in guides).isoformat())


def _cited(bot: Bot, turn: Turn, guide: Guide) -> Source:
    """Where a line of the list comes from: its limit, where the guide states one, else its process."""
    cell = guide.cells.time_limit or guide.cells.process
    element = "time_limit" if guide.cells.time_limit else "process"
    return Source(
        item=guide.code,
        element=element,
        region=guide.region,
        cites=(Wording(bot.replies).laws([cell]) if cell else "") or guide.source,
        reviewed=guide.reviewed.isoformat(),
        title=guide.name,
        overdue=bot.city.today(turn.at) > guide.review_due,
    )


def _department(bot: Bot, guide: Guide) -> str:
    label = f"labels.department.{guide.department_code}"
    return bot.say(label) if guide.department_code and bot.replies.has(label) else guide.department


def _chinese(number: int) -> str:
    return "一二三四五六七八九"[number - 1]
