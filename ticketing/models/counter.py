"""Counters of the day, from which ticket numbers are drawn."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base


class NumberCounter(Base):
    """How many numbers a city has drawn on one of its days (`YYMMDD`)."""

    __tablename__ = "number_counter"

    city: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
