"""The client of the language model (意图识别): asks Rasa's /model/parse, and a light stand-in when Rasa is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.stand_in import StandIn

_log = logging.getLogger(__name__)

LONGEST_TEXT = 1000
FAILURES_BEFORE_REST = 2
REST_SECONDS = 4.0
PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Entity:
    """Something named in the text (实体): region, department, ticket_no or phone."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parse:
    """What a message seems to mean; `ranking` is best first, `by` says who read it."""

    intent: str | None
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[Entity, ...]
    by: Literal["rasa", "stand_in"]

    @classmethod
    def of_rasa(cls, answer: Any) -> Self:
        """Read Rasa's answer; ValueError for anything else (when Rasa fails inside, it answers 200 and `[]`)."""
        try:
            intent = answer["intent"]
            ranking = tuple((str(each["name"]), float(each["confidence"])) for each in answer["intent_ranking"])
            entities = tuple(_entity(each) for each in answer["entities"])
            return cls(intent["name"], float(intent["confidence"]), ranking, entities, "rasa")
        except (KeyError, TypeError) as error:
            raise ValueError("not an answer of /model/parse") from error


class Breaker:
    """Keeps a dead server from costing every turn its timeout: after two failures it is left alone, then probed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._failures = 0
        self._probe_at = 0.0

    def allows(self) -> bool:
        """Say whether to try now; while resting, one caller in each period is let through as the probe."""
        if self._failures < FAILURES_BEFORE_REST:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self._probe_at = now + REST_SECONDS
        return True

    def succeeded(self) -> None:
        """Note an answer."""
        self._failures = 0

    def failed(self) -> None:
        """Note a failure."""
        self._failures += 1
        self._probe_at = self._clock() + REST_SECONDS


class Nlu:
    """Reads messages. `url` is Rasa's address or empty; `training` and `models` are the stand-in's folders."""

    def __init__(
        self, http: ClientSession, url: str, token: str, training: Path, models: Path, breaker: Breaker | None = None
    ):
        self._http, self._url, self._token = http, url.rstrip("/"), token
        self._stand_in = StandIn(training, models)
        self._breaker = breaker or Breaker()

    async def parse(self, text: str, *, timeout: float = 1.5) -> Parse:
        """Read one message, already normalised and redacted; this never fails for want of Rasa."""
        text = _harmless(text)
        if not text:
            return Parse(None, 0.0, (), (), "stand_in")
        if self._url and self._breaker.allows():
            try:
                answer = await self._ask_rasa(text, timeout)
            except (ClientError, TimeoutError, ValueError) as error:
                self._breaker.failed()
                _log.warning("the language model is away: %s", type(error).__name__)
            else:
                self._breaker.succeeded()
                return answer
        return await self._read_ourselves(text)

    def load(self) -> None:
        """Load the stand-in now, so that it can answer at once when Rasa goes away."""
        self._stand_in.load()

    async def ready(self) -> bool:
        """Say whether Rasa itself answers with a model loaded."""
        if not self._url:
            return False
        try:
            async with self._http.get(
                f"{self._url}/status", params={"token": self._token}, timeout=ClientTimeout(total=PROBE_SECONDS)
            ) as response:
                return response.status == 200
        except (ClientError, TimeoutError):
            return False

    async def _ask_rasa(self, text: str, timeout: float) -> Parse:
        async with self._http.post(
            f"{self._url}/model/parse",
            params={"token": self._token},
            json={"text": text},
            timeout=ClientTimeout(total=timeout),
        ) as response:
            response.raise_for_status()
            return Parse.of_rasa(await response.json())

    async def _read_ourselves(self, text: str) -> Parse:
        if not self._stand_in.loaded:
            await asyncio.to_thread(self._stand_in.load)
        ranking = self._stand_in.ranking(text)
        intent, confidence = ranking[0]
        return Parse(intent, confidence, ranking, (), "stand_in")


def _harmless(text: str) -> str:
    """Cut to length and drop leading slashes: Rasa would obey `/intent{"slot": …}` typed by a citizen."""
    return text.lstrip("/ \t\r\n")[:LONGEST_TEXT].strip()


def _entity(found: Mapping[str, Any]) -> Entity:
    return Entity(str(found["entity"]), str(found["value"]), int(found["start"]), int(found["end"]))
