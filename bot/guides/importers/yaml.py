"""Our own format: one service item a file, `<DEPT>/<CODE>.yml`, in the words of the schema."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml
from pydantic import ValidationError

from bot.guides.guide import Guide
from bot.guides.report import Flag, ImportReport, Parsed, Progress, silent

MAX_BYTES = 200_000


def read_folder(folder: Path, progress: Progress = silent) -> tuple[tuple[Parsed, ...], ImportReport]:
    """Read every guide under `<folder>/<DEPT>/`; a broken file is flagged and the rest are read."""
    files = sorted(folder.glob("*/*.yml"))
    parsed: dict[tuple[str, str], Parsed] = {}
    flags: list[Flag] = []
    for position, file in enumerate(files, 1):
        found = _read(file, position, flags)
        if found is not None:
            _keep(found, parsed, position, flags)
        progress(position, len(files))
    return tuple(parsed.values()), ImportReport(len(files), len(parsed), tuple(flags))


def read_file(file: Path) -> Parsed:
    """Read one guide; raises ValueError (pydantic's included) or YAMLError when it does not fit the schema."""
    raw = file.read_bytes()
    if len(raw) > MAX_BYTES:
        raise ValueError(f"{len(raw)} bytes are too many for one guide")
    data = yaml.load(raw, Loader=yaml.CSafeLoader)
    return Parsed(Guide.model_validate(data), hashlib.sha256(raw).hexdigest())


def _read(file: Path, position: int, flags: list[Flag]) -> Parsed | None:
    try:
        found = read_file(file)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        flags.append(Flag(position, file.stem, "schema", where[:500]))
        return None
    except (ValueError, yaml.YAMLError) as error:
        flags.append(Flag(position, file.stem, "unreadable", str(error)[:500]))
        return None
    if found.guide.code != file.stem:
        flags.append(Flag(position, found.guide.code, "file_name", file.name))
    return found


def _keep(found: Parsed, parsed: dict[tuple[str, str], Parsed], position: int, flags: list[Flag]) -> None:
    key = (found.guide.code, found.guide.region)
    if key in parsed:
        flags.append(Flag(position, found.guide.code, "repeated_code", found.guide.region))
        return
    parsed[key] = found
