"""The tables of the knowledge: versions of guides, what imports flagged, and questions no guide could answer."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base, new_id


class GuideStatus(StrEnum):
    """What a version is worth: one current one per item and region, earlier ones, and those awaiting a person."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    CONFLICT = "conflict"


class TaskStatus(StrEnum):
    """Where a knowledge task stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Origin(StrEnum):
    """Where a version came from: the product's files or an import, a person's edit, a spreadsheet, a proposal."""

    FILE = "file"
    CONSOLE = "console"
    SHEET = "sheet"
    PROPOSAL = "proposal"


class GuideVersion(Base):
    """One version of one guide (办事指南) of a city pack; `city` is `NATIONAL_PACK` for guides that hold everywhere.

    `file_hash` is the hash of the file row it came from; `edited` says that a person's work is in it, so that a
    changed file waits as a conflict. `author_id` and `note` say who made this version and why.
    """

    __tablename__ = "guide_version"
    __table_args__ = (
        UniqueConstraint("city", "item", "region", "version"),
        Index("ix_guide_version_current", "city", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    item: Mapped[str]
    region: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    department: Mapped[str]
    body: Mapped[dict[str, Any]]
    file_hash: Mapped[str]
    edited: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[str]
    reviewed: Mapped[date]
    review_due: Mapped[date] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default=GuideStatus.CURRENT.value)
    created_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(default=Origin.FILE.value)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str | None]


class GuideImport(Base):
    """One finding of one import (导入报告): which row, what was flagged, and what the source said."""

    __tablename__ = "guide_import"
    __table_args__ = (Index("ix_guide_import_run", "run_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    run_id: Mapped[UUID]
    city: Mapped[str]
    position: Mapped[int]
    item: Mapped[str | None]
    flag: Mapped[str]
    detail: Mapped[str]
    created_at: Mapped[datetime]


class KnowledgeTask(Base):
    """知识任务: a question a guide could not answer, for the guide's owner; asked again, it only counts up.

    `outcome` says what its owner made of it (an alias, an example, a cell, nothing); `dev_line` is the line of the
    development set it became.
    """

    __tablename__ = "knowledge_task"
    __table_args__ = (Index("ix_knowledge_task_gap", "city", "item", "element", "status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    item: Mapped[str | None]
    element: Mapped[str | None]
    reason: Mapped[str]
    question: Mapped[str]
    owner: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=TaskStatus.OPEN.value)
    asked: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    last_asked_at: Mapped[datetime]
    outcome: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    dev_line: Mapped[dict[str, Any] | None]
