"""Teaching the recogniser (训练): the guides' own forms and people's questions; kept as a file until they change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.guides import questions
from bot.guides.asking import PREFIX
from bot.guides.guide import Element, Guide
from bot.guides.importers.yaml import read_folder
from bot.guides.nearest import Encode, encode_all
from bot.guides.questions import Followup, Question
from bot.guides.recogniser import FOREIGN, Recogniser, Taught
from bot.stand_in import examples
from routing.language.normalise import normalised

SHAPE = "4"  # part of the file's name: raise it when the recogniser's features change

_ENQUIRY = "咨询"


@dataclass(frozen=True)
class Lessons:
    """All there is to learn from."""

    guides: tuple[Guide, ...]
    asked: tuple[Question, ...]
    ambiguous: tuple[Question, ...]
    openings: tuple[tuple[str, Element], ...]
    foreign: tuple[Question, ...]
    followups: tuple[Followup, ...] = ()

    @classmethod
    def read(cls, nlu_data: Path) -> Self:
        """Read the guides, the questions and the examples of the intent model."""
        guides = tuple(parsed.guide for parsed in read_folder(nlu_data / "guides")[0])
        asked = questions.read(nlu_data)
        ambiguous = (*questions.read_ambiguous(nlu_data), *questions.read_broad(nlu_data))
        foreign, followups = tuple(_foreign(nlu_data)), questions.read_followups(nlu_data)
        return cls(guides, asked, ambiguous, _openings(nlu_data), foreign, followups)


def load(nlu_data: Path, models: Path, encode: Encode, say: Callable[[str], None]) -> Recogniser:
    """Read the recogniser of today's guides and questions, or teach one (half a minute) and keep it in `models`."""
    file = models / f"items-{_fingerprint(nlu_data)}.npz"
    if not file.exists():
        say("学习怎样问到每个事项（问句或指南变化时才需要，约半分钟）")
        teach(Lessons.read(nlu_data), encode).save(file)
    return Recogniser.load(file)


def teach(lessons: Lessons, encode: Encode) -> Recogniser:
    """A recogniser of every name, alias and example, of the questions, and of what has to be asked back."""
    forms = sorted({(text, guide.code) for guide in lessons.guides for text in _forms(guide)})
    rows = [Taught(normalised(text), item) for text, item in forms]
    rows += [Taught(one.text, one.items[0], one.elements[0], continues=False) for one in lessons.asked]
    rows += [_going_on(one) for one in lessons.followups]
    rows += [Taught(text, element=element) for text, element in lessons.openings]
    rows += [Taught(one.text, vague=True) for one in lessons.ambiguous]
    rows += [Taught(one.text, item=FOREIGN) for one in lessons.foreign]
    return Recogniser.fit(rows, encode_all([row.text for row in rows], encode))


def _going_on(turn: Followup) -> Taught:
    """A turn behind another: only what moves to another item says by itself which one it means."""
    same = turn.same or not turn.before
    return Taught(turn.text, None if same else turn.item, turn.elements[0], continues=same)


def _openings(nlu_data: Path) -> tuple[tuple[str, Element], ...]:
    """What the intent model is taught to ask: an element, often of no item at all (“那要多少钱”)."""
    asked = ((text, intent) for text, intent in examples(nlu_data / "nlu") if intent.startswith(PREFIX))
    return tuple((normalised(text), Element(intent.removeprefix(PREFIX))) for text, intent in asked)


def _foreign(nlu_data: Path) -> Iterator[Question]:
    """Messages about no item: small talk, others' services, and every second appeal the router learns from."""
    for text, intent in examples(nlu_data / "nlu"):
        if not intent.startswith(PREFIX):
            yield Question(normalised(text), ())
    yield from questions.read_foreign(nlu_data)
    for file in sorted((nlu_data / "routing" / "voices").glob("*.jsonl")):
        told = map(json.loads, file.read_text(encoding="utf-8").splitlines()[::2])
        yield from (Question(normalised(one["text"]), ()) for one in told if one["kind"] != _ENQUIRY)


def _forms(guide: Guide) -> tuple[str, ...]:
    return (guide.name, *guide.aliases, *(text for texts in guide.examples.values() for text in texts))


def _fingerprint(nlu_data: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    lessons = ("guides/*/*.yml", "questions/*.jsonl", "nlu/*.yml", "routing/voices/*.jsonl", "followups/*.jsonl")
    for file in sorted(file for pattern in lessons for file in nlu_data.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
