"""Payloads shaped as Twilio posts them, with numbers that belong to nobody, as the script reads them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from integrations.channels.phone.line import Heard
from integrations.channels.twilio.fields import caller_of, heard, sid_of
from ticketing.errors import Invalid

FIXTURES = Path(__file__).parent / "fixtures"
RECORDING = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Recordings/RE"


def payload(name):
    return dict(parse_qsl((FIXTURES / f"{name}.form").read_text(), keep_blank_values=True, strict_parsing=True))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("incoming", Heard()),
        ("gather_speech", Heard(words="补办身份证要多少钱。", confidence=0.9128386)),
        ("gather_digits", Heard(keys="2601010001234")),
        ("gather_silence", Heard()),
        ("dial_completed", Heard(result="answered", recording=RECORDING + "1")),
        ("dial_no_answer", Heard(result="missed")),
        ("queue_wait", Heard(keys="1")),
        ("queue_left", Heard(result="left")),
        ("record", Heard(keys="#", recording=f"{RECORDING}{1:032d}", seconds=35)),
        ("record_hangup", Heard(recording=f"{RECORDING}{2:032d}", seconds=4)),
        ("status_completed", Heard()),
        ("outbound_machine", Heard(machine=True)),
    ],
)
def test_what_a_request_says(name, read):
    assert heard(payload(name)) == read
    assert sid_of(payload(name)) == "CA11112222333344445555666677778888"
    assert caller_of(payload(name)) == "+8613900000001"


def test_every_fixture_is_read():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in FIXTURES.iterdir() if f'"{path.stem}"' not in source] == []


@pytest.mark.parametrize("number", ["", "anonymous", "Restricted", "+266696687", "<script>", "1" * 30, "+86 139"])
def test_a_hidden_or_broken_number_is_nobodys(number):
    assert caller_of({"From": number}) == "anonymous"


@pytest.mark.parametrize("sid", ["", "CA", "XX1234", "CA" + "1" * 70, "CA12 34"])
def test_a_call_has_an_id(sid):
    with pytest.raises(Invalid):
        sid_of({"CallSid": sid})


@pytest.mark.parametrize("doubt", ["", "nan", "inf", "-1", "2", "x", "0.0", "9" * 400])
def test_a_confidence_that_is_none(doubt):
    assert heard({"SpeechResult": "好", "Confidence": doubt}).confidence is None


@pytest.mark.parametrize(("given", "seconds"), [("35", 35), ("-1", 0), ("１", 0), ("", 0), ("9" * 50, 0)])
def test_a_length(given, seconds):
    assert heard({"RecordingDuration": given}).seconds == seconds
