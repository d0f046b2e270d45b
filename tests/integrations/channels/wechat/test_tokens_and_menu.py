"""One token for all processes, asked for once; the menu as the product names it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.replies import Replies
from integrations.channels.wechat import budget
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.api import Api, ApiError, calling
from integrations.channels.wechat.menu import menu
from integrations.channels.wechat.tokens import access_token
from integrations.database.engine import Database

OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
ACCOUNT = Account("wx1", "s", "t", (), "http://127.0.0.1:9")
NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


class Source:
    """Where tokens come from; slowly."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> tuple[str, int]:
        self.asked += 1
        await asyncio.sleep(0.05)
        return f"token-{self.asked}", 99_999


async def test_many_ask_and_one_refreshes(database: Database, vault) -> None:
    other = Database(database.engine.url.render_as_string(hide_password=False), vault)  # another process
    source = Source()
    try:
        tokens = await asyncio.gather(
            *(access_token(place, ACCOUNT, source, lambda: NOW) for place in (database, other) * 4)
        )
    finally:
        other.close()
    assert set(tokens) == {"token-1"} and source.asked == 1


async def test_a_token_lives_two_hours_at_most_and_is_renewed_early(sqlite: Database) -> None:
    source = Source()
    for minutes, expected in ((0, "token-1"), (114, "token-1"), (116, "token-2")):
        at = NOW + timedelta(minutes=minutes)
        assert await access_token(sqlite, ACCOUNT, source, lambda at=at: at) == expected


async def test_a_refresher_that_died_is_replaced_and_one_that_failed_lets_go(sqlite: Database) -> None:
    async def fails() -> tuple[str, int]:
        raise ApiError(40125, "invalid appsecret")

    with pytest.raises(ApiError):
        await access_token(sqlite, ACCOUNT, fails, lambda: NOW)
    assert await access_token(sqlite, ACCOUNT, Source(), lambda: NOW) == "token-1"


async def test_the_menu_is_created(account_house, fake) -> None:
    account = Account.of(account_house.settings)
    assert account is not None
    made = menu(account_house.replies, "https://12345.example.cn")
    async with calling(account, account_house.database, lambda: datetime.now(UTC)) as api:
        assert isinstance(api, Api)
        await api.create_menu(made)
    assert fake.menus == [made]
    names = [[top["name"], *(entry["name"] for entry in top["sub_button"])] for top in made["button"]]
    assert names == [
        ["我要问", "问办事", "办事专题", "找大厅", "代办点"],
        ["我要诉", "反映问题", "我的工单", "补充材料", "评价"],
        ["服务", "人工客服", "受理范围", "无障碍版"],
    ]


def test_every_entry_says_something_or_opens_a_page(nlu_data) -> None:
    made = menu(Replies.load(nlu_data / "replies"), "https://12345.example.cn")
    for entry in (entry for top in made["button"] for entry in top["sub_button"]):
        assert entry["type"] == "click" or entry["url"].startswith("https://12345.example.cn/")


def test_the_budget_is_five_messages_in_two_days(database: Database) -> None:
    with database.write() as session:
        assert not budget.reserve(session, OPENID, NOW)  # who never wrote cannot be written to
        budget.heard(session, OPENID, NOW)
        assert [budget.reserve(session, OPENID, NOW) for _ in range(6)] == [True] * 5 + [False]
        budget.give_back(session, OPENID)
        late = NOW + budget.WINDOW
        assert not budget.reachable(session, OPENID, late) and budget.reachable(session, OPENID, NOW)
        budget.closed(session, OPENID, "window", NOW)
        assert not budget.reachable(session, OPENID, NOW)
        budget.heard(session, OPENID, late)
        assert budget.reachable(session, OPENID, late)
        budget.left(session, OPENID, late)
        assert not budget.reachable(session, OPENID, late)
