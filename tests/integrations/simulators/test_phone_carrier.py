"""A call through the carrier: documents walked, webhooks signed, people rung, calls placed, faults survived."""

from __future__ import annotations

import asyncio

import pytest
from twilio.base.exceptions import TwilioRestException

from integrations.channels.twilio.account import Account as PhoneAccount
from integrations.channels.twilio.rest import CallFailed, Rest
from integrations.simulators.faults import Faults
from integrations.simulators.hearing import Pace
from integrations.simulators.simulator import Plan
from ticketing.models import Conversation, PhoneCall, QueueEntry, Ticket

CALLER = "+8614200000001"
BASE_URL = "https://hotline.example/channels/twilio"
TELLS = "我要投诉，东胜区天骄路金色家园小区路灯昨晚不亮"


async def until(what, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


async def report(town, call) -> None:
    """An appeal by voice, to its end."""
    await town.listening(call)
    call.hearing.say(TELLS)
    for _ in range(5):
        await town.listening(call)
        if town.rows(Ticket) or call.ended:
            return
        call.hearing.press("1")


async def test_an_appeal_becomes_one_ticket(town):
    place = await town()
    call = place.simulator.carrier.dial(CALLER)
    await report(place, call)
    (ticket,) = place.rows(Ticket)
    assert ticket.channel == "phone"
    call.hearing.hang_up()
    await place.simulator.courier.settle()
    (row,) = place.rows(PhoneCall)
    assert row.sid == call.sid
    assert row.ended_at is not None
    assert place.texts("phone", "failed") == []


async def test_the_line_doubles_delays_and_loses_and_there_is_one_ticket(town):
    faults = Faults(retry=0.2, double=0.4, delay=0.3, drop=0.05, reorder=0.5, longest=0.05)
    place = await town(Plan(faults, seed=7, pace=Pace(1e6, 0.3, 0.01)))
    call = place.simulator.carrier.dial(CALLER)
    await report(place, call)
    call.hearing.hang_up()
    await place.simulator.courier.settle()
    assert len(place.rows(Ticket)) == 1
    assert len(place.rows(Conversation)) == 1
    requests = [entry for entry in place.simulator.journal.entries if entry.kind == "request"]
    assert {entry.data["status"] for entry in requests} <= {200, 204}
    assert any(not entry.data["answered"] for entry in requests)


async def test_silence_is_heard_and_ends_in_keys_or_a_person(town):
    place = await town(Plan(pace=Pace(1e6, 0.005, 0.01)))
    call = place.simulator.carrier.dial(CALLER)
    await until(lambda: any("没听清" in said for said in place.texts("phone", "say")))
    call.hearing.hang_up()
    await place.simulator.courier.settle()
    assert call.status == "completed"


async def test_a_person_is_rung_and_picks_up(town):
    place = await town()
    carrier = place.simulator.carrier
    call = carrier.dial(CALLER)
    await place.listening(call)
    call.hearing.press("0")
    await until(lambda: carrier.ringing)
    (ring,) = carrier.ringing.values()
    assert ring.targets == ("client:desk",)
    ring.answer()
    await until(lambda: place.rows(PhoneCall)[0].person_at)
    ring.end()
    await place.listening(call)
    assert "满意" in "".join(place.texts("phone", "say"))
    call.hearing.press("1")
    await place.simulator.courier.settle()
    assert place.rows(PhoneCall)[0].rating == 3


async def test_nobody_picks_up_so_the_caller_waits_and_then_leaves_a_message(town):
    place = await town(Plan(pace=Pace(1e6, 0.02, 0.01)))
    call = place.simulator.carrier.dial(CALLER)
    await place.listening(call)
    call.hearing.press("0")
    await until(lambda: place.texts("phone", "recording") or call.ended)
    assert place.texts("phone", "queued")
    call.hearing.say("小区路灯不亮，请回电话")
    call.hearing.press("#")
    await place.simulator.courier.settle()
    (ticket,) = place.rows(Ticket)
    assert ticket.channel == "phone"
    assert len(place.rows(QueueEntry)) == 1
    assert place.rows(PhoneCall)[0].recording_sealed is not None


async def test_the_house_calls_and_is_answered(town):
    place = await town()
    rest, carrier = Rest(PhoneAccount.of(place.house.settings)), place.simulator.carrier
    placed = await asyncio.to_thread(rest.call, CALLER, "/fallback/end", "/status")
    assert placed.status == "queued"
    await until(lambda: carrier.ringing)
    found = await asyncio.to_thread(rest.find, CALLER, carrier.now())
    assert found.sid == placed.sid
    next(iter(carrier.ringing.values())).answer()
    await place.simulator.courier.settle()
    assert await asyncio.to_thread(rest.status, placed.sid) == "completed"
    asked = [entry.text for entry in place.simulator.journal.of("request")]
    assert asked.count(f"{BASE_URL}/status") == 4
    assert f"{BASE_URL}/fallback/end" in asked


async def test_nobody_answers_the_house(town):
    place = await town(Plan(pace=Pace(1e6, 0.001, 0.01)))
    rest = Rest(PhoneAccount.of(place.house.settings))
    placed = await asyncio.to_thread(rest.call, CALLER, "/fallback/end", "/status")
    await place.simulator.courier.settle()
    assert await asyncio.to_thread(rest.status, placed.sid) == "no-answer"


async def test_a_wrong_token_is_refused(town):
    place = await town()
    account = PhoneAccount.of(place.house.settings)
    wrong = Rest(type(account)(account.sid, "wrong", account.number, account.api_base, account.public, account.voice))
    with pytest.raises(CallFailed) as caught:
        await asyncio.to_thread(wrong.status, "CA" + "0" * 32)
    assert caught.value.refused
    assert isinstance(caught.value.__cause__, TwilioRestException)


async def test_a_house_that_is_away_ends_in_a_failed_call(town, unused_tcp_port=1):
    place = await town()
    account = place.simulator.carrier.account
    object.__setattr__(account, "reach", f"http://127.0.0.1:{unused_tcp_port}")
    call = place.simulator.carrier.dial(CALLER)
    await place.simulator.courier.settle()
    assert call.status == "failed"
    assert place.texts("phone", "fallback") == ["11205"]
