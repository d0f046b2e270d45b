"""Writing guides (版本): files and imports seed the database, people edit it, and neither overwrites the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, defer

from bot.guides.guide import NATIONAL, Guide
from bot.guides.importers.yaml import read_folder
from bot.guides.models import GuideImport, GuideStatus, GuideVersion, Origin
from bot.guides.report import Flag, ImportReport, Parsed
from ticketing.errors import Conflict, NotFound
from ticketing.models import new_id

NATIONAL_PACK = "national"
BATCH = 500
BY_HAND = frozenset({Origin.CONSOLE, Origin.PROPOSAL})

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes a guide, by which way and why; `base` is the version they had before them."""

    origin: Origin = Origin.CONSOLE
    author: UUID | None = None
    note: str | None = None
    base: int | None = None


FROM_FILE = Edit(Origin.FILE)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database already holds of one item in one region."""

    id: UUID
    version: int
    file_hash: str
    edited: bool
    origin: str
    last_version: int
    seen: frozenset[str]


def pack_of(guide: Guide, city: str) -> str:
    """The city pack a guide belongs to: national ones are everybody's, all others this city's alone."""
    return pack_at(guide.region, city)


def pack_at(region: str, city: str) -> str:
    """The pack that holds a region's guides."""
    return NATIONAL_PACK if region == NATIONAL else city


def seed(session: Session, nlu_data: Path, city: str, now: datetime) -> ImportReport:
    """Bring the guides of `nlu_data/guides` into the database; running it again changes nothing."""
    parsed, report = read_folder(nlu_data / "guides")
    return store(session, parsed, report, city, now)


def store(
    session: Session,
    parsed: Sequence[Parsed],
    report: ImportReport,
    city: str,
    now: datetime,
    edit: Edit = FROM_FILE,
) -> ImportReport:
    """Write what was read as versions, keep the report, and return it with the counts and conflicts added.

    A changed file makes a new version only where nobody edited that guide; otherwise it waits as a conflict. What says
    the same as the current version changes nothing, however the file is written.
    """
    known = _known(session, {pack_of(item.guide, city) for item in parsed})
    same = _unchanged(session, parsed, known, city)
    counts: Counter[str] = Counter()
    flags = list(report.flags)
    replaced: list[UUID] = []
    rows: list[dict[str, Any]] = []
    for position, item in enumerate(parsed, 1):
        key = (pack_of(item.guide, city), item.guide.code, item.guide.region)
        outcome = "unchanged" if key in same else _outcome(item, known.get(key), edit)
        counts[outcome] += 1
        if outcome != "unchanged":
            rows.append(_new_row(item, key, known.get(key), outcome, edit, now))
        if outcome == "changed":
            replaced.append(known[key].id)
        if outcome == "conflict":
            flags.append(Flag(item.position or position, item.guide.code, "edited_in_console", item.guide.region))
    _write(session, replaced, rows)
    full = ImportReport(report.rows, report.guides, tuple(flags), counts)
    if rows:
        _keep_report(session, full, city, now)
    return full


def revise(session: Session, guide: Guide, city: str, now: datetime, edit: Edit | None = None) -> int:
    """Save a person's edit as the new current version and return its number.

    Later file changes will ask instead of overwriting. Raises `Conflict` when somebody else saved since `edit.base`.
    """
    edit = edit or Edit()
    pack = pack_of(guide, city)
    before = current(session, pack, guide.code, guide.region, lock=True)
    if edit.base is not None and edit.base != before.version:
        raise Conflict("guide_changed", version=before.version)
    version = _last_version(session, pack, guide.code, guide.region) + 1
    row = _row(guide, pack, before.file_hash, version, now) | _signed(edit) | {"edited": True}
    _write(session, [before.id], [row])
    return version


def create(session: Session, guide: Guide, city: str, now: datetime, edit: Edit | None = None) -> int:
    """The first version of a guide a person writes: a new item, or the city's own of a national one."""
    pack = pack_of(guide, city)
    version = _last_version(session, pack, guide.code, guide.region) + 1
    if version > 1:
        raise Conflict("guide_exists", item=guide.code)
    row = _row(guide, pack, "", version, now) | _signed(edit or Edit()) | {"edited": True}
    _write(session, [], [row])
    return version


def settle(session: Session, conflict: GuideVersion, *, take: bool, now: datetime, edit: Edit) -> None:
    """End a conflict: take the waiting text as the new version, or keep the current one for good."""
    before = current(session, conflict.city, conflict.item, conflict.region, lock=True)
    if conflict.status != GuideStatus.CONFLICT.value:
        raise Conflict("conflict_settled", item=conflict.item)
    conflict.status = GuideStatus.SUPERSEDED.value
    if not take:
        # The same file is not brought up again: its text has been looked at.
        before.file_hash = conflict.file_hash if conflict.origin == Origin.FILE else before.file_hash
        return
    guide = Guide.model_validate(conflict.body)
    from_file = conflict.origin == Origin.FILE
    version = _last_version(session, conflict.city, conflict.item, conflict.region) + 1
    kept = conflict.file_hash if from_file else before.file_hash
    row = _row(guide, conflict.city, kept, version, now) | _signed(edit)
    session.flush()
    _write(session, [before.id], [row | {"origin": conflict.origin, "edited": not from_file}])


def current(session: Session, pack: str, item: str, region: str, *, lock: bool = False) -> GuideVersion:
    """The current version of a guide; `NotFound` when there is none."""
    query = select(GuideVersion).where(
        GuideVersion.city == pack,
        GuideVersion.item == item,
        GuideVersion.region == region,
        GuideVersion.status == GuideStatus.CURRENT.value,
    )
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound("guide_not_found", item=item)
    return found


def _last_version(session: Session, pack: str, item: str, region: str) -> int:
    query = select(func.max(GuideVersion.version)).where(
        GuideVersion.city == pack, GuideVersion.item == item, GuideVersion.region == region
    )
    return session.scalar(query) or 0


def _known(session: Session, packs: Iterable[str]) -> dict[Key, _Known]:
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
    found = select(GuideVersion).where(here, GuideVersion.status == GuideStatus.CURRENT.value)
    rows = session.scalars(found.options(defer(GuideVersion.body)))
    return {_key(row): _known_as(row, last[_key(row)], waiting.get(_key(row), set())) for row in rows}


def _key(row: GuideVersion) -> Key:
    return row.city, row.item, row.region


def _known_as(row: GuideVersion, last: int, waiting: set[str]) -> _Known:
    return _Known(row.id, row.version, row.file_hash, row.edited, row.origin, last, frozenset(waiting))


def _unchanged(session: Session, parsed: Sequence[Parsed], known: Mapping[Key, _Known], city: str) -> frozenset[Key]:
    """The guides that say what their current version says."""
    keys = [(pack_of(item.guide, city), item.guide.code, item.guide.region) for item in parsed]
    pairs = [(key, item, known[key]) for key, item in zip(keys, parsed, strict=True) if key in known]
    same = {key for key, item, before in pairs if item.file_hash == before.file_hash or item.file_hash in before.seen}
    open_ = {before.id: (key, item) for key, item, before in pairs if key not in same}
    for start in range(0, len(open_), BATCH):
        ids = list(open_)[start : start + BATCH]
        query = select(GuideVersion.id, GuideVersion.body).where(GuideVersion.id.in_(ids))
        for id_, body in session.execute(query):
            key, item = open_[id_]
            if body == body_of(item.guide):
                same.add(key)
    return frozenset(same)


def _outcome(item: Parsed, before: _Known | None, edit: Edit) -> str:
    """What becomes of a guide that says something new."""
    if before is None:
        return "new"
    if edit.origin is not Origin.SHEET:
        return "conflict" if before.edited else "changed"
    if item.base is not None:
        return "changed" if item.base == before.version else "conflict"
    return "conflict" if before.origin in BY_HAND else "changed"


def _new_row(item: Parsed, key: Key, before: _Known | None, outcome: str, edit: Edit, now: datetime) -> dict[str, Any]:
    version = before.last_version + 1 if before else 1
    row = _row(item.guide, key[0], item.file_hash, version, now) | _signed(edit)
    if outcome == "conflict":
        return row | {"status": GuideStatus.CONFLICT.value}
    if before is not None and edit.origin is Origin.SHEET:
        # The product's own file stays known, so that only a change of it is brought up again.
        return row | {"file_hash": before.file_hash, "edited": True}
    return row


def body_of(guide: Guide) -> dict[str, Any]:
    """A guide as it is stored: plain JSON without what is at its default."""
    return guide.model_dump(mode="json", exclude_defaults=True)


def _signed(edit: Edit) -> dict[str, Any]:
    return {"origin": edit.origin.value, "author_id": edit.author, "note": edit.note}


def _row(guide: Guide, pack: str, file_hash: str, version: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "city": pack,
        "item": guide.code,
        "region": guide.region,
        "version": version,
        "name": guide.name,
        "department": guide.department,
        "body": body_of(guide),
        "file_hash": file_hash,
        "edited": False,
        "owner": guide.department_code or guide.department,
        "reviewed": guide.reviewed,
        "review_due": guide.review_due,
        "status": GuideStatus.CURRENT.value,
        "created_at": now,
        "origin": Origin.FILE.value,
        "author_id": None,
        "note": None,
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
            "detail": _placed(flag),
            "created_at": now,
        }
        for flag in report.flags
    ]
    if rows:
        session.execute(insert(GuideImport), rows)


def _placed(flag: Flag) -> str:
    """The finding's words, after the place in the spreadsheet where it stands."""
    place = " ".join(filter(None, (flag.sheet, flag.column)))
    return f"[{place}] {flag.detail}" if place else flag.detail
