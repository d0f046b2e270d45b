"""The house as a citizen meets it: started by its own command on a fresh data folder, asked over its web chat."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.processes import started
from integrations.settings import ROOT
from integrations.supervisor import free_port

_LONGEST_START = 900.0  # a first start makes environments and trains the model
_COUNTS = """
select count(*) filter (where author = 'citizen'), count(*) filter (where author = 'bot'),
       count(distinct in_reply_to), count(distinct conversation_id || external_id), count(due_at)
from message
"""


@dataclass(frozen=True)
class Stored:
    """What the database holds: every number but `due` should equal the turns that were said."""

    utterances: int
    replies: int
    replied_to: int
    distinct: int
    due: int

    def exactly(self, turns: int) -> bool:
        """Whether every utterance and every reply is there once, and none waits for its reply."""
        return self == Stored(turns, turns, turns, turns, 0)


@contextmanager
def serving(data: Path, logs: Path) -> Iterator[tuple[str, dict[str, psutil.Process]]]:
    """The running house: its address, and its supervisor, under which everything else runs."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [str(ROOT / "hotline"), "up", "--port", str(port), "--data", str(data)]
    log = logs / "house.log"
    with started(argv, ready=f"{url}/readyz", says='"ok"', log=log, cwd=ROOT, seconds=_LONGEST_START) as process:
        yield url, {"house": process}


def stored(data: Path) -> Stored:
    """Count the rows of the house's database."""
    with closing(sqlite3.connect(f"file:{data / 'hotline.db'}?mode=ro", uri=True)) as database:
        return Stored(*database.execute(_COUNTS).fetchone())
