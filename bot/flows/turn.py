"""What a flow is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from bot.nlu import Parse
from bot.reply import Action, Choice, Reply
from bot.state import State
from bot.triage import Finding, Heard

Commit = Callable[[Session, datetime], "Outcome"]


@dataclass(frozen=True)
class Turn:
    """One message as understood so far, with the memory of its conversation."""

    conversation_id: UUID
    message_id: UUID
    channel: str
    seq: int
    heard: Heard
    finding: Finding | None
    parse: Parse
    state: State
    redacted: str
    at: datetime

    @property
    def text(self) -> str:
        """The normalised message."""
        return self.heard.text


@dataclass(frozen=True)
class Outcome:
    """What a flow decided: the reply, the new memory, and whether a person takes over.

    `commit` runs in the transaction that stores the reply, so that what it registers and what the citizen is told
    stand or fall together; its outcome replaces this one. It may run again when the turn is done again.
    """

    reply: Reply
    state: State
    hand_off: str | None = None
    commit: Commit | None = None

    def saying(self, before: str = "", after: str = "") -> Outcome:
        """The same outcome with words before or after."""
        text = "\n".join(part for part in (before, self.reply.text, after) if part)
        return replace(self, reply=replace(self.reply, text=text))

    def with_reply(self, **changes: Any) -> Outcome:
        """The same outcome with fields of the reply changed."""
        return replace(self, reply=replace(self.reply, **changes))


def choices(*pairs: tuple[str, str]) -> tuple[Choice, ...]:
    """Quick replies from (label, what it sends) pairs."""
    return tuple(Choice(label, says) for label, says in pairs)


def reply_of(action: Action, text: str, turn: Turn, **fields: Any) -> Reply:
    """A reply that carries what the classifier made of the message."""
    known = {"intent": turn.parse.intent, "confidence": round(turn.parse.confidence, 4)}
    return Reply(action, text, **known | fields)
