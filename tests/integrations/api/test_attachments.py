"""Files over the API: given once, listed with their hashes, fetched with a purpose, bounded as tickets are."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import UTC, datetime

from PIL import Image

from integrations.bootstrap import House
from ticketing import dispatching, queries
from ticketing.models import Role
from ticketing.workflow import Actor


def photo(size: int = 40) -> str:
    out = io.BytesIO()
    Image.effect_noise((size, size), 90).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


async def test_a_file_is_given_listed_and_fetched(caller: Callable) -> None:
    operator = caller("operator")
    number = (await operator.register("ticket-0001"))["number"]
    body, key = {"name": "现场.exe", "content": photo(700)}, {"Idempotency-Key": "file-0001"}
    assert len(body["content"]) > 256 * 1024, "more than other bodies may have"
    made = await operator.post(f"/tickets/{number}/attachments", 201, body, **key)
    assert (made["name"], made["media_type"], made["part"]) == ("现场.png", "image/png", "evidence")
    assert (await operator.post(f"/tickets/{number}/attachments", 201, body, **key))["id"] == made["id"]
    await operator.post(f"/tickets/{number}/attachments", 409, {"name": "b", "content": photo(41)}, **key)
    listed = await operator.get(f"/tickets/{number}/attachments")
    assert [one["sha256"] for one in listed["attachments"]] == [made["sha256"]] and listed["withheld"] == 0
    fetched = await operator.get(f"/tickets/{number}/attachments/{made['id']}", purpose="核对")
    assert fetched["content"] == body["content"]
    events = [one["action"] for one in (await operator.get(f"/tickets/{number}"))["events"]]
    assert events.count("attach") == 1 and events.count("open_attachment") == 1


async def test_what_is_refused(caller: Callable) -> None:
    operator = caller("operator")
    number = (await operator.register("ticket-0002"))["number"]
    path = f"/tickets/{number}/attachments"
    archive = base64.b64encode(b"PK\x03\x04" + bytes(40)).decode()
    told = await operator.post(path, 422, {"name": "a.jpg", "content": archive}, **{"Idempotency-Key": "file-0002"})
    assert told["code"] == "file_archive" and "压缩包" in told["detail"]
    await operator.post(path, 422, {"name": "a", "content": "no base64!"}, **{"Idempotency-Key": "file-0003"})
    await operator.post(path, 422, {"name": "a", "content": photo()})
    other = (await operator.register("ticket-0003"))["number"]
    made = await operator.post(path, 201, {"name": "a", "content": photo()}, **{"Idempotency-Key": "file-0004"})
    await operator.get(f"/tickets/{other}/attachments/{made['id']}", 404)


async def test_a_department_reaches_its_own_tickets_only(caller: Callable, house: House) -> None:
    operator, mine, other = caller("operator"), caller("dept-cg"), caller("dept-ga")
    number = (await operator.register("ticket-0004"))["number"]
    with house.database.write() as session:
        actor = Actor(Role.DISPATCHER)
        ticket_id = queries.ticket_id(session, actor, number)
        dispatching.dispatch(session, house.city, ticket_id, actor, datetime.now(UTC), lead_department="CG")
    body = {"name": "修好.png", "content": photo()}
    made = await mine.post(f"/tickets/{number}/attachments", 201, body, **{"Idempotency-Key": "file-0005"})
    assert made["department"] == "CG"
    await other.post(f"/tickets/{number}/attachments", 404, body, **{"Idempotency-Key": "file-0005"})
    await other.get(f"/tickets/{number}/attachments", 404)
    await other.get(f"/tickets/{number}/attachments/{made['id']}", 404)
