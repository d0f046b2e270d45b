"""Recorded letters as they are read; and what nobody wrote."""

from __future__ import annotations

import pytest

from integrations.channels.letter import bounces, manners
from integrations.channels.letter.account import Account, Server
from integrations.channels.letter.parsing import MAX_RAW, decoded, parse
from integrations.channels.letter.trimming import own_words
from integrations.channels.letter.winmail import opened
from tests.integrations.channels.letter.conftest import OURS, eml, write

ACCOUNT = Account(Server("m", 1, tls=True), None, OURS, "", OURS, "INBOX", 5)


def test_a_letter_in_gbk_with_files() -> None:
    letter = parse(eml("gbk"))
    assert (letter.address, letter.name) == ("citizen-0001@mail.test", "市民-0001")
    assert letter.subject == "关于西街路灯不亮的问题"
    assert letter.text.startswith("东胜区鄂尔多斯西街的路灯坏了五天")
    assert [one.name for one in letter.enclosures] == ["经过.txt", "photos.zip"]
    assert letter.enclosures[0].data.decode() == "十一月十五日开始不亮，拨打过物业电话。"
    assert manners.refusal(letter, ACCOUNT) is None


def test_html_is_read_and_nothing_in_it_runs() -> None:
    letter = parse(eml("html_only"))
    assert letter.text == "我们小区停水三天了，<没人>管。\n\n地址：康巴什区某小区"
    assert not letter.enclosures


def test_a_forwarded_letter_is_told_in_whole() -> None:
    letter = parse(eml("forwarded"))
    assert letter.text == "请市长看看邻居写的这封信。\n\n半夜还在施工\n\n楼下工地凌晨两点还在打桩，吵得睡不着。"


def test_winmail_is_unpacked() -> None:
    letter = parse(eml("winmail"))
    assert letter.text == "路口的井盖丢了，很危险，请尽快补上。"
    assert [(one.name, one.data.decode()) for one in letter.enclosures] == [
        ("照片说明.txt", "井盖丢失的位置在路口东侧。")
    ]
    assert opened(b"x" * 100) is None
    cut = opened(eml("winmail")[:0] + b"\x78\x9f\x3e\x22\x01\x00\x02\x0f\x80\x06\x00\xff\xff\xff\x7fabc")
    assert cut is not None and cut.files == ()


def test_hostile_headers_harm_nobody() -> None:
    letter = parse(eml("hostile_headers"))
    assert "垃圾没人清运" in letter.text
    assert "\n" not in letter.subject and "理由" in letter.subject
    assert letter.address == "second@mail.test"  # the first that is an address, and only one
    assert len(letter.references) <= 30
    assert all("\0" not in part for part in (letter.subject, letter.text, letter.name))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"\xff" * 5000,
        b"From: a@b.cc\nContent-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"From: a@b.cc\nContent-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: text/plain\n\nx\n" * 500,
        b"From: a@b.cc\nContent-Type: text/html\n\n" + b"<div>" * 50_000,
        b"From: a@b.cc\nContent-Type: text/html\n\n" + b"<![" * 5_000,
        b"From: a@b.cc\nContent-Type: message/rfc822\n\n" * 400,
        b"From: a@b.cc\nSubject: " + b"=?utf-8?B?5Z6D?= " * 5000 + b"\n\nhi",
        b"From: " + b"<a@b.cc>," * 20_000 + b"\n\nhi",
        b"From: a@b.cc\nContent-Type: text/plain; charset=" + b"x" * 5000 + b"\n\n\xc0\xed",
        b"From: a@b.cc\nContent-Disposition: attachment; filename*0*=a'b'%; filename*1=%%%\n\nhi",
    ],
)
def test_anything_at_all_can_be_read(raw: bytes) -> None:
    letter = parse(raw)
    assert len(letter.whole) <= 200_000
    assert len(letter.enclosures) <= 20


def test_charsets_lie() -> None:
    words = "鄂尔多斯西街"
    assert decoded(words.encode("gbk"), "utf-8") == words
    assert decoded(words.encode("gb18030"), "gb2312") == words
    assert decoded(words.encode(), "gbk2") == words
    assert decoded("鄂爾多斯".encode("big5"), "big5") == "鄂爾多斯"
    assert decoded(b"\x80\xff", "punycode") != ""


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("还是没修。\n\n------------------ 原始邮件 ------------------\n发件人: 热线\n旧", "还是没修。"),
        ("还是没修。\n在 2026年11月2日，热线 <a@b.c> 写道：\n> 旧", "还是没修。"),
        ("还是没修。\nOn Fri, 20 Nov 2026 at 09:00, Hotline wrote:\n> old", "还是没修。"),
        ("还是没修。\n\n发件人：热线\n发送时间：2026年\n收件人：我\n旧", "还是没修。"),
        ("还是没修。\n-- \n某公司\n经理", "还是没修。"),
        ("还是没修。\n\n发自我的iPhone", "还是没修。"),
        ("> 旧的\n还是没修。", "还是没修。"),
        ("发件人：我不知道是谁，反正有人扔垃圾。\n请处理。", "发件人：我不知道是谁，反正有人扔垃圾。\n请处理。"),
        ("-----原始邮件-----\n只有转来的内容", "-----原始邮件-----\n只有转来的内容"),
    ],
)
def test_quotes_and_signatures_are_cut(text: str, own: str) -> None:
    assert own_words(text, "答复: 路灯") == own


@pytest.mark.parametrize(
    ("why", "headers"),
    [
        ("auto_submitted", {"Auto_Submitted": "auto-generated"}),
        ("bulk", {"Precedence": "Bulk"}),
        ("list", {"List_Id": "<news.mail.test>"}),
        ("auto_response", {"X_Auto_Response_Suppress": "OOF, AutoReply"}),
        ("empty_return_path", {"Return_Path": "<>"}),
        ("machine", {"sender": "no-reply@mail.test"}),
        ("machine", {"sender": "MAILER-DAEMON@mail.test"}),
        ("loop", {"sender": "SZXX@example.test"}),
        ("loop", {"message_id": "<x@hotline.example.test>"}),
        ("auto_subject", {"subject": "Automatic reply: 您的来信"}),
        (None, {"Auto_Submitted": "no"}),
        (None, {"message_id": "<x@example.test>", "subject": "自动回复机坏了"}),
    ],
)
def test_letters_that_nobody_wrote(why: str | None, headers: dict[str, str]) -> None:
    assert manners.refusal(parse(write("路灯坏了", **headers)), ACCOUNT) == why


def test_a_recorded_auto_reply_and_a_report() -> None:
    assert manners.refusal(parse(eml("auto_reply")), ACCOUNT) == "auto_submitted"
    report = bounces.report_of(parse(eml("bounce", recipient="a@b.cc", original="<x@y.zz>")))
    assert report == bounces.Report(failed=True, recipient="a@b.cc", status="5.1.1", original="<x@y.zz>")
    assert bounces.report_of(parse(eml("gbk"))) is None


def test_a_huge_letter_is_read_up_to_its_limit() -> None:
    raw = write("路灯坏了") + b"x" * 200
    assert parse(raw + b"y" * 1_000_000).text.startswith("路灯坏了")
    assert MAX_RAW == 25 * 1024 * 1024
