"""Receiving units (承办单位): a duty in a region, in a tree."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Unit(Base):
    """One unit that receives tickets: the duty's code, the region it covers, its parent."""

    __tablename__ = "unit"
    __table_args__ = (Index("ix_unit_duty", "city", "department", "region"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    city: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    department: Mapped[str]
    region: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    active: Mapped[bool] = mapped_column(default=True)
