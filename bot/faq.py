"""Policy questions beside the guides (政策问答): national rules in plain words, each with source and review date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

from bot.guides.guide import Law, Strict, Text
from bot.phrases import Rule, Rules

Word = Annotated[str, StringConstraints(min_length=2, to_lower=True)]


class Question(Strict):
    """One question and its answer; `firm` ones are answered even where the words name a service item."""

    code: Text
    question: Text
    any: tuple[Word, ...] = Field(min_length=1)
    unless: tuple[Text, ...] = ()
    firm: bool = False
    answer: Text
    local: bool = False
    decided_by: Text | None = None
    law: tuple[Law, ...] = ()
    department: Text
    contact: Text
    reviewed: date
    review_due: date

    @model_validator(mode="after")
    def _local_names_who_decides(self) -> Self:
        if self.local and not self.decided_by:
            raise ValueError(f"{self.code}: a local answer must say who decides")
        return self


@dataclass(frozen=True)
class Faq:
    """All questions by their code, and the rules that recognise them."""

    questions: dict[str, Question]
    rules: Rules

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `faq/*.yml`; what a file says of its department and review holds for all its questions."""
        questions = {one.code: one for path in sorted((nlu_data / "faq").glob("*.yml")) for one in _read(path)}
        rules = (Rule(one.code, phrases=one.any, unless=one.unless) for one in questions.values())
        return cls(questions, Rules(rules))

    def asked(self, text: str, *, names_item: bool) -> Question | None:
        """The question a message asks, the one with the longest words first; None when it asks none of them."""
        rules = [rule for rule in self.rules.among(text) if rule.matches(text)]
        best = max(rules, key=lambda rule: max(map(len, rule.phrases)), default=None)
        found = self.questions[best.name] if best else None
        return found if found and (found.firm or not names_item) else None


def _read(path: Path) -> Iterator[Question]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    shared = {name: value for name, value in data.items() if name != "questions"}
    return (Question.model_validate(shared | entry) for entry in data["questions"])
