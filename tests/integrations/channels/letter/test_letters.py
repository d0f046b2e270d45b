"""Letters from the mailbox to the ticket and back, over real sockets on the house's own tables."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations import effects
from integrations.bootstrap import House
from integrations.channels.letter import handling
from integrations.channels.letter.collecting import collect
from tests.integrations.channels.letter.conftest import CITIZEN, Imap, Smtp, come, eml, rows, write
from ticketing import identity, jobs, notices, queries
from ticketing.models import AlarmRow, ChannelContact, Delivery, LetterStatus, Message, Role, Ticket
from ticketing.notices import Purpose
from ticketing.numbering import query_code
from ticketing.privacy import unseal
from ticketing.workflow import Actor, Status


async def test_a_letter_becomes_a_ticket_with_its_files(town: House, imap: Imap, smtp: Smtp) -> None:
    uid = imap.put(eml("gbk"))
    assert await come(town) == 1
    (ticket,) = rows(town, "Ticket")
    with town.database.read() as session:
        code, content = query_code(session, ticket.id), unseal(session, ticket.content_sealed)
        (talk,) = rows(town, "Conversation")
        assert unseal(session, talk.address_sealed) == CITIZEN
    assert (ticket.channel, ticket.city, ticket.citizen_id) == ("letter", "ordos", None)
    assert "路灯坏了五天" in content
    assert ticket.evidence["department"]
    assert imap.seen == {uid}
    (kept,) = rows(town, "Attachment")
    assert (kept.ticket_id, kept.part) == (ticket.id, "citizen")
    ((to, answer),) = smtp.sent
    words = answer.get_content()
    assert to == CITIZEN
    assert ticket.number in answer["Subject"]
    assert all(part in words for part in (ticket.number, code, "承诺办结时间", "photos.zip", "压缩包"))
    assert answer["In-Reply-To"] == "<20261120091200.gbk@mail.test>"
    assert answer["Auto-Submitted"] == "auto-replied"
    (letter,) = rows(town, "Letter")[:1]
    assert (letter.status, letter.raw_sealed, letter.ticket_id) == (LetterStatus.TICKET, None, ticket.id)
    assert [row.due_at for row in _messages(town)] == [None]


def _messages(house: House) -> list:
    with house.database.read() as session:
        found = list(session.query(Message))
        session.expunge_all()
    return found


async def test_who_may_write_back_sees_the_address_once_there_is_a_purpose(town: House, imap: Imap) -> None:
    imap.put(eml("gbk"))
    await come(town)
    (ticket,) = rows(town, "Ticket")
    operator, now = Actor(Role.OPERATOR), datetime.now(UTC)
    with town.database.write() as session:
        page = queries.ticket_page(session, operator, ticket.id)
        assert page.email is not None and page.email != CITIZEN and page.email.endswith(CITIZEN.partition("@")[2])
        assert identity.reveal(session, operator, ticket.id, "补问地点", now).email == CITIZEN


async def test_nothing_is_fetched_twice_and_old_letters_stay_old(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("三年前的旧信", number=1), seen=True)
    imap.put(write("路灯坏了", number=2))
    imap.put(write("读过的旧信", number=3), seen=True)
    assert await come(town) == 1
    assert await come(town) == 0
    imap.put(write("有人先在邮箱里打开看过的新信，井盖丢了", number=4, subject="井盖"), seen=True)
    assert await come(town) == 1
    assert await come(town) == 0
    assert len(rows(town, "Ticket")) == len(smtp.sent) == 2
    imap.validity += 1  # the server numbers its letters anew
    imap.letters = {uid + 100: raw for uid, raw in imap.letters.items() if b"letter-2" in raw or b"letter-4" in raw}
    imap.next_uid = 200
    assert await come(town) == 0
    imap.put(write("又一封新信，垃圾没人清", number=5, subject="垃圾"))
    assert await come(town) == 1
    assert len(rows(town, "Ticket")) == 3


@pytest.mark.parametrize("at", ["RFC822.SIZE", "BODY.PEEK", "STORE", "LOGIN", "SEARCH"])
async def test_a_broken_connection_loses_and_doubles_nothing(town: House, imap: Imap, smtp: Smtp, at: str) -> None:
    imap.put(write("路灯坏了", number=1))
    imap.put(write("井盖丢了", number=2, subject="井盖", sender="citizen-0002@mail.test"))
    imap.cut_at = at
    await come(town)
    await come(town)
    await come(town)
    assert len(rows(town, "Ticket")) == len(smtp.sent) == 2


async def test_a_crash_after_storing_goes_on_later(
    town: House, imap: Imap, smtp: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies between the ticket and its answer."""
    imap.put(eml("gbk"))
    now = datetime.now(UTC)
    await asyncio.to_thread(collect, town, now)
    with monkeypatch.context() as broken:
        broken.setattr(handling, "_enclosed", _fall)
        await asyncio.to_thread(effects.drain, town, lambda: now)
    assert len(rows(town, "Ticket")) == 1 and not smtp.sent
    for minutes in (5, 10):
        await asyncio.to_thread(effects.drain, town, lambda later=minutes: now + timedelta(minutes=later))
    assert len(rows(town, "Ticket")) == len(rows(town, "Attachment")) == len(smtp.sent) == 1


def _fall(*_: object) -> list[str]:
    raise MemoryError


async def test_later_letters_are_supplements(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("西街的路灯坏了五天", number=1))
    await come(town)
    answer = smtp.sent[0][1]
    (ticket,) = rows(town, "Ticket")
    imap.put(write("还是没修", number=2, subject="Re: 已收到", In_Reply_To=answer["Message-ID"]))
    imap.put(write("补充：在银行门口", number=3, subject=f"关于{ticket.number.replace('-', '')}"))
    imap.put(write("再补充一点", number=4, subject="Re: 路灯", References="<letter-1@mail.test>"))
    imap.put(write("家人替他补充", number=5, sender="family@mail.test", subject="x", In_Reply_To=answer["Message-ID"]))
    assert await come(town) == 4
    assert [one.id for one in rows(town, "Ticket")] == [ticket.id]
    notes = [one for one in rows(town, "TicketEvent") if one.action == "supplement"]
    assert len(notes) == 4
    assert all("补充到工单" in message.get_content() for _, message in smtp.sent[1:])
    with town.database.read() as session:
        code = query_code(session, ticket.id)
    assert all(code not in message.get_content() for _, message in smtp.sent[1:])


async def test_a_stranger_with_the_number_adds_nothing(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("路灯坏了", number=1))
    await come(town)
    (ticket,) = rows(town, "Ticket")
    forged = f"<{ticket.number}.{'0' * 32}.{'0' * 16}@hotline.example.test>"
    imap.put(write("我来捣乱", number=2, sender="other@mail.test", subject=ticket.number, In_Reply_To=forged))
    await come(town)
    assert len(rows(town, "Ticket")) == 2


async def test_a_letter_after_the_end_is_a_new_matter_that_names_the_old(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("路灯坏了", number=1))
    await come(town)
    (ticket,) = rows(town, "Ticket")
    with town.database.write() as session:
        session.get_one(Ticket, ticket.id).status = Status.CLOSED
    imap.put(write("又坏了", number=2, subject=f"Re: {ticket.number}"))
    await come(town)
    second = rows(town, "Ticket")[1]
    with town.database.read() as session:
        assert ticket.number in unseal(session, second.content_sealed)


async def test_machines_get_no_answer(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(eml("auto_reply"))
    imap.put(write("通知", number=8, List_Id="<news.mail.test>"))
    assert await come(town) == 2
    assert not smtp.sent and not rows(town, "Ticket")
    assert {(one.status, one.reason) for one in rows(town, "Letter") if one.reason} == {
        (LetterStatus.REFUSED, "auto_submitted"),
        (LetterStatus.REFUSED, "list"),
    }


async def test_one_address_gets_so_many_answers_a_day(town: House, imap: Imap, smtp: Smtp) -> None:
    town = replace(town, settings=town.settings.model_copy(update={"letter_answers": 2}))
    for number in range(4):
        imap.put(write(f"第{number}个路口的路灯坏了", number=number))
    await come(town)
    assert len(rows(town, "Ticket")) == 4 and len(smtp.sent) == 2
    imap.put(write("第二天又有一盏坏了", number=9))
    await come(town, datetime.now(UTC) + timedelta(days=1, minutes=1))
    assert len(smtp.sent) == 3


async def test_the_outcome_goes_back_by_letter_and_what_comes_back_is_believed(
    town: House, imap: Imap, smtp: Smtp
) -> None:
    imap.put(write("路灯坏了", number=1))
    await come(town)
    (ticket,) = rows(town, "Ticket")
    _tell(town, ticket, Purpose.DISPATCHED, 101)
    await come(town)
    to, notice = smtp.sent[1]
    assert to == CITIZEN and ticket.number in notice["Subject"] and "已转给" in notice.get_content()
    assert _deliveries(town) == [("letter", "sent", "wrote_a_letter")]
    forged = notice["Message-ID"].replace(".", ".0", 1)
    imap.put(eml("bounce", recipient=CITIZEN, original=forged))
    imap.put(eml("bounce", recipient="victim@mail.test", original=notice["Message-ID"]).replace(b"dsn-1", b"dsn-2"))
    await come(town)
    assert _closed(town) == []
    imap.put(eml("bounce", recipient=CITIZEN, original=notice["Message-ID"]).replace(b"dsn-1", b"dsn-3"))
    await come(town)
    assert _closed(town) == ["5.1.1"]
    assert _deliveries(town)[0][:2] == (None, "unreachable")
    imap.put(write("邮箱好了", number=7, subject=ticket.number))
    await come(town)
    assert _closed(town) == []


async def test_a_refused_address_and_a_server_that_is_away(town: House, imap: Imap, smtp: Smtp) -> None:
    now = datetime.now(UTC)
    imap.put(write("路灯坏了", number=1))
    smtp.down = 1
    await come(town, now)
    assert not smtp.sent
    await come(town, now + timedelta(minutes=5))
    assert len(smtp.sent) == 1
    (ticket,) = rows(town, "Ticket")
    smtp.refuses[CITIZEN] = 550
    _tell(town, ticket, Purpose.DISPATCHED, 101)
    await come(town, now + timedelta(minutes=6))
    assert _closed(town) == ["came_back"]
    assert len(smtp.sent) == 1


async def test_a_letter_too_large_is_a_ticket_and_says_so(town: House, imap: Imap, smtp: Smtp) -> None:
    uid = imap.put(write("正文" * 50, subject="小区消防通道被占"))
    imap.sizes[uid] = 40 * 1024 * 1024
    await come(town)
    (ticket,) = rows(town, "Ticket")
    assert "消防通道" in ticket.title
    assert "邮件太大" in smtp.sent[0][1].get_content()
    assert not any("BODY.PEEK[]" in command for command in imap.commands)


async def test_a_long_letter_is_enclosed_in_whole(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("路灯坏了。" * 2000))
    await come(town)
    (ticket,) = rows(town, "Ticket")
    with town.database.read() as session:
        assert unseal(session, ticket.content_sealed).endswith("全文见附件）")
    (kept,) = rows(town, "Attachment")
    assert kept.ticket_id == ticket.id


async def test_danger_is_told_first_and_rings(town: House, imap: Imap, smtp: Smtp) -> None:
    imap.put(write("我家着火了，人被困在屋里，快来救人", subject="救命"))
    await come(town)
    assert "119" in smtp.sent[0][1].get_content().split("\n")[0]
    with town.database.read() as session:
        assert session.query(AlarmRow).one().channel == "letter"


async def test_without_an_account_nothing_happens(house: House) -> None:
    assert await asyncio.to_thread(collect, house, datetime.now(UTC)) == 0


async def test_a_wrong_password_and_a_server_away_are_no_error(town: House, imap: Imap) -> None:
    wrong = replace(town, settings=town.settings.model_copy(update={"letter_password": None}))
    assert await asyncio.to_thread(collect, wrong, datetime.now(UTC)) == 0
    away = replace(town, settings=town.settings.model_copy(update={"letter_imap_url": "imap://127.0.0.1:1"}))
    assert await asyncio.to_thread(collect, away, datetime.now(UTC)) == 0
    assert "SELECT" not in " ".join(imap.commands)


def _tell(house: House, ticket: Ticket, purpose: Purpose, event: int) -> None:
    with house.database.write() as session:
        notices.tell(session, session.get_one(Ticket, ticket.id), purpose, event, datetime.now(UTC))


def _deliveries(house: House) -> list[tuple[str | None, str, str]]:
    with house.database.read() as session:
        return [(one.channel, one.status, one.reason.split(";")[0]) for one in session.query(Delivery)]


def _closed(house: House) -> list[str]:
    with house.database.read() as session:
        assert jobs.dead(session) == ()
        found = session.query(ChannelContact).filter(ChannelContact.closed_at.is_not(None))
        return [one.closed_reason for one in found]
