"""The caller's end of a call (来电人): what is said and pressed, and how long a prompt takes to speak."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from integrations.simulators.twiml import Verb


class Gone(Exception):
    """The caller hung up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take: characters spoken a second, a share of every silence, the pause between waiting music."""

    characters: float = 5.0
    silences: float = 1.0
    breath: float = 1.0

    def seconds(self, verb: Verb) -> float:
        """How long a prompt is heard."""
        if verb.name == "Pause":
            return self.silence(verb.seconds("length", 1))
        return len(verb.text) / self.characters if verb.name == "Say" else self.breath

    def silence(self, seconds: float) -> float:
        """How long the carrier really waits."""
        return seconds * self.silences


@dataclass
class Caller:
    """What comes from the caller: keys one by one, whole utterances, the end; `typing` means speech has begun."""

    events: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    _gone: bool = False

    def press(self, keys: str) -> None:
        """Press keys."""
        for key in keys:
            self.events.put_nowait(("key", key))

    def say(self, words: str) -> None:
        """Speak."""
        self.events.put_nowait(("words", words))

    def typing(self) -> None:
        """Speech has begun, so the silence is over."""
        self.events.put_nowait(("typing", ""))

    def hang_up(self) -> None:
        """The end."""
        self._gone = True
        self.events.put_nowait(("gone", ""))

    async def listen(self, seconds: float, *, hears: bool) -> tuple[str, str] | None:
        """The next thing within so many seconds; where nobody `hears`, only the end counts."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self._gone:
            try:
                event = await asyncio.wait_for(self.events.get(), max(until - loop.time(), 0.001))
            except TimeoutError:
                return None
            if event[0] == "gone":
                break
            if hears:
                return event
        raise Gone

    async def gather(
        self, prompt: float, silence: float, *, speech: bool, keys: bool, most: int, finish: str
    ) -> dict[str, str]:
        """What a Gather hears while its prompt is spoken and until a silence: digits up to `most` or the finishing
        key, or words; nothing after silence."""
        patience = prompt + silence
        digits = ""
        while (event := await self.listen(patience, hears=True)) is not None:
            kind, value = event
            if kind == "words" and speech and not digits:
                return {"SpeechResult": value}
            if kind == "key" and keys:
                if value in finish and finish:
                    return {"Digits": digits, "FinishedOnKey": value} if digits else {}
                digits += value
                if most and len(digits) >= most:
                    return {"Digits": digits}
                patience = silence
        return {"Digits": digits} if digits else {}

    async def record(self, longest: float, quiet: float, finish: str) -> tuple[str, str]:
        """What is said after the tone, until a key of `finish` or a silence; and that key."""
        said, until = "", asyncio.get_running_loop().time() + longest
        while (left := until - asyncio.get_running_loop().time()) > 0:
            event = await self.listen(min(left, quiet), hears=True)
            if event is None:
                break
            if event[0] == "key" and event[1] in finish:
                return said, event[1]
            said += event[1] if event[0] == "words" else ""
        return said, ""
