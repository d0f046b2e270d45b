"""The dispatch catalogue (派单目录): departments, their duties, and the classic confusions decided once."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from routing.language.normalise import normalised


@dataclass(frozen=True, slots=True)
class Department:
    """One of the official duty codes (职责部门)."""

    code: str
    name: str
    short_name: str
    aliases: tuple[str, ...]
    hotline: str
    kind: str


@dataclass(frozen=True, slots=True)
class Duty:
    """An entry of the catalogue: what a department handles, on which basis, what must be asked (要素模板)."""

    code: str
    department: str
    name: str
    words: tuple[str, ...]
    level: str
    assist: tuple[str, ...]
    basis: str
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Words of which at least one of each `every` group, and none of `none`, stand in a text."""

    every: tuple[re.Pattern[str], ...]
    none: re.Pattern[str] | None

    def match(self, text: str) -> tuple[str, ...]:
        """Return the words that fulfil the condition in a normalised text, nothing when it does not hold."""
        found = [pattern.search(text) for pattern in self.every]
        if not all(found) or (self.none and self.none.search(text)):
            return ()
        return tuple(hit.group() for hit in found if hit)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decided confusion (易混定论): under this condition that department leads, for this reason."""

    topic: str
    reason: str
    basis: str
    condition: Condition
    lead: str
    assist: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Catalogue:
    """Everything the router knows without having learnt it, under one version."""

    departments: Mapping[str, Department]
    duties: tuple[Duty, ...]
    decisions: tuple[Decision, ...]
    version: str

    @classmethod
    def load(cls, nlu_data: Path) -> Catalogue:
        """Read and check the catalogue; its version is a hash of its files."""
        folder = nlu_data / "routing"
        files = [nlu_data / "catalogue" / "departments.csv", folder / "confusions.yml"]
        duty_files = sorted((folder / "dispatch").glob("*.yml"))
        departments = {one.code: one for one in _departments(files[0])}
        catalogue = cls(
            departments,
            tuple(duty for path in duty_files for duty in _duties(read_yaml(path))),
            tuple(decision for topic in read_yaml(files[1]) for decision in _decisions(topic)),
            digest([*files, *duty_files]),
        )
        catalogue._check()
        return catalogue

    def _check(self) -> None:
        """Refuse a catalogue that names an unknown department or leaves one without duties."""
        named = {code for duty in self.duties for code in duty.assist}
        named |= {code for decision in self.decisions for code in decision.assist}
        named |= {one.lead for one in self.decisions} | {one.department for one in self.duties}
        unknown = named - set(self.departments)
        idle = set(self.departments) - {duty.department for duty in self.duties}
        if unknown or idle:
            raise ValueError(
                f"dispatch catalogue: unknown departments {sorted(unknown)}, without duties {sorted(idle)}"
            )

    def weighing(self, weights: Sequence[float]) -> Catalogue:
        """Return the same catalogue with other weights of its decisions, in their order."""
        pairs = zip(self.decisions, weights, strict=True)
        return replace(self, decisions=tuple(replace(decision, weight=weight) for decision, weight in pairs))

    def duties_in(self, text: str) -> dict[str, list[tuple[Duty, tuple[str, ...]]]]:
        """Return per department the duties whose typical words stand in a normalised text, most words first."""
        found: dict[str, list[tuple[Duty, tuple[str, ...]]]] = {}
        spoken = dict.fromkeys(self._word_pattern.findall(text))
        for duty in self._duties_of(spoken):
            words = tuple(word for word in duty.words if normalised(word) in spoken)
            found.setdefault(duty.department, []).append((duty, words))
        for entries in found.values():
            entries.sort(key=lambda entry: -sum(map(len, entry[1])))
        return found

    def _duties_of(self, spoken: Iterable[str]) -> list[Duty]:
        chosen = {duty.code: duty for word in spoken for duty in self._by_word[word]}
        return list(chosen.values())

    @cached_property
    def _by_word(self) -> dict[str, list[Duty]]:
        table: dict[str, list[Duty]] = {}
        for duty in self.duties:
            for word in duty.words:
                table.setdefault(normalised(word), []).append(duty)
        return table

    @cached_property
    def _word_pattern(self) -> re.Pattern[str]:
        return any_of(self._by_word)


def condition(every: Iterable[Iterable[str]], none: Iterable[str] = ()) -> Condition:
    """Build a condition from groups of literal words."""
    unwanted = tuple(none)
    return Condition(tuple(any_of(group) for group in every), any_of(unwanted) if unwanted else None)


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of some literal words, the longest first."""
    literal = sorted({normalised(str(word)) for word in words}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, literal)) or r"(?!)")


def read_yaml(path: Path) -> Any:
    """Read one YAML file of the project's own data."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def digest(files: Iterable[Path]) -> str:
    """Return a short hash over names and contents of files."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _departments(path: Path) -> Iterator[Department]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            aliases = tuple(alias for alias in row["aliases"].split("|") if alias)
            yield Department(row["code"], row["name"], row["short_name"], aliases, row["public_hotline"], row["kind"])


def _duties(raw: Any) -> Iterator[Duty]:
    for one in raw["duties"]:
        yield Duty(
            one["code"],
            raw["department"],
            one["name"],
            tuple(map(str, one["words"])),
            one["level"],
            tuple(one["assist"]),
            one["basis"],
            tuple(one["ask"]),
        )


def _decisions(topic: Any) -> Iterator[Decision]:
    for case in topic["cases"]:
        yield Decision(
            topic["topic"],
            topic["reason"],
            topic["basis"],
            condition(case["all"], case.get("none", ())),
            case["lead"],
            tuple(case.get("assist", ())),
            float(case["weight"]),
        )
