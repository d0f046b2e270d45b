"""A city's rules of the queue for people (坐席排队规则): groups, languages, how long things may take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Language:
    """A language (语种): how citizens ask for it, and the letters it is written in."""

    name: str
    words: tuple[str, ...]
    script: tuple[int, int] | None

    def heard_in(self, text: str) -> bool:
        """Whether the text is written in it or asks for it."""
        if any(word in text for word in self.words):
            return True
        return self.script is not None and any(self.script[0] <= ord(letter) <= self.script[1] for letter in text)


@dataclass(frozen=True, slots=True)
class Need:
    """Who may take a conversation: a group (业务组) and a language; None for anybody."""

    skill: str | None = None
    language: str | None = None


ANYBODY = Need()


@dataclass(frozen=True, slots=True)
class DeskRules:
    """The rules of one city: `groups` by code, `group_of` by department; `exits` are ways out of the queue, as said."""

    groups: Mapping[str, str]
    group_words: Mapping[str, tuple[str, ...]]
    group_of: Mapping[str, str]
    languages: Mapping[str, Language]
    offer: timedelta
    chats: int
    screen: timedelta
    overflow: timedelta
    choice: timedelta
    absent: timedelta
    handling: timedelta
    return_call: timedelta
    exits: Mapping[str, frozenset[str]]

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The rules as `desk.yml` gives them."""
        groups = data["groups"]
        return cls(
            groups={code: row["name"] for code, row in groups.items()},
            group_words={code: tuple(row["words"]) for code, row in groups.items()},
            group_of={department: code for code, row in groups.items() for department in row["departments"]},
            languages={code: _language(row) for code, row in data["languages"].items()},
            chats=int(data["chats"]),
            return_call=timedelta(hours=data["return_call_hours"]),
            exits={way: frozenset(words) for way, words in data["exits"].items()},
            **{name: timedelta(seconds=data[f"{name}_seconds"]) for name in _SECONDS},
        )

    @property
    def names(self) -> Mapping[str, str]:
        """Every skill by code, the languages last."""
        return {**self.groups, **{code: language.name for code, language in self.languages.items()}}

    def need(self, department: str | None, words: str) -> Need:
        """What the citizen's own words ask for, else what the department of their item asks for."""
        language = next((code for code, spoken in self.languages.items() if spoken.heard_in(words)), None)
        wished = next((code for code, said in self.group_words.items() if any(word in words for word in said)), None)
        return Need(wished or self.group_of.get(department or ""), language)


_SECONDS = ("offer", "screen", "overflow", "choice", "absent", "handling")


def _language(row: Mapping[str, Any]) -> Language:
    first, _, last = str(row.get("script", "")).partition("-")
    return Language(row["name"], tuple(row["words"]), (int(first, 16), int(last, 16)) if first else None)
