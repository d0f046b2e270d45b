"""A telephone: calls as Twilio makes them — signed, each step posted where the last document said."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from integrations.bootstrap import House
from integrations.web import make_app

SID, TOKEN, NUMBER = "AC" + "0" * 32, "12345", "+864775551234"
CALLER = "+8613900000001"
PUBLIC = "https://hotline.example"


@dataclass
class FakeTwilio:
    """The API as Twilio answers it; `away` and `refuse` make it fail, `lost` takes the call and says nothing of it."""

    calls: list[dict[str, str]] = field(default_factory=list)
    invited: list[dict[str, str]] = field(default_factory=list)
    refuse: bool = False
    lost: int = 0
    asked_for_list: int = 0

    def _refused(self, request: web.Request) -> web.Response | None:
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        if self.refuse:
            return web.json_response({"code": 21211, "message": "Invalid", "status": 400}, status=400)
        return None

    async def create(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        form = await request.post()
        made = {"sid": "CA" + secrets.token_hex(16), "status": "queued", "direction": "outbound-api"}
        made |= {name: str(value) for name, value in form.items()}
        made["events"] = ",".join(str(one) for one in form.getall("StatusCallbackEvent", []))
        self.calls.append(made)
        if self.lost:
            self.lost -= 1
            return web.json_response({"code": 20500, "message": "Internal", "status": 500}, status=500)
        return web.json_response(made, status=201)

    async def list(self, request: web.Request) -> web.Response:
        self.asked_for_list += 1
        found = [call for call in self.calls if call["To"] == request.query.get("To")]
        return web.json_response({"calls": found, "next_page_uri": None, "page": 0, "page_size": 20})

    async def participant(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.invited.append(form | {"room": request.match_info["room"]})
        return web.json_response({"call_sid": "CA" + secrets.token_hex(16), "status": "queued"}, status=201)


@pytest.fixture
async def twilio() -> AsyncIterator[tuple[FakeTwilio, str]]:
    """The fake and its address."""
    fake, app = FakeTwilio(), web.Application()
    root = f"/2010-04-01/Accounts/{SID}"
    app.router.add_post(f"{root}/Calls.json", fake.create)
    app.router.add_get(f"{root}/Calls.json", fake.list)
    app.router.add_post(root + "/Conferences/{room}/Participants.json", fake.participant)
    async with TestServer(app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


@pytest.fixture
def fake(twilio) -> FakeTwilio:
    return twilio[0]


@dataclass
class Told:
    """A document as the caller hears it."""

    xml: str
    tree: ElementTree.Element

    @property
    def said(self) -> str:
        """Everything that is spoken."""
        return "".join(say.text or "" for say in self.tree.iter("Say"))

    @property
    def verbs(self) -> list[str]:
        """The verbs in order."""
        return [verb.tag for verb in self.tree]

    def verb(self, name: str) -> ElementTree.Element:
        """The one verb of a name."""
        (found,) = self.tree.iter(name)
        return found

    @property
    def action(self) -> str:
        """Where the next request goes."""
        (url,) = [verb.get("action") for verb in self.tree if verb.get("action")]
        return url


@dataclass
class Phone:
    """One call."""

    client: TestClient
    caller: str = CALLER
    sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    told: Told | None = None

    async def post(self, url: str, status: int = 200, token: str = TOKEN, **fields: str) -> str:
        """One signed request."""
        form = {"CallSid": self.sid, "AccountSid": SID, "From": self.caller, "To": NUMBER, "Direction": "inbound"}
        form |= {"CallStatus": "in-progress", "ApiVersion": "2010-04-01"} | fields
        whole = url if url.startswith("http") else f"{PUBLIC}/channels/twilio{url}"
        signed = RequestValidator(token).compute_signature(whole, form)
        path = whole.removeprefix(PUBLIC)
        async with self.client.post(path, data=form, headers={"X-Twilio-Signature": signed}) as response:
            text = await response.text()
            assert response.status == status, text
            return text

    async def _hear(self, url: str, **fields: str) -> Told:
        xml = await self.post(url, **fields)
        self.told = Told(xml, ElementTree.fromstring(xml))
        return self.told

    async def dial(self) -> Told:
        """Call the hotline."""
        return await self._hear("/voice", CallStatus="ringing")

    async def say(self, words: str, confidence: str = "0.9") -> Told:
        """Speak."""
        return await self._hear(self.told.action, SpeechResult=words, Confidence=confidence)

    async def press(self, keys: str) -> Told:
        """Press keys."""
        return await self._hear(self.told.action, Digits=keys)

    async def silence(self) -> Told:
        """Say nothing."""
        return await self._hear(self.told.action)

    async def go(self, **fields: str) -> Told:
        """What the provider reports where the last document said."""
        return await self._hear(self.told.action, **fields)

    async def wait(self, **fields: str) -> Told:
        """What is heard in the queue; the document that led there stays the last one."""
        url = self.told.verb("Enqueue").get("waitUrl")
        xml = await self.post(url, QueuePosition="1", QueueTime="5", **fields)
        return Told(xml, ElementTree.fromstring(xml))

    async def hang_up(self, status: str = "completed") -> None:
        """The end."""
        await self.post("/status", status=204, CallStatus=status)

    @property
    def path(self) -> str:
        """The path and query of the next request."""
        parts = urlsplit(self.told.action)
        return f"{parts.path}?{parts.query}"


Dial = Callable[..., Phone]


@pytest.fixture
def settings_of_phone(twilio) -> dict[str, object]:
    """What a house with a telephone is configured with."""
    return {
        "twilio_account_sid": SID,
        "twilio_auth_token": SecretStr(TOKEN),
        "twilio_from": NUMBER,
        "twilio_api_base": twilio[1],
        "public_url": PUBLIC,
    }


@pytest.fixture
def phone_house(house: House, settings_of_phone) -> House:
    """The house with a telephone, nobody at it."""
    return replace(house, settings=house.settings.model_copy(update=settings_of_phone))


@pytest.fixture
async def line(phone_house: House, assets) -> AsyncIterator[Dial]:
    """Makes telephones that call this house; settings may be given."""
    clients = []

    async def make(caller: str = CALLER, **settings: object) -> Phone:
        changed = phone_house.settings.model_copy(update=settings)
        client = TestClient(TestServer(make_app(replace(phone_house, settings=changed), assets)))
        await client.start_server()
        clients.append(client)
        return Phone(client, caller)

    yield make
    for client in clients:
        await client.close()
