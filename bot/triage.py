"""Before anything else (先分诊): emergencies, a person, hostile or endless input. Pure and linear in the message.

The words are in `nlu_data/dictionaries/triage.yml`. An emergency counts when it is happening: clauses about the past,
about paperwork or about a mere worry are left to the flows, and so are long letters, unless they say “现在” or “快来”.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import yaml

from bot.clauses import clauses
from bot.leaning import Group as Leans
from bot.openings import Opening
from bot.phrases import Group, Rule, Rules, any_of, eraser, present, words
from routing.language.normalise import normalised

MESSAGE_CAP = 1_000
MESSAGE_LIMIT = 20_000
# How much an opening alarms: by itself; too little for what a list or the intent model suspects.
ALARM, UNLIKELY, FALSE_ALARM = 0.15, -0.4, -1.3
FORGIVEN = 0.08  # the share of emergencies below which a listed one may be a false alarm
CERTAIN = 0.5  # where words speak of the past, of paperwork or of a mere worry
NOT_FOR_US = 0.1  # a person is wanted, but hardly one of the hotline's
_BRACED = re.compile(r"^/+\s*[a-z_]+\s*(?:\{[^{}]*\}?)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message made safe to read: normalised, capped, without command syntax or stacked marks."""

    text: str
    whole: str
    cut: bool = False
    refused: bool = False


class Alarm(StrEnum):
    """What triage found."""

    EMERGENCY = "emergency"
    HUMAN = "human"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class Finding:
    """What triage found; of an emergency also its name and the number to call."""

    alarm: Alarm
    name: str = ""
    number: str | None = None


def hear(raw: str) -> Heard:
    """Make a raw message safe: of 20,000 characters (all that is stored) it is refused, over 1,000 it is cut."""
    if len(raw) >= MESSAGE_LIMIT:
        return Heard("", "", refused=True)
    whole = _BRACED.sub("", _flatten(normalised(raw)))
    return Heard(whole[:MESSAGE_CAP], whole, cut=len(whole) > MESSAGE_CAP)


def _flatten(text: str) -> str:
    """Drop combining marks (zalgo); Chinese and Latin text needs none of them after NFKC."""
    if text.isascii():
        return text.strip()
    return "".join(c for c in text if unicodedata.category(c) not in {"Mn", "Me"}).strip()


@dataclass(frozen=True)
class Triage:
    """The word lists, and the two questions asked of them."""

    figures: re.Pattern[str]
    letter: int
    past: Group
    now: Group
    paper: Group
    hypothetical: Group
    not_hypothetical: re.Pattern[str]
    negation: Group
    emergencies: Rules
    hints: tuple[tuple[str, Group], ...]
    human: Rule
    human_exact: frozenset[str]
    human_word: str
    human_longest: int
    injection: Group

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read the word lists of `dictionaries/triage.yml`."""
        data: dict[str, Any] = yaml.safe_load((nlu_data / "dictionaries" / "triage.yml").read_text(encoding="utf-8"))
        human = data["human"]
        return cls(
            figures=eraser(words(data["figures"])),
            letter=int(data["letter"]),
            past=words(data["past"]),
            now=words(data["now"]),
            paper=words(data["paper"]),
            hypothetical=words(data["hypothetical"]),
            not_hypothetical=eraser(words(data["not_hypothetical"])),
            negation=words(data["negation"]),
            emergencies=Rules(Rule.parse(entry) for entry in data["emergencies"]),
            hints=tuple((str(number), words(group)) for number, group in data["hints"].items()),
            human=Rule.parse({"name": "human", "any": human["any"], "unless": human["unless"]}),
            human_exact=frozenset(words(human["exact"])),
            human_word=str(human["word"]),
            human_longest=int(human["longest"]),
            injection=words(data["injection"]),
        )

    def look(self, heard: Heard, opening: Opening | None = None) -> Finding | None:
        """What comes before any flow, the most urgent first; `opening` hears what no list knows. None: ordinary."""
        emergency = self._emergency(heard.whole)
        if emergency and not (opening and self._false_alarm(heard, opening)):
            return Finding(Alarm.EMERGENCY, emergency.name, emergency.number)
        if opening and opening.alarm > ALARM and (learned := self.suspected(heard, opening)):
            return learned
        if any_of(self.injection, heard.whole.lower()):
            return Finding(Alarm.INJECTION)
        return Finding(Alarm.HUMAN) if self._wants_person(heard.text, opening) else None

    def suspected(self, heard: Heard, opening: Opening | None = None) -> Finding | None:
        """An emergency that no list knows, if it is happening: the number that was learned or that words hint at."""
        text = self.figures.sub("·", heard.text)
        if self._doubtful(heard) and not (opening and opening.alarm > CERTAIN):
            return None
        if opening and opening.alarm < UNLIKELY:
            return None
        hinted = next((number for number, group in self.hints if any_of(group, text)), "110")
        number = opening.number if opening else hinted
        return Finding(Alarm.EMERGENCY, f"suspected_{number}", number)

    def _false_alarm(self, heard: Heard, opening: Opening) -> bool:
        """Whether an emergency by its words hardly sounds like one (“燃气灶打不着火，不是漏气”)."""
        if self._doubtful(heard):
            return opening.alarm < UNLIKELY
        return opening.alarm < FALSE_ALARM and opening.shares.get(Leans.EMERGENCY, 0.0) < FORGIVEN

    def _doubtful(self, heard: Heard) -> bool:
        """Whether the words speak of the past, of paperwork or of a mere worry."""
        text = self.figures.sub("·", heard.text)
        return any_of(self.past, text) or any_of(self.paper, text) or self._worry(text)

    def _emergency(self, text: str) -> Rule | None:
        literal = self.figures.sub("·", text)
        rules = self.emergencies.among(literal)
        if not rules:
            return None
        told = clauses(literal)
        paperwork = any_of(self.paper, literal) or len(literal) > self.letter
        alone = {rule.name for part in told if not self._over(part, paperwork) for rule in self._sounding(rules, part)}
        # Two clauses may share one event (我爸突然倒地，叫不醒); “现在” in one leaves the other's past in the past.
        pairs = [
            f"{first},{second}"
            for first, second in pairwise(told)
            if not (self._over(first, paperwork) or self._over(second, paperwork))
        ]
        together = {rule.name for pair in pairs for rule in self._sounding(rules, pair)}
        return next((rule for rule in rules if rule.name in alone | together), None)

    def _over(self, part: str, paperwork: bool) -> bool:
        """Whether the clause tells of the past, or stands in paperwork or a long letter, and names no present."""
        return (paperwork or any_of(self.past, part)) and not any_of(self.now, part)

    def _sounding(self, rules: list[Rule], part: str) -> list[Rule]:
        """The rules that sound in this part of the message, unless it is a mere worry."""
        matching = [rule for rule in rules if rule.matches(part, self.negation)]
        return [] if not matching or self._worry(part) else matching

    def _worry(self, part: str) -> bool:
        """Whether the part only fears or imagines (担心着火, 万一) what it names."""
        return bool(present(self.hypothetical, self.not_hypothetical.sub("·", part)))

    def _wants_person(self, text: str, opening: Opening | None) -> bool:
        bare = text.strip(" 。.!！?？,，~")
        if bare in self.human_exact:
            return True
        if len(text) > self.human_longest or any_of(self.human.unless, text):
            return False
        if opening and opening.shares.get(Leans.HANDOFF, 0.0) < NOT_FOR_US:
            return False  # “能不能来个人把狗抓走”
        return self.human_word in text or self.human.matches(text)
