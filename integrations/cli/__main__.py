"""Parse the command line and hand over: `./hotline COMMAND …`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from integrations.cli import account, ask, bench, chat, guides, redact, route, up
from integrations.cli import test as tests
from integrations.provision import ProvisionError
from integrations.settings import Settings, SettingsError

_COMMANDS = (up, tests, ask, chat, route, redact, guides, account, bench)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="./hotline", description="12345 政务服务便民热线")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; expected failures become one clear line and exit code 2."""
    arguments = parser().parse_args(argv)
    given = {name: getattr(arguments, name, None) for name in ("data", "port", "city")}
    try:
        settings = Settings.load(os.environ, **given)
        code: int = arguments.run(settings, arguments)
    except (SettingsError, ProvisionError, OSError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
