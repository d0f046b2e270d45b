"""The phone carrier (电话运营商): its lines, signed webhooks, status callbacks, and who is rung."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin

from twilio.request_validator import RequestValidator

from integrations.simulators.account import Account
from integrations.simulators.call import Call, Failed
from integrations.simulators.courier import Courier, Parcel
from integrations.simulators.hearing import Gone, Pace
from integrations.simulators.journal import Journal
from integrations.simulators.twiml import Verb

PANE = "phone"
ROOT = "/channels/twilio"
_WEBHOOK_SECONDS = 15.0
_TRIES = 2  # a webhook that got no answer is asked once more, as an override of connections makes Twilio do
_STATUS_TRIES = 3
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass
class Ringing:
    """Somebody is rung; the page answers or lets it ring."""

    targets: tuple[str, ...]
    call: str
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    refused: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def answer(self) -> None:
        """Pick up."""
        self.answered.set()

    def end(self) -> None:
        """Hang up, or refuse to pick up."""
        self.refused = not self.answered.is_set()
        self.answered.set()
        self.over.set()


@dataclass
class Carrier:
    """Every call of one account."""

    account: Account
    courier: Courier
    journal: Journal
    now: Callable[[], datetime]
    base: str = ""
    pace: Pace = field(default_factory=Pace)
    calls: dict[str, Call] = field(default_factory=dict)
    ringing: dict[str, Ringing] = field(default_factory=dict)

    def dial(self, caller: str) -> Call:
        """A citizen calls the hotline."""
        call = self._made(caller, self.account.number)
        call.fallback = self.account.house + ROOT + "/fallback"
        self.courier.start(self._incoming(call))
        return call

    def place(self, form: Mapping[str, str], events: tuple[str, ...]) -> Call:
        """The house calls somebody: their telephone rings on the page."""
        call = self._made(form["From"], form["To"], outbound=True)
        call.fallback = form.get("FallbackUrl", "")
        self.courier.start(self._outgoing(call, dict(form), events))
        return call

    def invite(self, room: str, to: str) -> Call:
        """Somebody is rung into a room."""
        call = self._made(self.account.number, to, outbound=True)
        self.courier.start(self._invited(call, room))
        return call

    def _made(self, caller: str, called: str, *, outbound: bool = False) -> Call:
        call = Call(self, caller, called, lambda *_: None, self.now, self.pace, outbound)

        def log(kind: str, text: str = "", **data: object) -> None:
            self.journal.note(PANE, call.sid, kind, text, **data)

        call.log = log
        self.calls[call.sid] = call
        return call

    async def _incoming(self, call: Call) -> None:
        call.status, call.started = "in-progress", self.now()
        self.journal.note(PANE, call.sid, "dialled", call.called, caller=call.caller)
        await call.talk(self.account.house + ROOT + "/voice")
        self.journal.note(PANE, call.sid, "ended", call.status)
        self.report(call, self.account.house + ROOT + "/status", _length(call))

    async def _outgoing(self, call: Call, form: dict[str, str], events: tuple[str, ...]) -> None:
        numbers = iter(range(10))

        def tell(status: str, **more: str) -> None:
            call.status = status
            event = "answered" if status == "in-progress" else status
            wanted = event in events or (event not in {"initiated", "ringing", "answered"} and "completed" in events)
            if wanted and form.get("StatusCallback"):
                self.report(call, form["StatusCallback"], {"SequenceNumber": str(next(numbers))} | more)

        tell("initiated")
        tell("ringing")
        ring = await self._rings((call.called,), call.sid, float(form.get("Timeout", "60")))
        if ring is None or ring.refused:
            call.ended = self.now()
            tell("no-answer" if ring is None else "busy", CallDuration="0")
            self.journal.note(PANE, call.sid, "ended", call.status)
            return
        call.started, call.answered_by = self.now(), "human" if form.get("MachineDetection") else ""
        tell("in-progress")
        await call.talk(form["Url"])
        self.journal.note(PANE, call.sid, "ended", call.status)
        tell(call.status, **_length(call))

    async def _invited(self, call: Call, room: str) -> None:
        ring = await self._rings((call.called,), call.sid, 30.0, room=room)
        call.status = "no-answer" if ring is None or ring.refused else "in-progress"
        if ring is not None and not ring.refused:
            await ring.over.wait()
            call.status = "completed"
        call.ended = self.now()
        self.journal.note(PANE, call.sid, "ended", call.status)

    async def _rings(self, targets: tuple[str, ...], sid: str, seconds: float, **about: str) -> Ringing | None:
        """Until somebody picks up; None when nobody did."""
        ring = Ringing(targets, sid)
        self.ringing[ring.id] = ring
        self.journal.note(PANE, sid, "ringing", "、".join(targets), ring=ring.id, **about)
        try:
            await asyncio.wait_for(ring.answered.wait(), self.pace.silence(seconds))
        except TimeoutError:
            self.journal.note(PANE, sid, "unanswered", "", ring=ring.id)
            return None
        finally:
            if not ring.answered.is_set() or ring.refused:
                self.ringing.pop(ring.id, None)
        self.journal.note(PANE, sid, "refused" if ring.refused else "picked_up", "", ring=ring.id)
        return ring

    async def ring(self, call: Call, dial: Verb) -> dict[str, str]:
        """A Dial: people are rung, or the caller waits in a room; ends with either side."""
        if any(noun.name == "Conference" for noun in dial.inside):
            return await self._room(call, dial)
        ring = await self._unless_gone(call, self._rings(_targets(dial), call.sid, dial.seconds("timeout", 30)))
        if ring is None or ring.refused:
            return {"DialCallStatus": "no-answer" if ring is None else "busy", "DialBridged": "false"}
        leg, since = {"ParentCallSid": call.sid, "CallStatus": "in-progress"}, self.now()
        for noun in dial.inside[:1]:
            if report := noun.option("statusCallback"):
                self.report(call, urljoin(call.url, report), leg | {"CallSid": "CA" + secrets.token_hex(16)})
        await self._unless_gone(call, ring.over.wait())
        seconds = str(int((self.now() - since).total_seconds()))
        return {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": seconds}

    async def _room(self, call: Call, dial: Verb) -> dict[str, str]:
        room = Ringing((dial.inside[0].text,), call.sid)
        self.ringing[room.id] = room
        self.journal.note(PANE, call.sid, "room", dial.inside[0].text, ring=room.id)
        await self._unless_gone(call, room.over.wait())
        return {"DialCallStatus": "completed"}

    async def _unless_gone[T](self, call: Call, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, unless the caller hangs up first."""
        doing = asyncio.create_task(work)
        gone = asyncio.create_task(call.hearing.listen(86400.0, hears=False))
        try:
            await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Gone
            return doing.result()
        finally:
            for task in (doing, gone):
                task.cancel()
            await asyncio.gather(doing, gone, return_exceptions=True)

    async def webhook(self, call: Call, url: str, fields: dict[str, str]) -> str:
        """Ask the house for a document."""
        form = self._fields(call) | fields
        parcel = self._signed(call, url, form)
        answer = await self.courier.deliver(lambda: parcel, _TRIES, 0.0, _WEBHOOK_SECONDS)
        if not answer.good:
            raise Failed(11205 if not answer.status else 11200, url)
        return answer.body

    def report(self, call: Call, url: str, fields: dict[str, str]) -> None:
        """A status callback, on its way beside the call; a later one may overtake it."""
        parcel = self._signed(call, url, self._fields(call) | fields | {"Timestamp": self.now().strftime("%c")})
        self.courier.start(self._reported(parcel, self.courier.luck.overtaken()))

    async def _reported(self, parcel: Parcel, overtaken: bool) -> None:
        if overtaken:
            await self.courier.pause(self.courier.luck.faults.longest)
        await self.courier.deliver(lambda: parcel, _STATUS_TRIES, 1.0, _WEBHOOK_SECONDS)

    def recording(self, sid: str) -> str:
        """Where a recording is."""
        return f"{self.base}/2010-04-01/Accounts/{self.account.sid}/Recordings/{sid}"

    def _fields(self, call: Call) -> dict[str, str]:
        fields = {
            "CallSid": call.sid,
            "AccountSid": self.account.sid,
            "ApiVersion": "2010-04-01",
            "From": call.caller,
            "To": call.called,
            "Caller": call.caller,
            "Called": call.called,
            "CallStatus": call.status,
            "Direction": "outbound-api" if call.outbound else "inbound",
        }
        return fields | ({"AnsweredBy": call.answered_by} if call.answered_by else {})

    def _signed(self, call: Call, url: str, form: dict[str, str]) -> Parcel:
        return signed(self.account, url, form, PANE, call.sid)


def signed(account: Account, url: str, form: dict[str, str], pane: str, who: str) -> Parcel:
    """A form as Twilio signs it."""
    proof = RequestValidator(account.token).compute_signature(url, form)
    headers = {"X-Twilio-Signature": proof, "Content-Type": _FORM, "User-Agent": "TwilioProxy/1.1"}
    return Parcel(url, urlencode(form).encode(), headers, pane, who)


def _targets(dial: Verb) -> tuple[str, ...]:
    prefix = {"Client": "client:"}
    return tuple(prefix.get(noun.name, "") + noun.text for noun in dial.inside) or (dial.text,)


def _length(call: Call) -> dict[str, str]:
    seconds = int((call.ended - call.started).total_seconds()) if call.ended and call.started else 0
    return {"CallDuration": str(seconds), "CallbackSource": "call-progress-events"}
