"""Open311 GeoReport v2: the standard's forms, its bounds, and nothing that is confidential."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from aiohttp.test_utils import TestClient
from sqlalchemy import update

from integrations.bootstrap import House
from ticketing.models import Ticket

MATTER = {"service_code": "complaint", "description": "路灯坏了三天没人修", "address_string": "东胜区天骄路"}


async def xml(client: TestClient, path: str, status: int = 200, method: str = "GET", **more: Any) -> Any:
    async with client.request(method, f"/open311/v2/{path}", **more) as response:
        body = await response.read()
        assert response.status == status, body.decode()
        assert response.content_type == "text/xml"
        return ElementTree.fromstring(body)


async def test_discovery_and_services_are_public(browser: Callable[[], TestClient]) -> None:
    client = browser()
    found = await xml(client, "discovery.xml")
    assert found.findtext("endpoints/endpoint/specification") == "http://wiki.open311.org/GeoReport_v2"
    assert [one.text for one in found.iter("format")] == ["text/xml", "application/json"]
    services = await xml(client, "services.xml")
    assert services.tag == "services" and len(services.findall("service")) == 6
    async with client.get("/open311/v2/services.json") as response:
        codes = [one["service_code"] for one in await response.json()]
    assert codes == [one.text for one in services.iter("service_code")]


async def test_a_request_is_made_and_found(browser: Callable[[], TestClient], token: Callable[..., str]) -> None:
    client, key = browser(), token("operator")
    made = await xml(client, "requests.xml", 201, "POST", data=MATTER | {"api_key": key, "phone": "13900000001"})
    number = made.findtext("request/service_request_id")
    found = (await xml(client, f"requests/{number}.xml", params={"api_key": key})).find("request")
    assert (found.findtext("status"), found.findtext("service_code")) == ("open", "complaint")
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        assert datetime.fromisoformat(found.findtext(name)).utcoffset() == timedelta(hours=8)
    assert "13900000001" not in ElementTree.tostring(found, encoding="unicode")
    async with client.get("/open311/v2/requests.json", params={"api_key": key, "status": "open"}) as response:
        assert [one["service_request_id"] for one in await response.json()] == [number]
    assert len(await xml(client, "requests.xml", params={"api_key": key, "status": "closed"})) == 0


async def test_the_same_post_with_a_key_is_one_request(
    browser: Callable[[], TestClient], token: Callable[..., str]
) -> None:
    client, data, headers = browser(), MATTER | {"api_key": token("operator")}, {"Idempotency-Key": "once-only"}
    first, again = [await xml(client, "requests.xml", 201, "POST", data=data, headers=headers) for _ in range(2)]
    assert first.findtext(".//service_request_id") == again.findtext(".//service_request_id")


async def test_what_does_not_fit_is_refused_in_the_standards_form(
    browser: Callable[[], TestClient], token: Callable[..., str]
) -> None:
    client, key = browser(), token("operator")
    for changes in (
        {"service_code": "x"}, {"address_string": ""}, {"lat": "91", "long": "1"}, {"lat": "nan", "long": "1"},
        {"description": " "}, {"description": "x" * 5001}, {"phone": "call me"},
    ):  # fmt: skip
        refused = await xml(client, "requests.xml", 400, "POST", data=MATTER | {"api_key": key} | changes)
        assert refused.tag == "errors" and refused.findtext("error/code") == "400"
    await xml(client, "requests.xml", 403, "POST", data=MATTER)
    await xml(client, "requests.xml", 403)
    await xml(client, "requests/260101-000001-1.xml", 404, params={"api_key": key})
    for query in ({"start_date": "2026-01-01"}, {"status": "lost"}, {"service_code": "x"}, {"end_date": "soon"}):
        await xml(client, "requests.xml", 400, params=query | {"api_key": key})


async def test_lists_span_ninety_days_and_hide_reports(
    house: House, browser: Callable[[], TestClient], token: Callable[..., str]
) -> None:
    client, key = browser(), token("operator")
    made = await xml(client, "requests.xml", 201, "POST", data=MATTER | {"api_key": key})
    await xml(client, "requests.xml", 201, "POST", data=MATTER | {"api_key": key, "service_code": "report"})
    assert len(await xml(client, "requests.xml", params={"api_key": key})) == 1
    long_ago = datetime.now(UTC) - timedelta(days=91)
    with house.database.write() as session:
        session.execute(update(Ticket).values(registered_at=long_ago))
    assert len(await xml(client, "requests.xml", params={"api_key": key})) == 0
    since = {"api_key": key, "start_date": (long_ago - timedelta(days=1)).isoformat()}
    assert len(await xml(client, "requests.xml", params=since)) == 1
    by_number = {"api_key": key, "service_request_id": made.findtext(".//service_request_id")}
    assert len(await xml(client, "requests.xml", params=by_number)) == 1
