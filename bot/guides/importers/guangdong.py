"""The Guangdong set: one JSON object a line, 27 fields of the province's service portal, “无” for empty."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.guides.guide import (
    Cell,
    Cells,
    ContactCell,
    Duration,
    Guide,
    Material,
    MaterialsCell,
    OnlineCell,
    ResultCell,
    TimeLimitCell,
)
from bot.guides.report import Flag, ImportReport, Parsed, Progress, silent

FACTS = "facts."
AS_OF = date(2021, 12, 31)
DUE = date(2022, 12, 31)
EMPTY = frozenset({"", "无", "null", "None"})
REGIONS = {"广东省": ("440000", "广东省"), "广东省广州市": ("440100", "广州市")}
UNITS = {"工作日": "工作日", "自然日": "日", "天": "日", "小时": "小时", "月": "个月", "个月": "个月", "年": "年"}
REQUIRED = ("TASK_CODE", "matter_name", "DEPT_NAME", "AREA_CODE_TEXT")
LOCATION_PREFIX = "办理地点："
CUT_ENDINGS = ("：", ":", "，", ",", "、", "（", "(")
ALIAS_BREAKS = str.maketrans(dict.fromkeys("，,、/;；", " "))
PHONE_BREAKS = str.maketrans(dict.fromkeys("、；;，,/。", " "))
PHONE_CHARS = frozenset("0123456789-–转()（）")
MIN_ALIAS = 4
MAX_LINE = 200_000
MAX_DIGITS = 5


@dataclass(slots=True)
class _Row:
    """One source row on its way to a guide; every look at a field notes what was empty or odd."""

    position: int
    data: dict[str, Any]
    flags: list[Flag]
    empty: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """The field as trimmed text; None (and noted) where the source says “无” or nothing."""
        value = self.data.get(name)
        text = value.strip() if isinstance(value, str) else ""
        if text in EMPTY:
            self.empty.append(name)
            return None
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """The field as a list of texts; a lone text counts as one."""
        value = self.data.get(name)
        values = value if isinstance(value, list) else [value]
        found = [one.strip() for one in values if isinstance(one, str) and one.strip() not in EMPTY]
        if not found:
            self.empty.append(name)
        return tuple(found)

    def flag(self, code: str, detail: str = "") -> None:
        """Note a finding about this row."""
        task = self.data.get("TASK_CODE")
        self.flags.append(Flag(self.position, f"GD-{task}" if isinstance(task, str) else None, code, detail[:300]))


def read_file(
    file: Path, words: Mapping[str, str], progress: Progress = silent
) -> tuple[tuple[Parsed, ...], ImportReport]:
    """Read every row into a guide `GD-<TASK_CODE>`; `words` are `replies.group("answers.guangdong")`.

    A row that cannot become a guide is flagged with its text; nothing is dropped silently.
    """
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    flags: list[Flag] = []
    rows = list(_rows(lines, flags))
    repeated = {name for name, n in Counter(row.data["matter_name"].strip() for row in rows).items() if n > 1}
    parsed: dict[str, Parsed] = {}
    for row in rows:
        _keep(row, words, repeated, parsed)
        progress(row.position, len(lines))
    return tuple(parsed.values()), ImportReport(len(lines), len(parsed), tuple(flags))


def _rows(lines: list[str], flags: list[Flag]) -> Iterator[_Row]:
    for position, line in enumerate(lines, 1):
        try:
            data = json.loads(line) if len(line) <= MAX_LINE else None
        except ValueError:
            data = None
        if not isinstance(data, dict):
            flags.append(Flag(position, None, "not_json", line[:300]))
            continue
        row = _Row(position, data, flags)
        absent = [name for name in REQUIRED if row.text(name) is None]
        if absent:
            row.flag("missing_field", " ".join(absent))
        else:
            yield row


def _keep(row: _Row, words: Mapping[str, str], repeated: set[str], parsed: dict[str, Parsed]) -> None:
    try:
        guide = _guide(row, words)
    except ValidationError as error:
        row.flag("schema", "; ".join(one["msg"] for one in error.errors()))
        return
    if guide.code in parsed:
        row.flag("repeated_code", guide.name)
        return
    if guide.name in repeated:
        row.flag("repeated_name", "；".join(filter(None, (guide.name, guide.department, guide.place, guide.variant))))
    if row.empty:
        row.flag("empty", " ".join(row.empty))
    raw = json.dumps(row.data, ensure_ascii=False, sort_keys=True)
    parsed[guide.code] = Parsed(guide, hashlib.sha256(raw.encode()).hexdigest())


def _guide(row: _Row, words: Mapping[str, str]) -> Guide:
    name, code = row.data["matter_name"].strip(), row.data["TASK_CODE"].strip()
    region, place = _place(row, code)
    return Guide(
        code=f"GD-{code}",
        name=name,
        department=row.data["DEPT_NAME"].strip(),
        region=region,
        place=place,
        variant=row.text("subTaskName"),
        audience=row.texts("service_object_name"),
        theme="、".join(row.texts("theme_category")) or None,
        aliases=_aliases(row, name),
        cells=_cells(row, words),
        facts=_facts(row, words),
        source=words["source"],
        source_url=row.text("URL"),
        reviewed=AS_OF,
        review_due=DUE,
    )


def _place(row: _Row, code: str) -> tuple[str, str]:
    area = row.data["AREA_CODE_TEXT"].strip()
    if area in REGIONS:
        return REGIONS[area]
    row.flag("unknown_area", area)
    digits = code[2:8]
    return (digits if digits.isdigit() and len(digits) == 6 else "440000"), area


def _aliases(row: _Row, name: str) -> tuple[str, ...]:
    """Short and everyday names; single keywords are joined, because “公证” alone names nothing."""
    found = [short] if (short := row.text("matter_short")) else []
    pieces = (row.text("matter_daily") or "").translate(ALIAS_BREAKS).split()
    found += [piece for piece in pieces if len(piece) >= MIN_ALIAS]
    found.append("".join(piece for piece in pieces if len(piece) < MIN_ALIAS))
    return tuple(dict.fromkeys(alias for alias in found if len(alias) >= MIN_ALIAS and alias != name))


def _facts(row: _Row, words: Mapping[str, str]) -> dict[str, str]:
    titles = {key.removeprefix(FACTS): title for key, title in words.items() if key.startswith(FACTS)}
    values = {
        title: value if isinstance(value := row.data.get(name), str) else "、".join(map(str, value or ()))
        for name, title in titles.items()
    }
    return {title: text.strip() for title, text in values.items() if text.strip() not in EMPTY}


def _cells(row: _Row, words: Mapping[str, str]) -> Cells:
    conditions = row.text("accept_standard")
    if conditions and conditions.endswith(CUT_ENDINGS):
        row.flag("text_cut", conditions[-40:])
    courier = row.text("courier_service")
    return Cells(
        conditions=Cell(text=conditions) if conditions else None,
        materials=_materials(row, words),
        time_limit=_time_limit(row, words),
        location=_location(row),
        online=_online(row, words),
        contact=_contact(row, words),
        result=ResultCell(text=words["courier"].format(value=courier)) if courier else None,
    )


def _materials(row: _Row, words: Mapping[str, str]) -> MaterialsCell | None:
    names = row.texts("material_intro")
    if not names:
        return None
    # The source counts no originals or copies, so none are claimed.
    rows = tuple(Material(name=name, originals=0, copies=0) for name in names)
    return MaterialsCell(text=words["materials"].format(count=len(rows)), rows=rows)


def _time_limit(row: _Row, words: Mapping[str, str]) -> TimeLimitCell | None:
    raw = {"statutory": row.text("handle_time"), "promised": row.text("handle_time_limit")}
    limits = {kind: read_limit(text) for kind, text in raw.items() if text}
    if not limits:
        return None
    for kind, limit in limits.items():
        if limit is None:
            row.flag("limit_unreadable", f"{kind}: {raw[kind]}")
    said = [words[kind].format(limit=limit or raw[kind]) for kind, limit in limits.items()]
    _compare(row, limits.get("statutory"), limits.get("promised"))
    return TimeLimitCell(
        text=words["limit_joint"].join(said) + words["limit_end"],
        statutory=limits.get("statutory"),
        promised=limits.get("promised"),
    )


def read_limit(text: str) -> Duration | None:
    """Read a limit such as “30(工作日)”; None when it is written any other way."""
    compact = text.translate(str.maketrans("（）", "()")).replace(" ", "")
    digits = compact[: len(compact) - len(compact.lstrip("0123456789"))]
    unit = UNITS.get(compact[len(digits) :].strip("()"))
    if not digits or len(digits) > MAX_DIGITS or unit is None:
        return None
    return Duration.model_validate({"value": int(digits), "unit": unit})


def _compare(row: _Row, statutory: Duration | None, promised: Duration | None) -> None:
    if statutory and promised and statutory.unit == promised.unit and promised.value > statutory.value:
        row.flag("promise_longer_than_law", f"{promised} > {statutory}")


def _location(row: _Row) -> Cell | None:
    text = row.text("handle_location")
    return Cell(text=text.removeprefix(LOCATION_PREFIX)) if text else None


def _online(row: _Row, words: Mapping[str, str]) -> OnlineCell | None:
    values = {
        "online_book": row.text("online_book"),
        "platform": row.text("bear_paltform"),
        "url": row.text("URL"),
        "book_addr": row.text("online_book_addr"),
    }
    for name in ("url", "book_addr"):
        if values[name] and _is_host_only(values[name] or ""):
            row.flag("url_cut", f"{name}: {values[name]}")
    said = [words[name].format(value=value) for name, value in values.items() if value]
    return OnlineCell(text=words["joint"].join(said) + words["end"], url=values["url"]) if said else None


def _is_host_only(url: str) -> bool:
    return "/" not in url.split("//", 1)[-1].strip("/")


def _contact(row: _Row, words: Mapping[str, str]) -> ContactCell | None:
    consult, complain = row.text("consult_phone"), row.text("complain_phone")
    phones = _phones(consult) if consult else ()
    if consult and not phones:
        row.flag("phone_unclear", consult)
    said = [words["consult"].format(phone=consult)] if consult else []
    said += [words["complain"].format(phone=complain)] if complain else []
    return ContactCell(text=words["joint"].join(said) + words["end"], phones=phones) if said else None


def _phones(text: str) -> tuple[str, ...]:
    """The numbers in a field that holds nothing else; a field with other words is quoted as it is."""
    pieces = text.translate(PHONE_BREAKS).replace("或", " ").split()
    plain = all(set(piece) <= PHONE_CHARS and sum(c.isdigit() for c in piece) >= MAX_DIGITS for piece in pieces)
    return tuple(dict.fromkeys(pieces)) if plain else ()
