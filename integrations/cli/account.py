"""`./hotline account add`: the first log-ins of an installation without demo data."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from typing import Any

from bot.replies import Replies
from integrations.cli import options
from integrations.consoles.words import Words
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from ticketing import accounts
from ticketing.city import City
from ticketing.errors import HotlineError
from ticketing.models import Role


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("account", help="添加工作人员账号")
    command.add_argument("verb", choices=["add"])
    command.add_argument("username", help="登录名：小写字母开头")
    command.add_argument("--name", required=True, help="显示的姓名或工号")
    command.add_argument("--role", required=True, choices=sorted(accounts.PEOPLE))
    command.add_argument("--department", help="承办单位代码，仅 department 角色需要")
    options.data(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Ask for the password (or read it from standard input) and make the account."""
    password = getpass.getpass("密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    settings.data.mkdir(parents=True, exist_ok=True)
    database = connect(settings.database, settings.keys)
    upgrade(database.engine)
    try:
        with database.write() as session:
            accounts.create_staff(
                session,
                username=arguments.username,
                display_name=arguments.name,
                password=password,
                role=Role(arguments.role),
                department=arguments.department,
                now=datetime.now(UTC),
            )
    except HotlineError as error:
        raise OSError(_words(settings).error(error)) from error
    finally:
        database.close()
    print(f"已添加账号 {arguments.username}")
    return 0


def _words(settings: Settings) -> Words:
    return Words(Replies.load(settings.nlu_data / "replies"), City.load(settings.city).zone)
