"""How a message begins (开场): whether somebody is in danger, what kind of message it is; learned from people.

Word lists know what they know; this model hears the rest. One table of features answers four questions: which
emergency number, which kind of message, of what the hotline does not take, whose it is, and while a form is open, what
the message does to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np

from bot.guides import questions
from bot.guides.grams import Floats
from bot.guides.nearest import Encode, encode_all
from bot.leaning import Group, group_of
from bot.learning import Learned, Lesson
from bot.stand_in import examples
from routing.language.normalise import normalised

SHAPE = "6"  # part of the file's name: raise it when the features change
NONE = "-"
NUMBER, KIND, OUTLET, IN_FORM = "number", "kind", "outlet", "in_form"
EVERY, STORY = 4, "narrative"
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
_OWN_STATE = frozenset({"affirm", "deny", "cancel", "correction"})  # means nothing before anything was said


class InForm(StrEnum):
    """What a message does to an open form."""

    ANSWER = "answer"
    UNKNOWN = "unknown"
    REFUSE = "refuse"
    AGREE = "agree"
    CORRECT = "correct"
    DISAGREE = "disagree"
    CANCEL = "cancel"
    QUESTION = "question"
    HUMAN = "human"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a message is like: `alarm` is -2 for “surely no emergency”, +2 for “surely”.

    The `shares` of the kinds sum to one, and so do those of what it does `in_form`.
    """

    number: str
    alarm: float
    shares: Mapping[Group, float]
    outlet: str
    in_form: Mapping[InForm, float]


@dataclass(frozen=True, slots=True)
class Told:
    """One message and what it teaches; None: says nothing of that question."""

    text: str
    number: str | None = None
    kind: Group | None = None
    outlet: str | None = None
    in_form: str | None = None


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
        kinds = dict(zip(map(Group, self.learned.classes(KIND)), _shares(margins[KIND]), strict=True))
        in_form = dict(zip(map(InForm, self.learned.classes(IN_FORM)), _shares(margins[IN_FORM]), strict=True))
        outlet = self.learned.classes(OUTLET)[int(margins[OUTLET].argmax())]
        return Opening(number, told[number] - none, kinds, outlet, in_form)


def _shares(margins: Floats) -> list[float]:
    powers = np.exp(SHARPNESS * (margins - margins.max()))
    return [float(power) for power in powers / powers.sum()]


def lessons(nlu_data: Path) -> Iterator[Told]:
    """Each message with what it teaches: openings, emergencies and near misses, questions, appeals, Rasa's examples."""
    for file in sorted((nlu_data / "openings").glob("*.jsonl")):
        yield from map(_opening, map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    for line in (nlu_data / "emergencies.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Told(normalised(row["text"]), row["number"] or NONE, Group.EMERGENCY if row["number"] else None)
    for text, intent in examples(nlu_data / "nlu"):
        if (group := group_of(intent)) is not Group.EMERGENCY:
            says = group is not Group.NONE and intent not in _OWN_STATE
            yield Told(normalised(text), NONE, group if says else None)
    yield from _conversations(nlu_data / "followups")
    for at, question in enumerate(questions.read(nlu_data)):
        if question.style == STORY or at % EVERY == 0:
            yield Told(question.text, NONE, Group.ASK)
    for file in sorted((nlu_data / "routing" / "voices").glob("*.jsonl")):
        told = map(json.loads, file.read_text(encoding="utf-8").splitlines()[::EVERY])
        yield from (_appeal(one) for one in told if one["urgency"] == "normal")


def _conversations(folder: Path) -> Iterator[Told]:
    """How talks begin, the later turns that ask nothing, and what is said to an open form; none is an emergency."""
    for file in sorted(folder.glob("*.jsonl")):
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            if "act" in row:
                yield Told(normalised(row["text"]), NONE, in_form=InForm(row["act"]).value)
                continue
            for at, (text, item, (first, *_)) in enumerate(row["turns"]):
                kind = ACTS.get(first) if item is None else None if at else Group.ASK
                yield Told(normalised(text), None if kind is Group.EMERGENCY else NONE, kind)


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
        IN_FORM: Lesson([row.in_form for row in rows]),
    }
    return Learned.fit(texts, encode_all(texts, encode), taught)


def _fingerprint(nlu_data: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    folders = ("questions", "routing/voices", "openings", "followups", ".")
    told = ("nlu/*.yml", *(f"{folder}/*.jsonl" for folder in folders))
    for file in sorted(file for pattern in told for file in nlu_data.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
