"""The API keeps to roles, scopes, keys and bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from integrations.bootstrap import House
from ticketing import api_tokens, dispatching
from ticketing.api_tokens import Scope
from ticketing.models import ApiToken, Role, Ticket
from ticketing.queries import ticket_id
from ticketing.workflow import Actor

DISPATCHER = Actor(Role.DISPATCHER)


def dispatch(house: House, number: str, department: str) -> None:
    with house.database.write() as session:
        id_ = ticket_id(session, DISPATCHER, number)
        dispatching.dispatch(session, house.city, id_, DISPATCHER, datetime.now(UTC), lead_department=department)


async def test_nobody_gets_in_without_a_running_token(
    house: House, caller: Callable[..., Any], token: Callable[..., str]
) -> None:
    known = caller("operator")
    good = known.token
    for bad in ("", "hl_wrong-wrong-wrong", token("operator", now=datetime.now(UTC) - timedelta(days=3))):
        known.token = bad
        assert (await known.get("/tickets", 401))["code"] == "token_needed"
    with house.database.write() as session:
        assert api_tokens.revoke(session, "operator", "test", datetime.now(UTC)) == 2
        assert good.encode() not in b"".join(session.scalars(select(ApiToken.token_hash)))
    known.token = good
    await known.get("/tickets", 401)


async def test_a_token_does_what_it_is_for_and_no_more(caller: Callable[..., Any]) -> None:
    reader = caller("operator", Scope.KNOWLEDGE)
    assert any(one["code"] == "CG" and one["here"] for one in (await reader.get("/departments"))["departments"])
    assert (await reader.get("/tickets", 403))["code"] == "token_scope"
    await caller("reviewer").register("reviewer-1", 403)


async def test_the_same_key_registers_once(house: House, caller: Callable[..., Any]) -> None:
    desk, other = caller("operator"), caller("operator2")
    made = await asyncio.gather(*(desk.register("one-and-only") for _ in range(4)))
    assert len({one["number"] for one in made}) == 1
    assert (await desk.register("one-and-only", 409, content="另外一件事"))["code"] == "idempotency_reused"
    assert (await other.register("one-and-only"))["number"] != made[0]["number"]
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


async def test_pages_follow_each_other_without_gaps(caller: Callable[..., Any]) -> None:
    desk = caller("operator")
    numbers = [(await desk.register(f"number-{n}"))["number"] for n in range(5)]
    seen, cursor = [], None
    while True:
        page = await desk.get("/tickets", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [ticket["number"] for ticket in page["tickets"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == numbers[::-1]


async def test_a_department_sees_its_own_and_no_confidential_reporter(house: House, caller: Callable[..., Any]) -> None:
    desk, ours, theirs = caller("operator"), caller("dept-cg"), caller("dept-ga")
    words = "我叫张伟，电话13812345678，举报门口的烧烤摊占道"
    number = (await desk.register("told-once", kind="举报", content=words, confidential=True))["number"]
    assert (await ours.get("/tickets"))["tickets"] == []
    dispatch(house, number, "CG")
    told = await ours.get(f"/tickets/{number}")
    assert "13812345678" not in str(told) and "烧烤摊" in told["content"]
    assert (await desk.get(f"/tickets/{number}"))["content"] == words
    assert (await theirs.get(f"/tickets/{number}", 404))["code"] == "ticket_not_found"
    assert "13900000001" not in str(await desk.get(f"/tickets/{number}"))


async def test_progress_needs_the_code(caller: Callable[..., Any]) -> None:
    made = await caller("operator").register("with-code-1")
    portal = caller("operator", Scope.PROGRESS)
    found = await portal.post("/progress", 200, {"number": made["number"], "code": made["query_code"]})
    assert (found["status"], found["steps"][0]["code"]) == ("registered", "register")
    wrong = f"{(int(made['query_code']) + 1) % 1_000_000:06d}"
    for _ in range(5):
        await portal.post("/progress", 404, {"number": made["number"], "code": wrong})
    await portal.post("/progress", 429, {"number": made["number"], "code": made["query_code"]})


async def test_every_field_is_bounded(caller: Callable[..., Any]) -> None:
    desk = caller("operator")
    for changes in ({"content": "x" * 5001}, {"content": " \n"}, {"kind": "闲聊"}, {"phone": "110"}, {"extra": 1}):
        problem = await desk.register("bounded-1", 422, **changes)
        assert problem["errors"][0]["field"] == next(iter(changes))
    assert (await desk.call("POST", "/tickets", 422, json={}))["errors"][0]["where"] == "header"
    await desk.call("POST", "/tickets", 415, data=b"\xff", headers={"Idempotency-Key": "bounded-2"})
    headers = {"Idempotency-Key": "bounded-3", "Content-Type": "application/json"}
    await desk.call("POST", "/tickets", 422, data=b"\xff\xfe", headers=headers)
    await desk.call("POST", "/tickets", 413, data=b'"' + b"x" * 300_000 + b'"', headers=headers)
    await desk.get("/tickets", 422, limit=201)
    await desk.get("/tickets", 422, cursor="x")


async def test_a_conversation_belongs_to_its_token(caller: Callable[..., Any]) -> None:
    portal, other = caller("operator"), caller("operator2")
    path = "/conversations/session-of-citizen-1/messages"
    said = {"id": "message-1", "text": "补领身份证要带什么材料"}
    first = await portal.post(path, 200, said)
    again = await portal.post(path, 200, said)
    assert first["reply"]["text"] == again["reply"]["text"] and again["duplicate"]
    told = await portal.get(path)
    assert [message["author"] for message in told["messages"]] == ["citizen", "bot"]
    assert (await portal.get(path, after=1))["messages"][0]["reply"]["action"] == first["reply"]["action"]
    await other.get(path, 404)


async def test_guides_are_found_and_opened(house: House, caller: Callable[..., Any]) -> None:
    reader = caller("operator")
    found = await reader.get("/guides", q="补领身份证", limit=3)
    best = found["items"][0]
    assert best["written"]
    guide = await reader.get(f"/guides/{best['code']}")
    assert guide["code"] == best["code"] and guide["cells"]
    assert (await reader.get("/guides/NO-SUCH-ITEM", 404))["code"] == "guide_not_found"


async def test_a_department_gets_its_own_figures(caller: Callable[..., Any]) -> None:
    desk, ours = caller("operator"), caller("dept-cg")
    await desk.register("counted-1")
    metrics = {one["code"]: one for one in (await desk.get("/metrics"))["metrics"]}
    assert metrics["closed"]["denominator"] == 0 or metrics["closed"]["numerator"] == 0
    assert (await ours.get("/metrics", department="GA"))["department"] == "CG"
    await desk.get("/metrics", 422, since="2026-02-30")
    await desk.get("/metrics", 422, since="2026-03-02", until="2026-03-01")


async def test_the_description_is_public_and_complete(caller: Callable[..., Any]) -> None:
    known = caller("operator")
    known.token = ""
    described = await known.get("/openapi.json")
    assert described["openapi"] == "3.1.0"
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert {"401", "403", "429"} <= operation["responses"].keys(), path
            assert operation["summary"]
