"""What the bot says back: one channel-neutral value that every adapter renders its own way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What a turn did, in the words of the command contract."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    TICKET = "ticket"
    STATUS = "status"
    HUMAN = "human"
    EMERGENCY = "emergency"
    SMALLTALK = "smalltalk"
    NOT_ACCEPTED = "not_accepted"
    OUT_OF_SCOPE = "out_of_scope"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a sentence comes from: a guide's cell, the law or department behind it, and when it was reviewed."""

    item: str
    element: str
    region: str
    cites: str
    reviewed: str
    title: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A quick reply: what the button shows and what it sends."""

    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one message. `emergency` is a number to call; `ticket_no` is set once a ticket exists."""

    action: Action
    text: str
    intent: str | None = None
    item: str | None = None
    element: str | None = None
    confidence: float = 0.0
    offered: tuple[str, ...] = ()
    emergency: str | None = None
    kind: str | None = None
    sources: tuple[Source, ...] = ()
    ticket_no: str | None = None
    choices: tuple[Choice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The stored form: plain JSON values only."""
        return _fields(self) | {
            "action": self.action.value,
            "sources": [_fields(source) for source in self.sources],
            "choices": [_fields(choice) for choice in self.choices],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reply:
        """The reply that `to_json` stored."""
        return cls(
            **data
            | {
                "action": Action(data["action"]),
                "offered": tuple(data["offered"]),
                "sources": tuple(Source(**source) for source in data["sources"]),
                "choices": tuple(Choice(**choice) for choice in data["choices"]),
            }
        )


def _fields(value: Source | Choice | Reply) -> dict[str, Any]:
    """The fields as they are; `asdict` would copy every one of them deeply."""
    return {name: getattr(value, name) for name in value.__slots__}
