"""Writing guides (版本): files and imports seed the database, people edit it, and neither overwrites the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from bot.guides.guide import NATIONAL, Guide
from bot.guides.importers.yaml import read_folder
from bot.guides.models import GuideImport, GuideStatus, GuideVersion
from bot.guides.report import Flag, ImportReport, Parsed
from ticketing.errors import NotFound
from ticketing.models import new_id

NATIONAL_PACK = "national"
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database already holds of one item in one region."""

    id: UUID
    file_hash: str
    edited: bool
    last_version: int
    seen: frozenset[str]


def pack_of(guide: Guide, city: str) -> str:
    """The city pack a guide belongs to: national ones are everybody's, all others this city's alone."""
    return NATIONAL_PACK if guide.region == NATIONAL else city


def seed(session: Session, nlu_data: Path, city: str, now: datetime) -> ImportReport:
    """Bring the guides of `nlu_data/guides` into the database; running it again changes nothing."""
    parsed, report = read_folder(nlu_data / "guides")
    return store(session, parsed, report, city, now)


def store(session: Session, parsed: Sequence[Parsed], report: ImportReport, city: str, now: datetime) -> ImportReport:
    """Write what was read as versions, keep the report, and return it with the counts and conflicts added.

    A changed file makes a new version only where nobody edited that guide; otherwise it waits as a conflict.
    """
    known = _known(session, {pack_of(item.guide, city) for item in parsed})
    counts: Counter[str] = Counter()
    flags = list(report.flags)
    replaced: list[UUID] = []
    rows: list[dict[str, Any]] = []
    for position, item in enumerate(parsed, 1):
        outcome, row = _decide(item, known, city, now, replaced)
        counts[outcome] += 1
        if row is not None:
            rows.append(row)
        if outcome == "conflict":
            flags.append(Flag(position, item.guide.code, "edited_in_console", item.guide.region))
    _write(session, replaced, rows)
    full = ImportReport(report.rows, report.guides, tuple(flags), counts)
    if rows:
        _keep_report(session, full, city, now)
    return full


def revise(session: Session, guide: Guide, city: str, now: datetime) -> None:
    """Save a person's edit as the new current version; later file changes will ask instead of overwriting."""
    pack = pack_of(guide, city)
    before = _known(session, {pack}).get((pack, guide.code, guide.region))
    if before is None:
        raise NotFound(item=guide.code)
    row = _row(guide, pack, before.file_hash, before.last_version + 1, now) | {"edited": True}
    _write(session, [before.id], [row])


def _known(session: Session, packs: Iterable[str]) -> dict[tuple[str, str, str], _Known]:
    columns = (GuideVersion.city, GuideVersion.item, GuideVersion.region)
    here = GuideVersion.city.in_(sorted(packs))
    last = {
        tuple(r[:3]): r[3]
        for r in session.execute(select(*columns, func.max(GuideVersion.version)).where(here).group_by(*columns))
    }
    waiting: dict[tuple[str, ...], set[str]] = {}
    query = select(*columns, GuideVersion.file_hash).where(here, GuideVersion.status == GuideStatus.CONFLICT.value)
    for *key, file_hash in session.execute(query):
        waiting.setdefault(tuple(key), set()).add(file_hash)
    current = select(*columns, GuideVersion.id, GuideVersion.file_hash, GuideVersion.edited).where(
        here, GuideVersion.status == GuideStatus.CURRENT.value
    )
    return {
        (city, item, region): _Known(
            id_, file_hash, edited, last[city, item, region], frozenset(waiting.get((city, item, region), ()))
        )
        for city, item, region, id_, file_hash, edited in session.execute(current)
    }


def _decide(
    item: Parsed, known: dict[tuple[str, str, str], _Known], city: str, now: datetime, replaced: list[UUID]
) -> tuple[str, dict[str, Any] | None]:
    guide, pack = item.guide, pack_of(item.guide, city)
    before = known.get((pack, guide.code, guide.region))
    if before is None:
        return "new", _row(guide, pack, item.file_hash, 1, now)
    if item.file_hash == before.file_hash or item.file_hash in before.seen:
        return "unchanged", None
    row = _row(guide, pack, item.file_hash, before.last_version + 1, now)
    if before.edited:
        return "conflict", row | {"status": GuideStatus.CONFLICT.value}
    replaced.append(before.id)
    return "changed", row


def _row(guide: Guide, pack: str, file_hash: str, version: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "city": pack,
        "item": guide.code,
        "region": guide.region,
        "version": version,
        "name": guide.name,
        "department": guide.department,
        "body": guide.model_dump(mode="json", exclude_defaults=True),
        "file_hash": file_hash,
        "edited": False,
        "owner": guide.department_code or guide.department,
        "reviewed": guide.reviewed,
        "review_due": guide.review_due,
        "status": GuideStatus.CURRENT.value,
        "created_at": now,
    }


def _write(session: Session, replaced: Sequence[UUID], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(replaced), BATCH):
        batch = replaced[start : start + BATCH]
        session.execute(
            update(GuideVersion).where(GuideVersion.id.in_(batch)).values(status=GuideStatus.SUPERSEDED.value)
        )
    if rows:
        session.execute(insert(GuideVersion), rows)


def _keep_report(session: Session, report: ImportReport, city: str, now: datetime) -> None:
    run = new_id()
    rows = [
        {
            "id": new_id(),
            "run_id": run,
            "city": city,
            "position": flag.position,
            "item": flag.item,
            "flag": flag.code,
            "detail": flag.detail,
            "created_at": now,
        }
        for flag in report.flags
    ]
    if rows:
        session.execute(insert(GuideImport), rows)
