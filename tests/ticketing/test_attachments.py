"""Attachments: stored once, used often, bound to who sent them, hashed into the chain, seen by whom they concern."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import ExifTags, Image
from sqlalchemy import func, select, update

from ticketing import attachment_views, attachments, audit, conversations, handling
from ticketing.attachments import Origin, clean_name, examine
from ticketing.conversations import Inbound
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound
from ticketing.models import AttachmentPart, Blob, OutboxRow, Role, Ticket, TicketEvent
from ticketing.workflow import Actor

CITIZEN = Actor(Role.CITIZEN)
ADDRESS = ("web", "visitor-1")


def photo(colour: str = "red") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (39.0, 36.0, 0.0), 3: "E", 4: (109.0, 46.0, 0.0)})
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


PHOTO = examine(photo(), "路灯.jpg")
NOTE = examine("路灯坏了三天。".encode(), "说明.txt")


def keep(office, content=PHOTO, **origin):
    given = {"part": AttachmentPart.CITIZEN, "actor": CITIZEN} | origin
    with office.database.write() as session:
        attachments.claim(session, content, office.now)
        return attachments.add(session, content, Origin(**given), office.now)


def say(office, ids, external="m-1", text="〔1 个附件〕"):
    inbound = Inbound(*ADDRESS, text, external, "ordos", {"attachments": [str(one) for one in ids], "wordless": True})
    with office.database.write() as session:
        return conversations.record(session, inbound, office.now)


def seen(office, actor, ticket_id):
    with office.database.read() as session:
        return attachment_views.of_ticket(session, actor, ticket_id)


def events(office, ticket_id, action):
    with office.database.read() as session:
        which = (TicketEvent.ticket_id == ticket_id) & (TicketEvent.action == action)
        return list(session.scalars(select(TicketEvent.data).where(which).order_by(TicketEvent.seq)))


def test_the_same_bytes_are_stored_once_and_each_use_is_a_row(everywhere) -> None:
    first, second = keep(everywhere), keep(everywhere)
    assert first.id != second.id and first.sha256 == second.sha256
    with everywhere.database.read() as session:
        assert session.execute(select(func.count()).select_from(Blob)).scalar_one() == 1


def test_an_upload_sent_twice_is_one(everywhere) -> None:
    first = keep(everywhere, key="k-1", address=ADDRESS)
    assert keep(everywhere, key="k-1", address=ADDRESS).id == first.id
    with pytest.raises(Conflict, match="key_used"):
        keep(everywhere, NOTE, key="k-1", address=ADDRESS)


def test_what_is_sent_in_the_talk_becomes_the_tickets(everywhere) -> None:
    mine = keep(everywhere, address=ADDRESS)
    said = say(everywhere, [mine.id])
    made = everywhere.register(conversation_id=said.conversation.id)
    found = seen(everywhere, everywhere.operator, made.ticket_id).shown
    assert [(one.id, one.part, one.name) for one in found] == [(mine.id, "citizen", "路灯.jpg")]
    assert found[0].metadata["latitude"] == 39.6
    (event,) = events(everywhere, made.ticket_id, "attach")
    assert event["files"][0]["sha256"] == mine.sha256
    with everywhere.database.read() as session:
        assert audit.verify(session, made.ticket_id) == ()


def test_a_photo_after_the_ticket_goes_to_it_and_its_department_is_told(office) -> None:
    said = say(office, [keep(office, address=ADDRESS).id])
    made = office.dispatched(conversation_id=said.conversation.id)
    later = say(office, [keep(office, NOTE, address=ADDRESS).id], "m-2")
    with office.database.write() as session:
        assert attachments.follow(session, later.message_id, office.now) == made.number
        assert attachments.follow(session, later.message_id, office.now) is None
    assert [one.part for one in seen(office, office.handler, made.ticket_id).shown] == ["citizen", "supplement"]
    with office.database.read() as session:
        told = [
            row.payload["to"] for row in session.scalars(select(OutboxRow)) if row.payload.get("matter") == "attach"
        ]
    assert told == ["department"]


def test_a_photo_long_after_waits_for_its_own_ticket(office) -> None:
    said = say(office, [keep(office, address=ADDRESS).id])
    office.register(conversation_id=said.conversation.id)
    office.now += timedelta(hours=1)
    later = say(office, [keep(office, NOTE, address=ADDRESS).id], "m-2")
    with office.database.write() as session:
        assert attachments.follow(session, later.message_id, office.now) is None


def test_nobody_sends_what_somebody_else_uploaded(office) -> None:
    other = keep(office, address=("web", "visitor-2"))
    with pytest.raises(NotFound, match="attachment_not_found"):
        say(office, [other.id])
    mine = keep(office, address=ADDRESS)
    say(office, [mine.id])
    with pytest.raises(NotFound, match="attachment_not_found"):
        say(office, [mine.id], "m-2")
    with office.database.read() as session, pytest.raises(NotFound):
        attachment_views.of_address(session, *ADDRESS, other.id)


def test_a_department_sees_its_own_tickets_files_only(office) -> None:
    made = office.dispatched()
    one = keep(office, ticket_id=made.ticket_id)
    assert len(seen(office, office.handler, made.ticket_id).shown) == 1
    stranger = office.hire(Role.DEPARTMENT, "GA")
    for look in (
        lambda: seen(office, stranger, made.ticket_id),
        lambda: office.on(attachment_views.open_one, stranger, one.id, "看", office.now),
        lambda: office.on(attachment_views.peek, stranger, one.id),
    ):
        with pytest.raises(NotFound):
            look()


def test_a_confidential_reporters_files_are_withheld_until_released(office) -> None:
    made = office.dispatched(confidential=True)
    one = keep(office, ticket_id=made.ticket_id)
    held = seen(office, office.handler, made.ticket_id)
    assert held.shown == () and held.withheld == 1
    with pytest.raises(NotFound):
        office.on(attachment_views.open_one, office.handler, one.id, "办理", office.now)
    with pytest.raises(Forbidden):
        office.on(attachment_views.release, office.handler, one.id, made.ticket_id, office.now)
    office.on(attachment_views.release, office.operator, one.id, made.ticket_id, office.now)
    (shown,) = seen(office, office.handler, made.ticket_id).shown
    assert shown.name == f"{one.sha256[:8]}.jpg" and shown.metadata == {}
    opening = office.on(attachment_views.open_one, office.handler, one.id, "核实现场", office.now)
    assert opening.copy, "a department never gets the original with its place and time"
    assert events(office, made.ticket_id, "open_attachment")[-1]["purpose"] == "核实现场"


def test_a_confidential_file_is_opened_with_a_purpose_only(office) -> None:
    made = office.register(confidential=True)
    one = keep(office, ticket_id=made.ticket_id)
    with pytest.raises(Invalid, match="field_missing"):
        office.on(attachment_views.open_one, office.operator, one.id, "  ", office.now)
    with office.database.read() as session, pytest.raises(Forbidden, match="purpose_needed"):
        attachment_views.peek(session, office.operator, one.id)
    assert not office.on(attachment_views.open_one, office.operator, one.id, "核对", office.now).copy


def test_evidence_of_the_department_needs_no_release(office) -> None:
    made = office.dispatched(confidential=True)
    keep(office, ticket_id=made.ticket_id, part=AttachmentPart.EVIDENCE, actor=office.handler)
    assert len(seen(office, office.handler, made.ticket_id).shown) == 1


def test_a_department_adds_nothing_to_a_ticket_that_is_over(office) -> None:
    made = office.register()
    with office.database.write() as session:
        session.execute(update(Ticket).where(Ticket.id == made.ticket_id).values(status="closed", lead_department="CG"))
    with office.database.read() as session, pytest.raises(Conflict, match="ticket_is_over"):
        attachment_views.require_open(session, office.handler, made.ticket_id)
    with office.database.read() as session:
        attachment_views.require_open(session, office.operator, made.ticket_id)


def test_limits_of_visitor_message_and_ticket(office, monkeypatch) -> None:
    monkeypatch.setattr(attachments, "MAX_UNSENT", 2)
    monkeypatch.setattr(attachments, "MAX_OF_TICKET", 1)
    ids = [keep(office, address=ADDRESS).id for _ in range(2)]
    with pytest.raises(Conflict, match="too_many_unsent"):
        keep(office, address=ADDRESS)
    with pytest.raises(Invalid, match="too_many_files"):
        say(office, ids * 5)
    made = office.register()
    keep(office, ticket_id=made.ticket_id)
    with pytest.raises(Conflict, match="ticket_is_full"):
        keep(office, ticket_id=made.ticket_id)


def test_orphans_go_after_a_day_and_used_bytes_stay(everywhere) -> None:
    made = everywhere.register()
    used, lost = keep(everywhere, ticket_id=made.ticket_id), keep(everywhere, NOTE, address=ADDRESS)
    tomorrow = everywhere.now + timedelta(days=1, minutes=1)
    with everywhere.database.write() as session:
        assert attachments.let_go(session, everywhere.now + timedelta(hours=23)) == 0
        assert attachments.let_go(session, tomorrow) == 1
        assert [one.hex() for one in attachments.unused(session, tomorrow)] == [lost.sha256]
        assert not attachments.discard(session, bytes.fromhex(used.sha256), tomorrow)
    with everywhere.database.write() as session:
        attachments.claim(session, NOTE, tomorrow)
        assert not attachments.discard(session, bytes.fromhex(lost.sha256), tomorrow), "somebody uploads it again"
        assert attachments.discard(session, bytes.fromhex(lost.sha256), tomorrow + timedelta(days=2))


def test_the_retention_of_a_ticket_lets_go_of_its_files(office) -> None:
    made = office.register()
    keep(office, ticket_id=made.ticket_id)
    with office.database.write() as session:
        assert attachments.forget(session, made.ticket_id) == 1
        assert len(attachments.unused(session, office.now + timedelta(days=2))) == 1
    assert events(office, made.ticket_id, "attach")[0]["files"][0]["sha256"] == PHOTO.sha256.hex()
    with office.database.read() as session:
        assert audit.verify(session, made.ticket_id) == ()


def test_uploading_makes_nobodys_form_stale(office) -> None:
    made = office.dispatched()
    before = office.ticket(made.ticket_id).version
    keep(office, ticket_id=made.ticket_id)
    office.do(handling.sign, made.ticket_id, office.handler, office.now, expected_version=before)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\photos\\现场.JPEG", "现场.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("evil\u202egnp.exe", "evilgnp.jpg"),
        ("a<b>:c.html", "abc.jpg"),
        ("", "file.jpg"),
        ("..", "file.jpg"),
        ("长" * 300 + ".jpg", "长" * 60 + ".jpg"),
    ],
)
def test_names_are_cleaned(given: str, shown: str) -> None:
    assert clean_name(given, "jpg") == shown
