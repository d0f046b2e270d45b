"""The library (知识库): an unchanging snapshot of the guides that may answer in one city."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.guides.guide import NATIONAL, Guide
from bot.guides.models import GuideStatus, GuideVersion
from bot.guides.versions import NATIONAL_PACK


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A service item (事项) the catalogue lists, whether or not its guide is written yet."""

    code: str
    name: str
    department: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item with its guides, the narrowest region first; without any it is known by name only."""

    code: str
    name: str
    department: str
    guides: tuple[Guide, ...] = ()

    @property
    def written(self) -> bool:
        """Whether there is a guide to answer from."""
        return bool(self.guides)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other name any of the guides gives it."""
        return tuple(dict.fromkeys(alias for guide in self.guides for alias in guide.aliases))

    @property
    def examples(self) -> tuple[str, ...]:
        """The example questions of all its guides."""
        return tuple(
            dict.fromkeys(text for guide in self.guides for texts in guide.examples.values() for text in texts)
        )


def known_items(nlu_data: Path) -> tuple[KnownItem, ...]:
    """The items of `catalogue/service_items.csv`."""
    with (nlu_data / "catalogue" / "service_items.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(KnownItem(row["code"], row["name"], row["department"]) for row in csv.DictReader(file))


def ancestors(region: str) -> tuple[str, ...]:
    """A region code (GB/T 2260) and everything above it, narrowest first, the nation last."""
    widths = [f"{region[:2]}0000", f"{region[:4]}00", region[:6], region]
    return tuple(dict.fromkeys([*reversed(widths), NATIONAL]))


class Library:
    """The guides of one city's search scope: national ones and its own pack's, never another city's."""

    def __init__(self, city: str, region: str, items: Iterable[Item], stamp: str) -> None:
        self.city = city
        self.region = region
        self.stamp = stamp
        self.items: Mapping[str, Item] = MappingProxyType({item.code: item for item in items})

    @classmethod
    def load(cls, session: Session, city: str, *, region: str = NATIONAL, known: Sequence[KnownItem] = ()) -> Library:
        """Read the current guides for a city pack; `region` is the city's own code."""
        query = select(GuideVersion.id, GuideVersion.city, GuideVersion.body).where(
            GuideVersion.status == GuideStatus.CURRENT.value, GuideVersion.city.in_((NATIONAL_PACK, city))
        )
        rows = session.execute(query.order_by(GuideVersion.item, GuideVersion.region.desc())).all()
        guides = [(pack, Guide.model_validate(body)) for _, pack, body in rows]
        return cls(city, region, _items(guides, known), _stamp(str(row.id) for row in rows))

    @staticmethod
    def stamp_in(session: Session, city: str) -> str:
        """The stamp the library of a city would have if it were loaded now."""
        query = select(GuideVersion.id).where(
            GuideVersion.status == GuideStatus.CURRENT.value, GuideVersion.city.in_((NATIONAL_PACK, city))
        )
        ids = session.scalars(query.order_by(GuideVersion.item, GuideVersion.region.desc()))
        return _stamp(str(id_) for id_ in ids)

    @classmethod
    def of(
        cls, guides: Iterable[Guide], *, known: Sequence[KnownItem] = (), city: str = "", region: str = NATIONAL
    ) -> Library:
        """A library of guides at hand, without a database."""
        pairs = [(NATIONAL_PACK if guide.region == NATIONAL else city, guide) for guide in guides]
        return cls(city, region, _items(pairs, known), _stamp(guide.model_dump_json() for _, guide in pairs))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items.values())

    def item(self, code: str) -> Item | None:
        """The item of a code; None if this city does not know it."""
        return self.items.get(code)

    def guide(self, code: str, region: str | None = None) -> Guide | None:
        """The guide that holds in a region: its own, else the nearest above it, else the only one there is.

        A guide of a sister region never answers a citizen who named theirs.
        """
        item = self.items.get(code)
        if item is None or not item.guides:
            return None
        by_region = {guide.region: guide for guide in item.guides}
        for above in ancestors(region or self.region):
            if above in by_region:
                return by_region[above]
        return item.guides[0] if region is None and len(item.guides) == 1 else None

    def regions(self, code: str) -> tuple[str, ...]:
        """The regions an item has guides for; more than one may need the question “where?”."""
        item = self.items.get(code)
        return tuple(guide.region for guide in item.guides) if item else ()


def _items(guides: Sequence[tuple[str, Guide]], known: Sequence[KnownItem]) -> list[Item]:
    """Group guides by item; what the city itself regulates under a name hides the national item of that name."""
    own_names = {guide.name for pack, guide in guides if pack != NATIONAL_PACK}
    own_codes = {guide.code for pack, guide in guides if pack != NATIONAL_PACK}
    grouped: dict[str, list[Guide]] = {}
    for pack, guide in guides:
        if pack != NATIONAL_PACK or guide.code in own_codes or guide.name not in own_names:
            grouped.setdefault(guide.code, []).append(guide)
    items = [_item(code, group) for code, group in grouped.items()]
    unwritten = (one for one in known if one.code not in grouped and one.name not in own_names)
    return items + [Item(one.code, one.name, one.department) for one in unwritten]


def _item(code: str, guides: list[Guide]) -> Item:
    ordered = tuple(
        sorted(guides, key=lambda guide: (guide.region == NATIONAL, guide.region.endswith("0000"), guide.region))
    )
    first = ordered[0]
    return Item(code, first.name, first.department_code or first.department, ordered)


def _stamp(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
    return digest.hexdigest()[:16]
