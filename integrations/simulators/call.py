"""One call (一通电话): walks the documents the house serves as Twilio does, until one side hangs up."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urljoin

from integrations.simulators.hearing import Caller, Gone, Pace
from integrations.simulators.twiml import BadDocument, Verb, read

_MOST_DOCUMENTS = 500
_SPOKEN = 4  # characters a second


class Exchange(Protocol):
    """What a call asks of its carrier."""

    async def webhook(self, call: Call, url: str, fields: dict[str, str]) -> str:
        """Post to the house; the document it answers."""

    def report(self, call: Call, url: str, fields: dict[str, str]) -> None:
        """Post a status callback, beside the call."""

    async def ring(self, call: Call, dial: Verb) -> dict[str, str]:
        """Ring the targets of a Dial; how it ended."""

    def recording(self, sid: str) -> str:
        """Where a recording is."""


class Failed(Exception):
    """A document could not be had or read; `code` is Twilio's own."""

    def __init__(self, code: int, url: str) -> None:
        super().__init__(f"{code} {url}")
        self.code, self.url = code, url


@dataclass(frozen=True, slots=True)
class Go:
    """The next document: where, and what is told there."""

    url: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """The state of a call; `log` hears everything that is said and done."""

    exchange: Exchange
    caller: str
    called: str
    log: Callable[..., None]
    now: Callable[[], datetime]
    pace: Pace
    outbound: bool = False
    fallback: str = ""
    answered_by: str = ""
    sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    status: str = "queued"
    url: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    hearing: Caller = field(default_factory=Caller)
    _leaving: bool = False
    _documents: int = 0

    async def talk(self, first: str) -> None:
        """From the first document to the end."""
        going: Go | None = Go(first)
        try:
            while going is not None:
                going = await self._next(going)
            self.status = "completed"
        except Gone:
            self.status = "completed"
        except Failed as error:
            self.log("failed", f"{error.code}", url=error.url)
            self.status = "failed"
        self.ended = self.now()

    async def _next(self, going: Go) -> Go | None:
        """Play one document; where the call goes then."""
        try:
            verbs = await self._fetch(going)
        except Failed as error:
            if not self.fallback or going.url == self.fallback:
                raise
            self.log("fallback", str(error.code), url=error.url)
            return Go(self.fallback, {"ErrorCode": str(error.code), "ErrorUrl": error.url})
        return await self._play(verbs)

    async def _fetch(self, going: Go) -> tuple[Verb, ...]:
        self._documents += 1
        if self._documents > _MOST_DOCUMENTS:
            raise Failed(12300, going.url)
        self.url = urljoin(self.url, going.url)
        body = await self.exchange.webhook(self, self.url, going.fields)
        try:
            verbs = read(body)
        except BadDocument as error:
            raise Failed(error.code, self.url) from error
        self.log("document", body, url=self.url)
        return verbs

    async def _play(self, verbs: tuple[Verb, ...]) -> Go | None:
        for verb in verbs:
            if verb.name in {"Hangup", "Reject"}:
                return None
            going = await self._do(verb)
            if going is not None:
                return going
        return None

    async def _do(self, verb: Verb) -> Go | None:
        match verb.name:
            case "Say" | "Play" | "Pause":
                await self._speak(verb)
            case "Redirect":
                return Go(verb.text)
            case "Gather":
                return await self._gather(verb)
            case "Record":
                return await self._record(verb)
            case "Dial":
                return await self._dial(verb)
            case "Enqueue":
                return await self._wait(verb)
            case "Leave":
                self._leaving = True
        return None

    async def _speak(self, verb: Verb) -> None:
        """A prompt; keys pressed meanwhile are lost unless it stands in a Gather, as on a real line."""
        self.log(verb.name.lower(), verb.text)
        await self.hearing.listen(self.pace.seconds(verb), hears=False)

    async def _gather(self, verb: Verb) -> Go | None:
        kinds = verb.option("input", "dtmf").split()
        spoken = sum(self.pace.seconds(inner) for inner in verb.inside)
        for inner in verb.inside:
            self.log(inner.name.lower(), inner.text)
        self.log("listening", " ".join(kinds), keys=verb.option("numDigits"), finish=verb.option("finishOnKey", "#"))
        heard = await self.hearing.gather(
            spoken, self.pace.silence(verb.seconds("timeout", 5)), speech="speech" in kinds, keys="dtmf" in kinds,
            most=verb.seconds("numDigits", 0), finish=verb.option("finishOnKey", "#"),
        )  # fmt: skip
        if not heard and not verb.whether("actionOnEmptyResult"):
            return None
        if "SpeechResult" in heard:
            heard |= {"Confidence": "0.92", "Language": verb.option("language", "en-US")}
        return Go(verb.option("action", self.url), heard)

    async def _record(self, verb: Verb) -> Go:
        self.log("recording", "")
        longest, quiet = verb.seconds("maxLength", 3600), verb.seconds("timeout", 5)
        said, key = await self.hearing.record(
            self.pace.silence(longest), self.pace.silence(quiet), verb.option("finishOnKey", "1234567890*#")
        )
        sid, seconds = "RE" + secrets.token_hex(16), min(longest, math.ceil(len(said) / _SPOKEN))
        told = {"RecordingUrl": self.exchange.recording(sid), "RecordingDuration": str(seconds), "RecordingSid": sid}
        self.log("recorded", said, recording=sid)
        if report := verb.option("recordingStatusCallback"):
            self.exchange.report(self, urljoin(self.url, report), told | {"RecordingStatus": "completed"})
        return Go(verb.option("action", self.url), told | {"Digits": key})

    async def _dial(self, verb: Verb) -> Go | None:
        ended = await self.exchange.ring(self, verb)
        return Go(verb.option("action"), ended) if verb.option("action") else None

    async def _wait(self, verb: Verb) -> Go | None:
        """The queue: its document is asked for again and again until it says to leave."""
        self._leaving, entered = False, self.now()
        self.log("queued", verb.text)
        while not self._leaving:
            waited = str(int((self.now() - entered).total_seconds()))
            place = {"QueuePosition": "1", "QueueTime": waited, "AvgQueueTime": "0", "CurrentQueueSize": "1"}
            going: Go | None = Go(verb.option("waitUrl"), place)
            while going is not None and not self._leaving:
                going = await self._in_queue(going)
            await self.hearing.listen(self.pace.breath, hears=False)
        left = {"QueueResult": "leave", "QueueTime": str(int((self.now() - entered).total_seconds()))}
        return Go(verb.option("action"), left) if verb.option("action") else None

    async def _in_queue(self, going: Go) -> Go | None:
        verbs = await self._fetch(going)
        for verb in verbs:
            if verb.name == "Hangup":
                raise Gone
            if verb.name not in {"Say", "Play", "Pause", "Gather", "Redirect", "Leave"}:
                raise Failed(12200, self.url)
            following = await self._do(verb)
            if following is not None or self._leaving:
                return following
        return None
