"""Text messages through each provider's shape: signed both ways, receipts in any order, stop words."""

from __future__ import annotations

import shutil

import pytest
import yaml

from integrations.channels.sms import outgoing
from integrations.simulators.faults import Faults
from integrations.simulators.simulator import Plan
from ticketing.models import Author, Message, SmsMessage, SmsStatus

PHONE = "14200000001"
PROVIDERS = ("twilio", "aliyun", "tencent")


@pytest.fixture
def city(house, tmp_path):
    """The city's pack with carrier templates filled in."""
    folder = tmp_path / "city"
    shutil.copytree(house.settings.city, folder)
    pack = yaml.safe_load((folder / "messages.yml").read_text(encoding="utf-8"))
    for number, ids in enumerate(pack["sms"]["templates"].values()):
        ids |= {"aliyun": f"SMS_{1000 + number}", "tencent": str(2000 + number)}
    (folder / "messages.yml").write_text(yaml.safe_dump(pack, allow_unicode=True), encoding="utf-8")
    return folder


def ask(place, key="k1") -> None:
    blanks = {"number": "261120-000001-4", "department": "城管局", "until": "11月30日", "progress": "https://x.test/t"}
    with place.house.database.write() as session:
        now = place.simulator.gateway.now()
        outgoing.send(session, PHONE, "closed", blanks | {"survey": "https://x.test/s/abc"}, key, now)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("arrives", [True, False], ids=["arrives", "comes back"])
async def test_a_text_goes_out_once_and_its_receipt_comes_back(town, city, provider, arrives):
    faults = Faults(retry=0.3, double=0.5, delay=0.5, reorder=1.0, longest=0.05)
    place = await town(Plan(faults, seed=5), {"sms_provider": provider}, city=city)
    place.simulator.gateway.arrives = arrives
    ask(place)
    ask(place)
    await place.drained()
    (row,) = place.rows(SmsMessage)
    assert row.status == (SmsStatus.DELIVERED if arrives else SmsStatus.UNDELIVERED)
    shown = place.texts("sms", "house" if arrives else "undelivered")
    assert len(shown) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_text_from_a_citizen_is_stored_once_and_answered_once(town, city, provider):
    faults = Faults(retry=0.4, double=0.6, longest=0.05)
    place = await town(Plan(faults, seed=11), {"sms_provider": provider}, city=city)
    place.simulator.gateway.text(f"+86{PHONE}", "你好")
    await place.simulator.courier.settle()
    said = [row for row in place.rows(Message) if row.author == Author.CITIZEN]
    assert len(said) == 1
    assert {entry.data["status"] for entry in place.simulator.journal.of("request")} == {200}


async def test_who_stops_gets_nothing(town):
    place = await town()
    place.simulator.gateway.text(f"+86{PHONE}", "STOP")
    await place.simulator.courier.settle()
    ask(place)
    await place.drained()
    assert place.texts("sms", "house") == []
