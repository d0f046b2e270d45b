"""`./hotline account …`: the first log-ins of an installation without demo data, and the tokens of other systems."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from bot.replies import Replies
from integrations.cli import options
from integrations.consoles.words import Words
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from ticketing import accounts, api_tokens
from ticketing.api_tokens import Scope
from ticketing.city import City
from ticketing.errors import HotlineError
from ticketing.models import Role

Work = Callable[[Session, argparse.Namespace], str]


def add(commands: Any) -> None:
    """Declare the command and its verbs."""
    verbs = commands.add_parser("account", help="添加工作人员账号，发放和收回接口令牌").add_subparsers(required=True)
    hire = verbs.add_parser("add", help="添加账号")
    hire.add_argument("username", help="登录名：小写字母开头")
    hire.add_argument("--name", required=True, help="显示的姓名或工号")
    hire.add_argument("--role", required=True, choices=sorted(accounts.PEOPLE))
    hire.add_argument("--department", help="承办单位代码，仅 department 角色需要")
    issue = verbs.add_parser("token", help="给账号发放接口令牌，只显示这一次")
    issue.add_argument("username", help="令牌代表哪个账号：角色和单位随账号")
    issue.add_argument("--name", required=True, help="给谁用、做什么")
    issue.add_argument("--scope", required=True, action="append", choices=sorted(Scope), help="可以重复")
    issue.add_argument("--days", type=int, default=365, help="有效天数")
    revoke = verbs.add_parser("revoke", help="收回接口令牌")
    revoke.add_argument("username")
    revoke.add_argument("--name", required=True)
    for verb, work in ((hire, _hire), (issue, _issue), (revoke, _revoke)):
        options.data(verb)
        verb.set_defaults(run=partial(run, work))


def run(work: Work, settings: Settings, arguments: argparse.Namespace) -> int:
    """Carry out one verb in one transaction and print what it says."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = connect(settings.database, settings.keys)
    upgrade(database.engine)
    try:
        with database.write() as session:
            told = work(session, arguments)
    except HotlineError as error:
        raise OSError(_words(settings).error(error)) from error
    finally:
        database.close()
    print(told)
    return 0


def _hire(session: Session, arguments: argparse.Namespace) -> str:
    """The password is asked for, or read from standard input."""
    password = getpass.getpass("密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    accounts.create_staff(
        session,
        username=arguments.username,
        display_name=arguments.name,
        password=password,
        role=Role(arguments.role),
        department=arguments.department,
        now=datetime.now(UTC),
    )
    return f"已添加账号 {arguments.username}"


def _issue(session: Session, arguments: argparse.Namespace) -> str:
    return api_tokens.issue(
        session,
        username=arguments.username,
        name=arguments.name,
        scopes=arguments.scope,
        lasts=timedelta(days=min(max(arguments.days, 0), 100_000)),
        now=datetime.now(UTC),
    )


def _revoke(session: Session, arguments: argparse.Namespace) -> str:
    ended = api_tokens.revoke(session, arguments.username, arguments.name, datetime.now(UTC))
    return f"已收回 {ended} 个令牌"


def _words(settings: Settings) -> Words:
    return Words(Replies.load(settings.nlu_data / "replies"), City.load(settings.city).zone)
