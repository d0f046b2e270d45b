"""The page of what is hot, for those who watch."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.bootstrap import House
from ticketing import intake
from ticketing.intake import AppealDraft
from ticketing.models import Role
from ticketing.workflow import Actor


async def test_three_tellings_of_one_incident_are_shown_with_their_tickets(staff, house: House) -> None:
    texts = ("万家惠欣园3号楼暖气冰凉，家里12度", "万家惠欣园三栋停暖了，冻得不行", "万家惠欣园3#停暖")
    numbers = [_register(house, text).number for text in texts]
    page = await (await staff("supervisor")).get("/console/hotspots")
    assert all(number in page for number in numbers)
    assert "供热公司" in page
    assert "没有突增" in page
    await (await staff("operator")).get("/console/hotspots", 403)


def _register(house: House, text: str) -> intake.Registered:
    draft = AppealDraft(
        kind="投诉",
        content=text,
        place=None,
        region=None,
        happened=None,
        phone=None,
        name=None,
        anonymous=True,
        confidential=False,
        wants_reply=False,
        channel="web",
        conversation_id=None,
        city="ordos",
    )
    with house.database.write() as session:
        return intake.register(
            session, draft, {"department": "GR"}, house.city, datetime.now(UTC), Actor(Role.BOT), None
        )
