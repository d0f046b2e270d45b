"""`./hotline redact --batch IN --out OUT`: personal data out of texts."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import asdict
from typing import Any

from integrations.cli import batch, options
from integrations.settings import Settings
from routing.language import names
from routing.language.redaction import redact


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("redact", help="去除个人信息")
    command.add_argument("text", nargs="?", help="一句话；不给则用 --batch")
    options.batch(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """One text to the screen, or a batch; names are looked for by the tagger too, which live turns do without."""
    names.load_tagger()
    if arguments.batch:
        options.check_batch(arguments)
        return asyncio.run(batch.run(arguments.batch, arguments.out, _line, {"text": str}))
    print(redact(arguments.text or sys.stdin.read()).text)
    return 0


async def _line(line: batch.Line) -> batch.Line:
    redacted = redact(line["text"])
    return {"text": redacted.text, "spans": [asdict(span) for span in redacted.spans]}
