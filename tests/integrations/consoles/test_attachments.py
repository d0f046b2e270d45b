"""Attachments on the ticket page and the citizen's page: seen by whom they concern, opened with a purpose."""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import ExifTags, Image

from integrations import attachments
from integrations.bootstrap import House
from integrations.storage import storage_of
from ticketing import dispatching, intake
from ticketing.attachments import Origin
from ticketing.intake import AppealDraft, Registered
from ticketing.models import AttachmentPart, Role
from ticketing.workflow import Actor

SignIn = Callable[[str], Awaitable]
DRAFT = AppealDraft(
    "投诉", "路灯坏了三天没人修", None, None, None, "13900000009", None, False, False, True, "web", None, "ordos"
)
CITIZEN = Actor(Role.CITIZEN)


def photo(colour: str = "red") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:01 09:30:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (39.0, 36.0, 0.0), 3: "E", 4: (109.0, 46.0, 0.0)})
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def register(house: House, **changed) -> Registered:
    now = datetime.now(UTC)
    with house.database.write() as session:
        made = intake.register(session, replace(DRAFT, **changed), {}, house.city, now, Actor(Role.BOT), None)
        dispatching.dispatch(session, house.city, made.ticket_id, Actor(Role.DISPATCHER), now, lead_department="CG")
    return made


def given(house: House, ticket: Registered, data: bytes = b"", name: str = "现场.jpg"):
    origin = Origin(AttachmentPart.CITIZEN, CITIZEN, ticket_id=ticket.ticket_id)
    return attachments.keep(house, data or photo(), name, origin, datetime.now(UTC))


async def send(who, number: str, deed: str, *files: tuple[str, bytes], status: int = 200, **fields: str) -> str:
    form = FormData({"csrf": who.csrf, "key": "k"} | fields, quote_fields=False)
    for name, data in files:
        form.add_field("uploads", data, filename=name)
    async with who.client.post(f"/console/tickets/{number}/do/{deed}", data=form) as response:
        page = await response.text()
        assert response.status == status, page
        return page


async def fetch(who, one, status: int = 200, **fields: str):
    data = {"csrf": who.csrf} | fields
    async with who.client.post(f"/console/attachments/{one.id}/open", data=data) as response:
        body = await response.read()
        assert response.status == status, body
        return body, response.headers


async def test_officers_see_photo_time_and_place_and_open_the_original(house: House, staff: SignIn) -> None:
    ticket = register(house)
    one = given(house, ticket)
    department = await staff("dept-cg")
    page = await department.get(f"/console/tickets/{ticket.number}")
    assert "拍摄于 2026-03-01 09:30:00" in page and "39.6, 109.766667" in page and one.sha256 in page
    async with department.client.get(f"/console/attachments/{one.id}/thumbnail") as small:
        assert small.status == 200 and small.headers["Content-Security-Policy"].endswith("sandbox")
        with Image.open(io.BytesIO(await small.read())) as drawn:
            assert dict(drawn.getexif()) == {}
    body, headers = await fetch(department, one, purpose="办理本工单")
    assert body == photo() and headers["Content-Disposition"].startswith("attachment;")
    assert (
        headers["X-Content-Type-Options"] == "nosniff"
        and "filename*=UTF-8''%E7%8E%B0" in headers["Content-Disposition"]
    )
    page = await department.get(f"/console/tickets/{ticket.number}")
    assert "查看附件原件" in page and "用途：办理本工单" in page and "审计链完整" in page
    copy, _ = await fetch(department, one, purpose="转发", copy="1")
    with Image.open(io.BytesIO(copy)) as drawn:
        assert dict(drawn.getexif()) == {} and drawn.size == (300, 200)


async def test_strangers_get_nothing(house: House, staff: SignIn, browser: Callable[[], TestClient]) -> None:
    one = given(house, register(house))
    other = await staff("dept-ga")
    await fetch(other, one, 404, purpose="看看")
    await other.get(f"/console/attachments/{one.id}/thumbnail", 404)
    async with browser().get(f"/console/attachments/{one.id}/thumbnail", allow_redirects=False) as response:
        assert response.status == 303


async def test_a_confidential_photo_reaches_the_department_after_release_without_its_place(
    house: House, staff: SignIn
) -> None:
    ticket = register(house, confidential=True, kind="举报")
    one = given(house, ticket, name="张三家门口.jpg")
    department, operator = await staff("dept-cg"), await staff("operator")
    page = await department.get(f"/console/tickets/{ticket.number}")
    assert "另有 1 个附件可能透露诉求人身份" in page and str(one.id) not in page
    await fetch(department, one, 404, purpose="办理")
    page = await operator.get(f"/console/tickets/{ticket.number}")
    assert "/thumbnail" not in page and "必填，留痕" in page
    await operator.get(f"/console/attachments/{one.id}/thumbnail", 403)
    await fetch(operator, one, 422)
    await fetch(operator, one, purpose="核看是否透露身份")
    await send(operator, ticket.number, "release_attachment", id=str(one.id))
    page = await department.get(f"/console/tickets/{ticket.number}")
    assert "张三" not in page and "拍摄于" not in page and one.sha256[:8] in page
    body, headers = await fetch(department, one, purpose="到现场核实")
    with Image.open(io.BytesIO(body)) as drawn:
        assert dict(drawn.getexif()) == {}
    assert "%E5%BC%A0" not in headers["Content-Disposition"]


async def test_departments_add_evidence_and_refusals_are_told(house: House, staff: SignIn) -> None:
    ticket, department = register(house), await staff("dept-cg")
    page = await send(
        department, ticket.number, "attach", ("修好了.jpg", photo("green")), ("说明.txt", "已修".encode())
    )
    assert "修好了.jpg" in page and "说明.txt" in page and page.count("办理证据") >= 2
    page = await send(department, ticket.number, "attach", ("照片.jpg", b"PK\x03\x04" + bytes(40)), status=422)
    assert "不能上传压缩包" in page
    assert "请先选择文件" in await send(department, ticket.number, "attach", status=422)
    other = await staff("dept-ga")
    await send(other, ticket.number, "attach", ("a.jpg", photo()), status=404)


async def test_photos_of_a_visit_stand_beside_it_with_their_hashes(house: House, staff: SignIn) -> None:
    ticket, judge = register(house), await staff("supervisor")
    visit = {"visited_at": "2026-01-01T09:00", "people": "督查科", "place": "天骄路", "result": "属实"}
    page = await send(judge, ticket.number, "visit", ("路口.jpg", photo("blue")), **visit)
    assert "照片：路口.jpg" in page and "拍摄于 2026-03-01" in page
    assert "现场督办" in page and page.count("/thumbnail") == 1


async def test_a_citizen_adds_materials_on_the_progress_page(house: House, staff: SignIn, browser) -> None:
    ticket, client = register(house), browser()
    async with client.post("/t", data={"number": ticket.number, "secret": ticket.query_code}) as response:
        page = await response.text()
    token = re.search(r'action="/t/materials\?pass=([^"]+)"', page)[1]

    async def add(given: str, name: str, data: bytes) -> tuple[int, str]:
        form = FormData(quote_fields=False)
        form.add_field("uploads", data, filename=name)
        async with client.post(f"/t/materials?pass={given}", data=form) as response:
            return response.status, await response.text()

    status, page = await add(token, "补充.jpg", photo())
    assert status == 200 and "收到了 1 个文件" in page and "补充.jpg" in page
    status, page = await add(token, "补充.zip", b"PK\x03\x04" + bytes(40))
    assert status == 422 and "不能上传压缩包" in page and ticket.number in page
    status, page = await add(token[:-1] + "x", "补充.jpg", photo())
    assert status == 403 and "重新输入编号和查询码" in page
    page = await (await staff("dept-cg")).get(f"/console/tickets/{ticket.number}")
    assert "补充材料" in page and "补充.jpg" in page


async def test_the_beat_sweeps_what_nobody_uses(house: House, tmp_path) -> None:
    house = replace(house, settings=house.settings.model_copy(update={"data": tmp_path}))
    ticket, now = register(house), datetime.now(UTC)
    used = given(house, ticket)
    lost = attachments.take_in(house, photo("white"), "没发.jpg", now)
    later = now + timedelta(days=1, minutes=1)
    assert attachments.sweep(house, now) == 0 and attachments.sweep(house, later) == 1
    storage = storage_of(house.settings)
    assert not storage.has(lost.sha256.hex()) and not storage.has(lost.sha256.hex() + attachments.THUMBNAIL)
    assert attachments.read(house, used.sha256) == photo()


async def test_a_changed_file_is_noticed(house: House, staff: SignIn) -> None:
    one = given(house, register(house), photo("pink"))
    path = house.settings.data / "attachments" / one.sha256[:2] / one.sha256
    path.write_bytes(house.vault.seal_bytes(b"something else"))
    body, _ = await fetch(await staff("operator"), one, 503, purpose="看")
    assert "暂时读不出来" in body.decode()


@pytest.mark.parametrize("name", ["../x", "abc", "G" * 64])
def test_no_name_leaves_the_folder(house: House, name: str) -> None:
    with pytest.raises(ValueError, match="hash"):
        storage_of(house.settings).get(name)
