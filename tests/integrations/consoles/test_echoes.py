"""Staff see which other tickets tell of the same incident, with reasons; departments do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from integrations.bootstrap import House
from ticketing import dispatching, intake
from ticketing.intake import AppealDraft
from ticketing.models import Role
from ticketing.workflow import Actor

DRAFT = AppealDraft(
    kind="投诉",
    content="万家惠欣园3号楼暖气冰凉，家里只有12度",
    place="万家惠欣园3号楼",
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


async def test_the_ticket_page_suggests_what_may_be_the_same_incident(staff, house: House) -> None:
    first, second = _register(house, DRAFT), _register(house, replace(DRAFT, content="万家惠欣园三栋停暖了，室温12度"))
    page = await (await staff("dispatcher")).get(f"/console/tickets/{first.number}")
    assert "可能是同一件事 · 1 件" in page
    assert f"/console/tickets/{second.number}" in page
    assert "同为3号楼" in page
    with house.database.write() as session:
        dispatching.dispatch(
            session, house.city, first.ticket_id, Actor(Role.SYSTEM), datetime.now(UTC), lead_department="CG"
        )
    assert "可能是同一件事" not in await (await staff("dept-cg")).get(f"/console/tickets/{first.number}")


def _register(house: House, draft: AppealDraft) -> intake.Registered:
    with house.database.write() as session:
        return intake.register(session, draft, {}, house.city, datetime.now(UTC), Actor(Role.BOT), None)
