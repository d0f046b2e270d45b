"""Teaching the recogniser (训练): the guides' own forms and people's questions; kept as a file until they change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.guides import questions
from bot.guides.guide import Guide
from bot.guides.importers.yaml import read_folder
from bot.guides.nearest import Encode, encode_all
from bot.guides.questions import Question
from bot.guides.recogniser import Recogniser, Taught
from routing.language.normalise import normalised

SHAPE = "1"  # part of the file's name: raise it when the recogniser's features change


def load(nlu_data: Path, models: Path, encode: Encode, say: Callable[[str], None]) -> Recogniser:
    """Read the recogniser of today's guides and questions, or teach one (half a minute) and keep it in `models`."""
    file = models / f"items-{_fingerprint(nlu_data)}.npz"
    if not file.exists():
        say("学习怎样问到每个事项（问句或指南变化时才需要，约半分钟）")
        guides = [parsed.guide for parsed in read_folder(nlu_data / "guides")[0]]
        teach(guides, questions.read(nlu_data), questions.read_ambiguous(nlu_data), encode).save(file)
    return Recogniser.load(file)


def teach(
    guides: Sequence[Guide], asked: Sequence[Question], ambiguous: Sequence[Question], encode: Encode
) -> Recogniser:
    """A recogniser of every name, alias, example and question, and of what has to be asked back."""
    forms = sorted({(text, guide.code) for guide in guides for text in _forms(guide)})
    rows = [Taught(normalised(text), item) for text, item in forms]
    rows += [Taught(question.text, question.items[0]) for question in asked]
    vague = [question.text for question in ambiguous]
    return Recogniser.fit(rows, vague, encode_all([*(row.text for row in rows), *vague], encode))


def _forms(guide: Guide) -> tuple[str, ...]:
    return (guide.name, *guide.aliases, *(text for texts in guide.examples.values() for text in texts))


def _fingerprint(nlu_data: Path) -> str:
    digest = hashlib.sha256(SHAPE.encode())
    for file in sorted([*(nlu_data / "guides").glob("*/*.yml"), *(nlu_data / "questions").glob("*.jsonl")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
