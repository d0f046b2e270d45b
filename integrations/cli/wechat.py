"""`./hotline wechat menu`: create the Official Account's menu."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.replies import Replies
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.api import ApiError, calling
from integrations.channels.wechat.menu import menu
from integrations.cli import options
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings, SettingsError
from ticketing.errors import HotlineError


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("wechat", help="微信公众号：创建自定义菜单")
    command.add_argument("verb", choices=["menu"])
    command.add_argument("--show", action="store_true", help="只显示菜单，不发给微信")
    options.data(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Send the menu, or show it."""
    made = menu(Replies.load(settings.nlu_data / "replies"), settings.url)
    if arguments.show:
        print(json.dumps(made, ensure_ascii=False, indent=2))
        return 0
    account = Account.of(settings)
    if account is None or not account.secret:
        raise SettingsError("微信公众号没有配置：请设置 WECHAT_APP_ID、WECHAT_APP_SECRET、WECHAT_TOKEN")
    if not settings.public_url:
        raise SettingsError("菜单里的网页需要外网地址：请设置 HOTLINE_PUBLIC_URL")
    try:
        asyncio.run(_create(settings, account, made))
    except (ApiError, HotlineError, aiohttp.ClientError, TimeoutError) as error:
        raise OSError(f"微信没有接受菜单：{error}") from error
    print("✓ 公众号菜单已创建")
    return 0


async def _create(settings: Settings, account: Account, made: dict[str, Any]) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    database = connect(settings.database, settings.keys)
    try:
        await asyncio.to_thread(upgrade, database.engine)
        async with calling(account, database, lambda: datetime.now(UTC)) as api:
            await api.create_menu(made)
    finally:
        database.close()
