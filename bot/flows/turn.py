"""What a flow is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from bot.nlu import Parse
from bot.openings import InForm, Opening
from bot.reply import Action, Choice, Reply
from bot.state import State
from bot.triage import Finding, Heard
from routing.language.redaction import redact
from ticketing.desk_rules import ANYBODY, Need
from ticketing.public_notices import NoticeView

Commit = Callable[[Session, datetime], "Outcome"]


@dataclass(frozen=True)
class Turn:
    """One message as understood so far, with the memory of its conversation; `parts` if it may be several matters.

    `attached` says that files came with it, `wordless` that nothing else did.
    """

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
    parts: tuple[Turn, ...] = ()
    notices: tuple[NoticeView, ...] = ()
    opening: Opening | None = None
    attached: bool = False
    wordless: bool = False

    @property
    def text(self) -> str:
        """The normalised message."""
        return self.heard.text

    def does(self, to_form: InForm, least: float = 0.6) -> bool:
        """Whether the message, while a form is open, sounds like doing this to it."""
        return self.opening is not None and self.opening.in_form.get(to_form, 0.0) >= least

    def saying(self, text: str, parse: Parse) -> Turn:
        """The same turn with other words, as parsed."""
        return replace(self, heard=replace(self.heard, text=text), redacted=redact(text).text, parse=parse, parts=())

    def remembering(self, **changes: Any) -> Turn:
        """The same turn with some things of its memory changed."""
        return replace(self, state=self.state.but(**changes))


@dataclass(frozen=True)
class Outcome:
    """What a flow decided: the reply, the new memory, and whether a person takes over (`need` says who can).

    `commit` runs in the transaction that stores the reply, so that what it registers and what the citizen is told
    stand or fall together; its outcome replaces this one. It may run again when the turn is done again.
    """

    reply: Reply
    state: State
    hand_off: str | None = None
    commit: Commit | None = None
    need: Need = ANYBODY

    def saying(self, before: str = "", after: str = "") -> Outcome:
        """The same outcome with words before or after."""

        def say(outcome: Outcome) -> Outcome:
            text = "\n".join(part for part in (before, outcome.reply.text, after) if part)
            return replace(outcome, reply=replace(outcome.reply, text=text))

        return self._changed(say)

    def with_reply(self, **changes: Any) -> Outcome:
        """The same outcome with fields of the reply changed."""
        return self._changed(lambda outcome: replace(outcome, reply=replace(outcome.reply, **changes)))

    def with_state(self, **changes: Any) -> Outcome:
        """The same outcome, remembering some things otherwise."""
        return self._changed(lambda outcome: replace(outcome, state=outcome.state.but(**changes)))

    def also(self, commit: Commit | None) -> Outcome:
        """The same outcome that does one more thing in its transaction."""
        if commit is None:
            return self
        own, plain = self.commit, replace(self, commit=None)

        def both(session: Session, now: datetime) -> Outcome:
            done = own(session, now) if own else plain
            commit(session, now)
            return done

        return replace(self, commit=both)

    def _changed(self, change: Callable[[Outcome], Outcome]) -> Outcome:
        """Change this outcome and the one that `commit` will put in its place."""
        changed, own = change(replace(self, commit=None)), self.commit
        if own is None:
            return changed
        return replace(changed, commit=lambda session, now: change(own(session, now)))


def choices(*pairs: tuple[str, str]) -> tuple[Choice, ...]:
    """Quick replies from (label, what it sends) pairs."""
    return tuple(Choice(label, says) for label, says in pairs)


def reply_of(action: Action, text: str, turn: Turn, **fields: Any) -> Reply:
    """A reply that carries what the classifier made of the message."""
    known = {"intent": turn.parse.intent, "confidence": round(turn.parse.confidence, 4)}
    return Reply(action, text, **known | fields)
