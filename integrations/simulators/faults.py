"""What goes wrong on the way (故障): seeded, so that a schedule that broke something comes again.

A delivery is *retried* when its answer is lost, *doubled* when it is sent twice at once, *delayed*, *dropped* on the
way there, or overtaken by a later one (*reordered*). Each is a share between 0 and 1.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

NAMES = ("retry", "double", "delay", "drop", "reorder")


class BadFaults(ValueError):
    """A description of faults that names an unknown one, or a share that is none."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each thing goes wrong; `longest` is how many seconds a delay may last."""

    retry: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    reorder: float = 0.0
    longest: float = 3.0

    @classmethod
    def read(cls, text: str) -> Self:
        """“retry=0.2,double=0.1”; the empty text is a perfect line."""
        found: dict[str, float] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            name, _, share = part.partition("=")
            try:
                found[name.strip()] = float(share)
            except ValueError as error:
                raise BadFaults(part) from error
        known = {one.name for one in fields(cls)}
        if not found.keys() <= known or any(not 0 <= found.get(name, 0) <= 1 for name in NAMES):
            raise BadFaults(text)
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending: how long it waits, whether it arrives, whether its answer comes back."""

    wait: float = 0.0
    arrives: bool = True
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt of a schedule, of the message with this index."""

    at: float
    index: int
    attempt: int
    arrives: bool
    answered: bool


class Luck:
    """Draws what happens from one seed."""

    def __init__(self, faults: Faults, seed: int = 0) -> None:
        self.faults, self._random = faults, random.Random(seed)  # noqa: S311 - repeatable, no secret

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def attempt(self) -> Attempt:
        """What becomes of one sending."""
        late = self._random.random() * self.faults.longest if self._happens(self.faults.delay) else 0.0
        arrives = not self._happens(self.faults.drop)
        return Attempt(late, arrives, arrives and not self._happens(self.faults.retry))

    def copies(self) -> int:
        """How often one sending goes out at once."""
        return 2 if self._happens(self.faults.double) else 1

    def overtaken(self) -> bool:
        """Whether the next one goes first."""
        return self._happens(self.faults.reorder)

    def schedule(self, count: int, *, tries: int = 3, after: float = 5.0, apart: float = 1.0) -> Sequence[Sending]:
        """When each of `count` messages is sent, as a provider does that asks again until it is answered."""
        sendings: list[Sending] = []
        for index in range(count):
            start = (index + (1.5 if self.overtaken() else 0.0)) * apart
            sendings += self._sent(index, start, tries, after)
        return sorted(sendings, key=lambda one: (one.at, one.index, one.attempt))

    def _sent(self, index: int, start: float, tries: int, after: float) -> list[Sending]:
        found: list[Sending] = []
        for attempt in range(tries):
            answered = False
            for _ in range(self.copies()):
                luck = self.attempt()
                found.append(Sending(start + attempt * after + luck.wait, index, attempt, luck.arrives, luck.answered))
                answered = answered or luck.answered
            if answered:
                break
        return found
