"""What the script of a call works with (通话环境): the line's port, what was heard, what comes next, its memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.triage import Alarm, Finding, hear
from integrations.bootstrap import House
from integrations.channels.phone.speech import spoken
from integrations.channels.phone.steps import Document, Say
from ticketing.calls import CallView
from ticketing.citizens import read_phone
from ticketing.conversations import Inbound
from ticketing.errors import Invalid

CHANNEL = "phone"
PERSON = "0"
MOST_HEARD = 1000
_MISHEARD = 0.35
_KEYS = re.compile(r"[0-9*#]{0,32}")


class Stage(StrEnum):
    """Where a call stands: what the next request answers."""

    START = "start"
    TALK = "talk"
    NUMBER = "number"
    CODE = "code"
    RINGING = "ringing"
    QUEUE = "queue"
    OFFER = "offer"
    VOICEMAIL = "voicemail"
    RESCUE = "rescue"
    SURVEY = "survey"
    OVER = "over"
    ROBOT = "robot"
    CONTACTED = "contacted"
    RESOLVED = "resolved"
    RATING = "rating"
    REASON = "reason"


class Memory(BaseModel):
    """What the script remembers of a call: misses in a row, what keys mean, what is left to be told, answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    misses: int = 0
    keys: dict[str, str] = {}
    many: bool = False
    portions: tuple[tuple[str, ...], ...] = ()
    told: int = 0
    text: str = ""
    answered: bool = False
    refused_recording: bool = False
    number: str = ""
    rings: int = 0
    wants: str = ""
    answers: dict[str, int] = {}

    def but(self, **changes: Any) -> Self:
        """The same memory with some things changed."""
        return self.model_copy(update=changes)

    @classmethod
    def of(cls, call: CallView) -> Self:
        """What a call remembers; that of an older release is forgotten."""
        try:
            return cls.model_validate(dict(call.memory))
        except ValidationError:
            return cls()


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: keys, words, or how a ring, a wait or a recording ended; `machine` when no human answered."""

    keys: str = ""
    words: str = ""
    confidence: float | None = None
    result: str = ""
    recording: str = ""
    seconds: int = 0
    machine: bool = False

    @property
    def silent(self) -> bool:
        """Whether nothing usable came: silence, or words the recogniser itself does not believe."""
        doubtful = self.confidence is not None and 0 < self.confidence < _MISHEARD
        return not self.pressed and (not self.words.strip() or doubtful)

    @property
    def pressed(self) -> str:
        """The keys without the one that ends them."""
        return self.keys.strip("#") if _KEYS.fullmatch(self.keys) else ""


@dataclass(frozen=True)
class Next:
    """What a call is told, where it stands then, and what it remembers."""

    document: Document
    stage: Stage
    memory: Memory

    def after(self, said: tuple[Say, ...]) -> Self:
        """The same with words before."""
        return replace(self, document=said + self.document)


class Line(Protocol):
    """The telephone port: what the script asks of a provider beside documents."""

    @property
    def dials(self) -> bool:
        """Whether people can be rung into a room."""

    async def invite(self, room: str, target: str, label: str) -> bool:
        """Ring somebody into a room; False when that failed."""


@dataclass(frozen=True)
class Talk:
    """One step of a call: the house, the line, the call as it is, and the moment."""

    house: House
    line: Line
    call: CallView
    now: Callable[[], datetime]

    @property
    def memory(self) -> Memory:
        """What the call remembers."""
        return Memory.of(self.call)

    @property
    def root(self) -> str:
        """Which script goes on: that of a caller or that of the robot."""
        return "/robot" if self.call.outbound else "/voice"

    @property
    def then(self) -> str:
        """Where the answer to what is told now comes to."""
        return f"{self.root}/step?call={self.call.id}&n={self.call.step + 1}"

    def path(self, name: str) -> str:
        """An address of this call that is no step."""
        return f"/voice/{name}?call={self.call.id}"

    @property
    def phone(self) -> str | None:
        """The caller's number as a citizen's; None for a hidden or a foreign one."""
        try:
            return read_phone(self.call.address)
        except Invalid:
            return None

    @property
    def address(self) -> str:
        """Whose conversation it is: the number's; a hidden number has one a call."""
        return self.phone or f"anonymous:{self.call.id}"

    def inbound(self, words: str) -> Inbound:
        """Words of the caller as a message; the step keeps it single."""
        call, city = self.call, self.house.city.code
        return Inbound(CHANNEL, self.address, words, f"{call.id}:{call.step}", city, {"call": str(call.id)})

    @property
    def record(self) -> str | None:
        """Where recordings are reported; None where nothing is recorded."""
        wanted = self.house.settings.phone_record and not self.memory.refused_recording
        return self.path("recording") if wanted else None

    def say(self, reply: str, *, variant: int = 0, **blanks: object) -> tuple[Say, ...]:
        """Words of `phone.yml` as sentences."""
        return self.speak(self.house.replies.text(f"phone.{reply}", variant=variant, **blanks))

    def speak(self, text: str) -> tuple[Say, ...]:
        """Any words as sentences for the ear."""
        return tuple(Say(sentence) for sentence in spoken(text, self.house.replies.group("phone.instead")))

    def word(self, reply: str, **blanks: object) -> str:
        """Words of `phone.yml` as they are written."""
        return self.house.replies.text(f"phone.{reply}", **blanks)

    def wants_person(self, heard: Heard) -> bool:
        """0 or “人工”, at every prompt."""
        return heard.pressed == PERSON or self._found(heard.words, Alarm.HUMAN) is not None

    def danger(self, words: str) -> Finding | None:
        """The emergency these words tell of, if they do; it comes before whatever was asked."""
        return self._found(words, Alarm.EMERGENCY)

    def _found(self, words: str, alarm: Alarm) -> Finding | None:
        finding = self.house.bot.triage.look(hear(words)) if words.strip() else None
        return finding if finding is not None and finding.alarm is alarm else None


def room_targets(listed: str, username: str | None = None) -> tuple[str, ...]:
    """Where operators are rung: at the addresses of the person who took the call, else at those of nobody's own."""
    targets = [part.strip() for part in listed.split(",") if part.strip()]
    if username is not None and (own := [one for one in targets if "{username}" in one]):
        return tuple(one.replace("{username}", username) for one in own)
    return tuple(one for one in targets if "{" not in one)
