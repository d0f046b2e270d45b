"""All checks over one shelf of guides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.guides.checking import cells, damage, levels, names, references
from bot.guides.checking.finding import Finding, Known, Read
from bot.guides.guide import Guide


def check(guides: Iterable[Guide], known: Known) -> tuple[Finding, ...]:
    """Everything found, the guides in their order and for each the worst first."""
    reads = [Read(guide) for guide in guides]
    found = [finding for read in reads for finding in check_one(read, known)]
    found += [*levels.check(reads), *names.check(reads), *references.check(reads, known)]
    found += references.unwritten(reads, known)
    return tuple(dict.fromkeys(found))


def check_one(read: Read, known: Known) -> Iterator[Finding]:
    """What can be seen in one guide alone."""
    yield from damage.check(read)
    yield from cells.check(read, known)
