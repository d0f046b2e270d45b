"""Every document a call can be told, byte for byte. After a wanted change: WRITE_GOLDEN=1, then look at what moved."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from integrations.channels.phone import robot, script
from integrations.channels.phone.line import Heard, Memory, Stage, Talk
from integrations.channels.twilio.account import Account
from integrations.channels.twilio.documents import twiml
from ticketing import calls, public_notices
from ticketing.models import Staff

GOLDEN = Path(__file__).parent / "golden"
CALL = UUID("01a20000-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)
DESK = {"phone_operators": "sip:desk@pbx.example,+864775550000,client:{username}"}
RECORDED = {"phone_record": True}


class NoLine:
    """No calls can be made."""

    dials = False

    async def invite(self, room, target, label):
        return False


class Room:
    """Everybody comes."""

    dials = True

    async def invite(self, room, target, label):
        return True


NOTHING, FRESH, NOBODY = Heard(), Memory(), NoLine()


def same(name: str, xml: str) -> None:
    path = GOLDEN / f"{name}.xml"
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(xml, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == xml


@pytest.fixture
def told(phone_house):
    """Composes the next document of a call at a stage and compares it with its file."""

    async def tell(name, stage, heard=NOTHING, memory=FRESH, line=NOBODY, talk=script, outbound=False, **settings):
        house = replace(phone_house, settings=phone_house.settings.model_copy(update=settings))
        with house.database.write() as session:
            opened = calls.open_call(session, f"CA{name}", house.city.code, "+8613900000001", stage, NOW)
        view = replace(opened, stage=stage, step=3, memory=memory.model_dump(), outbound=outbound)
        following = await talk.go_on(Talk(house, line, view, lambda: NOW), heard)
        xml = twiml(following.document, Account.of(house.settings).voice).replace(str(opened.id), str(CALL))
        assert len(re.findall(r"[0-9a-f]{8}-", xml)) == xml.count(str(CALL))
        same(name, xml)
        return following

    return tell


async def test_the_beginning(told, phone_house):
    await told("greeting", Stage.START)
    await told("greeting_no_menu", Stage.START, phone_menu="no-menu", **DESK)
    await told("greeting_recorded", Stage.START, **RECORDED)
    await told("not_recorded", Stage.TALK, Heard(keys="*"), **RECORDED)
    await told("hints", Stage.START, phone_hints="伊金霍洛旗,准格尔旗")


async def test_a_running_notice(told, phone_house):
    with phone_house.database.write() as session:
        staff_id = session.query(Staff.id).first()[0]
        draft = public_notices.NoticeDraft(
            "water", "因管道抢修，天骄路一带停水到18:00。", (), "天骄路", "水务局", NOW - timedelta(hours=1),
            NOW + timedelta(hours=6),
        )  # fmt: skip
        public_notices.post(session, draft, phone_house.city.code, staff_id, NOW)
    phone_house.bot.board.forget()
    await told("greeting_notice", Stage.START)
    phone_house.bot.board.forget()


async def test_not_heard(told):
    for misses, name in enumerate(("again_first", "again_second", "keypad")):
        await told(name, Stage.TALK, memory=Memory(misses=misses))
    await told("not_heard_person", Stage.TALK, memory=Memory(misses=3), **DESK)


async def test_progress_keys(told):
    await told("number", Stage.TALK, Heard(keys="1"), Memory(keys={"1": "@progress"}))
    await told("number_again", Stage.NUMBER, Heard(keys="123"))
    await told("code", Stage.NUMBER, Heard(keys="2601010001234#"))
    await told("code_again", Stage.CODE, Heard(keys="12"), Memory(number="2601010001234"))


async def test_after_an_answer(told):
    portions = (("补办身份证收四十元。",), ("到派出所办理。",))
    memory = Memory(portions=portions, keys={"1": "@again", "3": "@next", "4": "@more"})
    await told("answer_again", Stage.TALK, Heard(keys="1"), memory)
    await told("answer_more", Stage.TALK, Heard(keys="4"), memory)
    await told("next_question", Stage.TALK, Heard(keys="3"), memory)


async def test_people(told):
    await told("ring", Stage.TALK, Heard(keys="0"), **DESK)
    await told("ring_recorded", Stage.TALK, Heard(words="人工"), **DESK, **RECORDED)
    await told("queue", Stage.RINGING, Heard(result="missed"), Memory(rings=1), **DESK)
    await told("offer", Stage.TALK, Heard(keys="0"))
    await told("offer_again", Stage.OFFER)
    await told("booked", Stage.OFFER, Heard(keys="1"))
    await told("record", Stage.OFFER, Heard(keys="2"))
    await told("wait_again", Stage.OFFER, Heard(keys="3"))
    await told("no_message", Stage.VOICEMAIL)
    await told("survey", Stage.RINGING, Heard(result="answered"))
    await told("thanks", Stage.SURVEY, Heard(keys="2"))
    await told("bye", Stage.SURVEY)


async def test_rescue(told):
    fire = Heard(words="着火了，我家楼下着火了，快来人")
    await told("rescue_room", Stage.TALK, fire, line=Room(), phone_trunk="sip:{number}@trunk.example", **DESK)
    await told("rescue_room_recorded", Stage.TALK, fire, line=Room(), **DESK, **RECORDED)
    await told("rescue_ring", Stage.TALK, fire)
    await told("rescue_after", Stage.RESCUE, Heard(result="answered"), Memory(number="119"))


async def test_the_robot(told):
    scale = {"scale": 5}
    robots = {"talk": robot, "outbound": True}
    await told("robot_machine", Stage.ROBOT, Heard(machine=True), **robots)
    await told("robot_resolved", Stage.CONTACTED, Heard(keys="1"), Memory(answers=scale), **robots)
    await told("robot_again", Stage.CONTACTED, Heard(), Memory(answers=scale), **robots)
    answers = scale | {"contacted": 1}
    await told("robot_rating", Stage.RESOLVED, Heard(keys="2"), Memory(answers=answers), **robots)
    three = {"scale": 3, "contacted": 1}
    await told("robot_rating_of_three", Stage.RESOLVED, Heard(keys="2"), Memory(answers=three), **robots)
    answers |= {"resolved": 2}
    await told("robot_reason", Stage.RATING, Heard(keys="1"), Memory(answers=answers), **robots)
    await told("robot_later", Stage.CONTACTED, Heard(), Memory(misses=2, answers=scale), **robots)


def test_no_document_is_forgotten():
    """Every file is compared by some test of this file."""
    written = {path.stem for path in GOLDEN.glob("*.xml")}
    source = Path(__file__).read_text(encoding="utf-8")
    assert written
    assert {name for name in written if f'"{name}"' not in source} == set()
