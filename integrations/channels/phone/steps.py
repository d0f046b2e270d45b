"""What a call is told next (通话指令): steps in order, without a word of any provider's.

Addresses of later requests (`then`) are paths with a query below the provider's own root. An adapter renders the steps
as its documents: TwiML for Twilio, a dial plan for a SIP switch that fetches the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """Words to be spoken; one short sentence each."""

    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """A recording of our own, by its address."""

    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Speak, and take an answer by keys and, where `speech`, by voice; the answer or the silence goes to `then`.

    `keys` is how many keys end the answer; None where “#” does. `patience` is how long silence may last.
    """

    prompt: tuple[Say | Play, ...]
    then: str
    keys: int | None = 1
    speech: bool = True
    hints: tuple[str, ...] = ()
    patience: int = 6


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring people at these addresses (`client:…`, `sip:…` or a number), all at once; how it ended goes to `then`.

    `answered` hears when one picks up; `record` is where a recording of the talk is reported, None for no recording.
    """

    targets: tuple[str, ...]
    then: str
    answered: str
    seconds: int = 20
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A room where caller, operator and rescue service speak together; the room's end goes to `then`."""

    room: str
    then: str
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait for a person; `waiting` is asked again and again for what the caller hears meanwhile."""

    queue: str
    waiting: str
    then: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the queue: the call goes on where its `Enqueue` said."""


@dataclass(frozen=True, slots=True)
class Record:
    """Take a message after the tone, ended by “#” or silence; its address is reported to `ready` as well."""

    then: str
    ready: str
    longest: int = 180


@dataclass(frozen=True, slots=True)
class Go:
    """Ask for the next steps at an address."""

    then: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


Step = Say | Play | Pause | Ask | Ring | Join | Enqueue | Leave | Record | Go | Hangup
Document = tuple[Step, ...]
