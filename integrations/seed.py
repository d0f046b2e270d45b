"""Bring the data folder to the present: migrations, units, guides, demo log-ins. Running it again changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.guides import versions
from bot.guides.importers import guangdong
from bot.guides.models import GuideVersion
from bot.replies import Replies
from integrations.database.engine import Database, connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from ticketing import accounts, units
from ticketing.city import City
from ticketing.models import Role, Staff

Say = Callable[[str], None]
DEMO_PASSWORD = "demo-12345"  # noqa: S105 - printed for everyone; demo log-ins are refused off loopback
DATASETS = {"guangdong": "guides_guangdong.jsonl"}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One demo log-in: its name, what it shows, and whom it acts as."""

    username: str
    title: str
    role: Role
    department: str | None = None


DEMO_ACCOUNTS = (
    DemoAccount("operator", "话务员：接待、登记、直接答复", Role.OPERATOR),
    DemoAccount("dispatcher", "派单员：受理、派单、不予受理", Role.DISPATCHER),
    DemoAccount("reviewer", "审核员：审核承办单位的答复", Role.REVIEWER),
    DemoAccount("callback", "回访员：回访、登记评价", Role.CALLBACK),
    DemoAccount("dept-cg", "承办单位（政府部门）：城管执法局；其余部门同样以 dept-代码 登录", Role.DEPARTMENT, "CG"),
    DemoAccount("dept-gjj", "承办单位（事业机构）：公积金中心", Role.DEPARTMENT, "GJJ"),
    DemoAccount("dept-gr", "承办单位（公用事业）：供热公司", Role.DEPARTMENT, "GR"),
    DemoAccount("supervisor", "督办：总览、查看全部工单", Role.SUPERVISOR),
    DemoAccount("admin", "管理员", Role.ADMIN),
)


def prepare(settings: Settings, say: Say) -> None:
    """Migrate and seed the database of the settings."""
    database = connect(settings.database, settings.keys)
    try:
        upgrade(database.engine)
        city, now = City.load(settings.city), datetime.now(UTC)
        _guides(database, settings, city, now, say)
        with database.write() as session:
            units.seed(session, city, settings.city)
            if settings.demo:
                _demo_accounts(session, settings.nlu_data, now)
    finally:
        database.close()


def _guides(database: Database, settings: Settings, city: City, now: datetime, say: Say) -> None:
    with database.write() as session:
        report = versions.seed(session, settings.nlu_data, city.code, now)
    changed = report.stored["new"] + report.stored["changed"]
    if changed:
        say(f"办事指南：{changed} 份新增或更新，{len(report.flags)} 处待查")
    dataset = settings.datasets and city.code in DATASETS and settings.datasets / DATASETS[city.code]
    if dataset and dataset.is_file() and not _has_guides(database, city.code):
        say(f"导入{city.name}的办事指南（只需一次）")
        parsed, found = guangdong.read_file(
            dataset, Replies.load(settings.nlu_data / "replies").group("answers.guangdong")
        )
        with database.write() as session:
            versions.store(session, parsed, found, city.code, now)


def _has_guides(database: Database, city: str) -> bool:
    with database.read() as session:
        return session.query(GuideVersion.id).filter_by(city=city).first() is not None


def _demo_accounts(session: Session, nlu_data: Path, now: datetime) -> None:
    there = {name for (name,) in session.query(Staff.username)}
    for account in (*DEMO_ACCOUNTS, *_other_departments(nlu_data)):
        if account.username not in there:
            accounts.create_staff(
                session,
                username=account.username,
                display_name=account.title.split("：")[0],
                password=DEMO_PASSWORD,
                role=account.role,
                department=account.department,
                now=now,
                demo=True,
            )


def _other_departments(nlu_data: Path) -> Iterator[DemoAccount]:
    named = {account.department for account in DEMO_ACCOUNTS}
    with (nlu_data / "catalogue" / "departments.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] not in named:
                yield DemoAccount(f"dept-{row['code'].lower()}", row["name"], Role.DEPARTMENT, row["code"])
