"""How a message begins (开场): whether somebody is in danger, what kind of message it is; learned from people.

Word lists know what they know; this model hears the rest. One table of features answers three questions: which
emergency number, which kind of message, and of what the hotline does not take, whose it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np

from bot.guides import questions
from bot.guides.nearest import Encode, encode_all
from bot.leaning import Group, group_of
from bot.learning import Learned, Lesson
from bot.stand_in import examples
from routing.language.normalise import normalised

SHAPE = "3"  # part of the file's name: raise it when the features change
NONE = "-"
NUMBER, KIND, OUTLET = "number", "kind", "outlet"
QUIET = -2.0
EVERY = 4
SHARPNESS = 3.0  # margins to shares: chosen on held-out openings, see `./hotline bench understanding`
# How the files of nlu_data/openings call the groups.
ACTS: Mapping[str, Group] = MappingProxyType(
    {
        "answer": Group.ASK,
        "ticket": Group.APPEAL,
        "status": Group.TICKET,
        "human": Group.HANDOFF,
        "emergency": Group.EMERGENCY,
        "not_accepted": Group.NOT_ACCEPTED,
        "smalltalk": Group.TALK,
        "out_of_scope": Group.OUT_OF_SCOPE,
        "anger": Group.ANGER,
    }
)
_ENQUIRY = "咨询"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a message is like: `alarm` is -2 for “surely no emergency”, +2 for “surely”; `shares` sum to one."""

    number: str
    alarm: float
    shares: Mapping[Group, float]
    outlet: str


@dataclass(frozen=True, slots=True)
class Told:
    """One message and what it teaches; None: says nothing of that question."""

    text: str
    number: str | None = None
    kind: Group | None = None
    outlet: str | None = None


@dataclass(frozen=True)
class Openings:
    """The learned model and what turns a text into its sentence vector."""

    learned: Learned
    encode: Encode

    @classmethod
    def load(cls, nlu_data: Path, models: Path, encode: Encode, say: Callable[[str], None]) -> Self:
        """Read the model of today's messages, or learn one (some seconds) and keep it in `models`."""
        file = models / f"openings-{_fingerprint(nlu_data)}.npz"
        if not file.exists():
            say("学习怎样听出紧急情况和来意（例句变化时才需要，约二十秒）")
            teach(tuple(lessons(nlu_data)), encode).save(file)
        return cls(Learned.load(file), encode)

    def hear(self, text: str) -> Opening:
        """What a normalised text sounds like."""
        margins = self.learned.margins(text, self.encode([text])[0])
        told = dict(zip(self.learned.classes(NUMBER), margins[NUMBER].tolist(), strict=True))
        none = told.pop(NONE)
        number = max(told, key=lambda one: told[one])
        powers = np.exp(SHARPNESS * (margins[KIND] - margins[KIND].max()))
        kinds = map(Group, self.learned.classes(KIND))
        shares = dict(zip(kinds, (powers / powers.sum()).tolist(), strict=True))
        outlet = self.learned.classes(OUTLET)[int(margins[OUTLET].argmax())]
        return Opening(number, told[number] - none, shares, outlet)


def lessons(nlu_data: Path) -> Iterator[Told]:
    """Each message with what it teaches: openings, emergencies and near misses, questions, appeals, Rasa's examples."""
    for file in sorted((nlu_data / "openings").glob("*.jsonl")):
        yield from map(_opening, map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    for line in (nlu_data / "emergencies.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Told(normalised(row["text"]), row["number"] or NONE, Group.EMERGENCY if row["number"] else None)
    for text, intent in examples(nlu_data / "nlu"):
        if (group := group_of(intent)) is not Group.EMERGENCY:
            yield Told(normalised(text), NONE, group if group is not Group.NONE else None)
    for question in questions.read(nlu_data)[::EVERY]:
        yield Told(question.text, NONE, Group.ASK)
    for file in sorted((nlu_data / "routing" / "voices").glob("*.jsonl")):
        told = map(json.loads, file.read_text(encoding="utf-8").splitlines()[::EVERY])
        yield from (_appeal(one) for one in told if one["urgency"] == "normal")


def _opening(row: Mapping[str, str]) -> Told:
    kind, detail = ACTS[row["act"]], row.get("detail")
    number = detail if kind is Group.EMERGENCY else NONE
    return Told(normalised(row["text"]), number, kind, detail if kind is Group.NOT_ACCEPTED else None)


def _appeal(row: Mapping[str, str]) -> Told:
    return Told(normalised(row["text"]), NONE, None if row["kind"] == _ENQUIRY else Group.APPEAL)


def teach(rows: tuple[Told, ...], encode: Encode) -> Learned:
    """A model of these rows."""
    texts = [row.text for row in rows]
    taught = {
        NUMBER: Lesson([row.number for row in rows]),
        KIND: Lesson([row.kind for row in rows]),
        OUTLET: Lesson([row.outlet for row in rows]),
    }
    return Learned.fit(texts, encode_all(texts, encode), taught)


def _fingerprint(nlu_data: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    told = ("nlu/*.yml", "questions/*.jsonl", "routing/voices/*.jsonl", "openings/*.jsonl", "emergencies.jsonl")
    for file in sorted(file for pattern in told for file in nlu_data.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
