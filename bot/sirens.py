"""Hearing emergencies that no word list knows (听警): learned from messages of people in danger and near misses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.guides import questions
from bot.guides.nearest import Encode, encode_all
from bot.learning import Learned, Lesson
from bot.stand_in import examples
from routing.language.normalise import normalised

SHAPE = "1"  # part of the file's name: raise it when the features change
NONE, NUMBER = "-", "number"
EMERGENCY = "emergency"
EVERY = 4


@dataclass(frozen=True)
class Siren:
    """The number a message most likely needs, and its margin over “none”: -2 for “surely none”, +2 for “surely”."""

    number: str
    margin: float


@dataclass(frozen=True)
class Sirens:
    """The learned model and what turns a text into its sentence vector."""

    learned: Learned
    encode: Encode

    @classmethod
    def load(cls, nlu_data: Path, models: Path, encode: Encode, say: Callable[[str], None]) -> Self:
        """Read the model of today's messages, or learn one (some seconds) and keep it in `models`."""
        file = models / f"sirens-{_fingerprint(nlu_data)}.npz"
        if not file.exists():
            say("学习怎样听出紧急情况（例句变化时才需要，约十秒）")
            teach(tuple(lessons(nlu_data)), encode).save(file)
        return cls(Learned.load(file), encode)

    def hear(self, text: str) -> Siren:
        """How much a normalised text sounds like an emergency, and whose."""
        margins = self.learned.margins(text, self.encode([text])[0])[NUMBER]
        told = dict(zip(self.learned.classes(NUMBER), margins.tolist(), strict=True))
        none = told.pop(NONE)
        number = max(told, key=lambda one: told[one])
        return Siren(number, told[number] - none)


def lessons(nlu_data: Path) -> Iterator[tuple[str, str]]:
    """Each message with its number; other examples, and some questions and ordinary appeals, need none."""
    for line in (nlu_data / "emergencies.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield normalised(row["text"]), row["number"] or NONE
    for text, intent in examples(nlu_data / "nlu"):
        if intent != EMERGENCY:
            yield normalised(text), NONE
    for question in questions.read(nlu_data)[::EVERY]:
        yield question.text, NONE
    for file in sorted((nlu_data / "routing" / "voices").glob("*.jsonl")):
        told = map(json.loads, file.read_text(encoding="utf-8").splitlines()[::EVERY])
        yield from ((normalised(one["text"]), NONE) for one in told if one["urgency"] == "normal")


def teach(rows: tuple[tuple[str, str], ...], encode: Encode) -> Learned:
    """A model of these rows."""
    texts = [text for text, _ in rows]
    lesson = Lesson([number for _, number in rows])
    return Learned.fit(texts, encode_all(texts, encode), {NUMBER: lesson})


def _fingerprint(nlu_data: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    told = ("nlu/*.yml", "questions/*.jsonl", "routing/voices/*.jsonl", "emergencies.jsonl")
    for file in sorted(file for pattern in told for file in nlu_data.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
