"""The client of the language model against a server that behaves, and misbehaves, as Rasa does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.nlu import LONGEST_TEXT, REST_SECONDS, Breaker, Entity, Nlu
from bot.stand_in import StandIn, examples

ANSWER = {
    "text": "东胜区社保局电话",
    "intent": {"name": "ask_contact", "confidence": 0.9},
    "entities": [{"entity": "region", "start": 0, "end": 3, "value": "东胜区", "extractor": "RegexEntityExtractor"}],
    "intent_ranking": [{"name": "ask_contact", "confidence": 0.9}, {"name": "ask_hours", "confidence": 0.05}],
}
EXAMPLES = {
    "greet": ["你好", "您好", "你好呀", "您好啊", "在吗你好"],
    "emergency": ["着火了", "着火了救命", "厨房着火了", "救命着火", "楼上着火了"],
    "ask_fee": ["办护照多少钱", "多少钱", "要多少钱", "[东胜区](region)办证多少钱", "补证多少钱"],
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeRasa:
    """An HTTP server with Rasa's two addresses, whose next answer is set by the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.respond: Callable[[], Awaitable[web.Response]] = self.well

    async def well(self) -> web.Response:
        return web.json_response(ANSWER)

    async def parse(self, request: web.Request) -> web.Response:
        self.asked.append((request.query["token"], (await request.json())["text"]))
        return await self.respond()

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response({}, status=200 if request.query["token"] == "secret" else 401)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    folder = tmp_path / "nlu"
    folder.mkdir()
    for intent, lines in EXAMPLES.items():
        block = "".join(f"      - {line}\n" for line in lines)
        text = f'version: "3.1"\nnlu:\n  - intent: {intent}\n    examples: |\n{block}'
        (folder / f"{intent}.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
async def rasa() -> AsyncIterator[tuple[FakeRasa, str]]:
    fake, app = FakeRasa(), web.Application()
    app.router.add_post("/model/parse", fake.parse)
    app.router.add_get("/status", fake.status)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("/")).rstrip("/")


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def client(http: ClientSession, url: str, training: Path, breaker: Breaker | None = None) -> Nlu:
    return Nlu(http, url, "secret", training, training.parent / "models", breaker)


async def test_rasas_answer_is_read_whole(rasa: Any, http: ClientSession, training: Path) -> None:
    fake, url = rasa
    parse = await client(http, url, training).parse("东胜区社保局电话")
    assert (parse.intent, parse.confidence, parse.by) == ("ask_contact", 0.9, "rasa")
    assert parse.ranking == (("ask_contact", 0.9), ("ask_hours", 0.05))
    assert parse.entities == (Entity("region", "东胜区", 0, 3),)
    assert fake.asked == [("secret", "东胜区社保局电话")]


async def test_a_typed_slash_command_never_reaches_rasa(rasa: Any, http: ClientSession, training: Path) -> None:
    fake, url = rasa
    await client(http, url, training).parse(' / /greet{"region":"x"}')
    assert fake.asked[0][1] == 'greet{"region":"x"}'


async def test_long_text_is_cut(rasa: Any, http: ClientSession, training: Path) -> None:
    fake, url = rasa
    await client(http, url, training).parse("啊" * 5000)
    assert len(fake.asked[0][1]) == LONGEST_TEXT


@pytest.mark.parametrize("text", ["", "   ", "/", " //  "])
async def test_nothing_said_asks_nobody(text: str, rasa: Any, http: ClientSession, training: Path) -> None:
    fake, url = rasa
    parse = await client(http, url, training).parse(text)
    assert (parse.intent, parse.ranking, fake.asked) == (None, (), [])


async def empty() -> web.Response:
    return web.json_response([])


async def broken() -> web.Response:
    return web.Response(status=500, text="boom")


async def refused() -> web.Response:
    return web.json_response({"reason": "NotAuthenticated"}, status=401)


async def not_json() -> web.Response:
    return web.Response(text="{", content_type="application/json")


async def half() -> web.Response:
    return web.json_response({"intent": None, "entities": [], "intent_ranking": []})


@pytest.mark.parametrize("respond", [empty, broken, refused, not_json, half])
async def test_the_stand_in_answers_when_rasa_fails(
    respond: Callable[[], Awaitable[web.Response]], rasa: Any, http: ClientSession, training: Path
) -> None:
    fake, url = rasa
    fake.respond = respond
    parse = await client(http, url, training).parse("厨房着火了快来")
    assert (parse.intent, parse.by) == ("emergency", "stand_in")
    assert parse.ranking[0] == ("emergency", parse.confidence)
    assert fake.asked


async def test_a_hanging_rasa_costs_its_timeout_twice_and_then_nothing(
    rasa: Any, http: ClientSession, training: Path
) -> None:
    fake, url = rasa
    over = asyncio.Event()

    async def hang() -> web.Response:
        await over.wait()
        return web.Response()

    fake.respond = hang
    nlu = client(http, url, training)
    for _ in range(2):
        assert (await nlu.parse("多少钱", timeout=0.1)).by == "stand_in"
    started = time.monotonic()
    assert (await nlu.parse("多少钱", timeout=5)).intent == "ask_fee"
    assert time.monotonic() - started < 1
    assert len(fake.asked) == 2
    over.set()


async def test_a_rasa_that_comes_back_is_found_again(rasa: Any, http: ClientSession, training: Path) -> None:
    fake, url = rasa
    fake.respond, clock = broken, Clock()
    nlu = client(http, url, training, Breaker(clock))
    for _ in range(5):
        await nlu.parse("你好")
    assert len(fake.asked) == 2
    fake.respond = fake.well
    clock.now = REST_SECONDS + 0.1
    assert [(await nlu.parse("你好")).by for _ in range(3)] == ["rasa"] * 3


async def test_a_refused_connection_and_no_address_are_the_same_to_the_citizen(
    http: ClientSession, training: Path
) -> None:
    for url in ("http://127.0.0.1:9", ""):
        nlu = client(http, url, training)
        assert (await nlu.parse("您好")).intent == "greet"
        assert not await nlu.ready()


async def test_ready_needs_the_right_token(rasa: Any, http: ClientSession, training: Path) -> None:
    _, url = rasa
    assert await client(http, url, training).ready()
    assert not await Nlu(http, url, "wrong", training, training.parent).ready()


def test_the_breaker_lets_one_probe_through_each_period() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.now += REST_SECONDS
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.allows() and breaker.allows()


def test_one_failure_between_answers_opens_nothing() -> None:
    breaker = Breaker(Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_the_stand_in_is_trained_once_for_the_same_examples(training: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = StandIn(training, models).ranking("您好啊")
    (kept,) = models.iterdir()
    written = kept.stat().st_mtime_ns
    assert StandIn(training, models).ranking("您好啊") == first
    assert kept.stat().st_mtime_ns == written
    with (training / "greet.yml").open("a", encoding="utf-8") as file:
        file.write("      - 哈喽\n")
    StandIn(training, models).load()
    assert len(list(models.iterdir())) == 2


def test_entity_marks_are_not_part_of_an_example(training: Path) -> None:
    assert ("东胜区办证多少钱", "ask_fee") in set(examples(training))
