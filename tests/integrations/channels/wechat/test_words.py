"""Reading WeChat's XML and writing its texts."""

from __future__ import annotations

import pytest

from integrations.channels.wechat.messages import Unreadable, passive_reply, read_fields, read_message
from integrations.channels.wechat.words import MAX_BYTES, split, told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"{}",
        b"<?xml version='1.0' encoding='x-none'?><xml/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><Content>&a;</Content></xml>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><xml/>",
        b"<xml><Content>&a;</Content></xml>",
        b"<xml>" + b"<a>" * 50 + b"</a>" * 50 + b"</xml>",
        b"<xml>" + b"".join(b"<a%d/>" % n for n in range(100)) + b"</xml>",
    ],
)
def test_bad_xml_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_fields(body)


@pytest.mark.parametrize("missing", ["FromUserName", "CreateTime", "MsgType", "MsgId"])
def test_a_message_needs_its_fields(missing: str) -> None:
    fields = {"FromUserName": "o6_bmjrPTlm6", "CreateTime": "1", "MsgType": "text", "MsgId": "9"}
    assert read_message(fields).external_id == "9"
    with pytest.raises(Unreadable):
        read_message({name: value for name, value in fields.items() if name != missing})


def test_events_are_known_by_sender_and_time() -> None:
    fields = {"FromUserName": "o6_bmjrPTlm6", "CreateTime": "123456789", "MsgType": "event", "Event": "CLICK"}
    assert read_message(fields).external_id == "o6_bmjrPTlm6123456789"


def test_a_reply_cannot_break_out_of_its_field() -> None:
    fields = {"FromUserName": "o6_bmjrPTlm6", "CreateTime": "1", "MsgType": "text", "MsgId": "9"}
    said = "a]]></Content><Content>b & <c> \x01"
    assert read_fields(passive_reply(read_message(fields), said).encode())["Content"] == said.replace("\x01", "")


@pytest.mark.parametrize("text", ["", "短", "字" * 3000, "一句话。" * 900, "😀" * 1200, "a\n" * 3000])
def test_parts_fit_and_lose_nothing(text: str) -> None:
    parts = split(text)
    assert all(0 < len(part.encode()) <= MAX_BYTES for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_choices_are_numbered_and_telephone_links_left_out(house) -> None:
    choices = [{"label": "拨打 119", "says": "tel:119"}, {"label": "转人工", "says": "人工"}]
    shown = told({"choices": choices, "sources": [{"cites": "护照法"}, {"cites": ""}]}, "好", house.replies)
    assert shown.splitlines()[0] == "好" and "护照法" in shown
    assert shown.splitlines()[-1] == "1. 转人工" and "119" not in shown
