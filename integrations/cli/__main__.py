"""Parse the command line and hand over: `./hotline COMMAND …`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from integrations.provision import ProvisionError
from integrations.settings import Settings, SettingsError

# Each word and the module it lives in: only the module of the word that was typed is imported.
_COMMANDS = {
    **dict.fromkeys(("up", "provision", "serve", "work"), "up"),
    **dict.fromkeys(("test", "sure", "lock"), "test"),
    **{
        name: name
        for name in ("ask", "chat", "route", "dedupe", "redact", "guides", "account", "audit", "bench", "train")
    },
    "demo": "demo",
    "wechat": "wechat",
    "simulate": "simulate",
}


def parser(word: str | None) -> argparse.ArgumentParser:
    """The command line of one word, or the whole of it."""
    top = argparse.ArgumentParser(prog="./hotline", description="12345 政务服务便民热线")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    modules = [_COMMANDS[word]] if word in _COMMANDS else dict.fromkeys(_COMMANDS.values())
    for module in modules:
        importlib.import_module(f"integrations.cli.{module}").add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; expected failures become one clear line and exit code 2."""
    argv = sys.argv[1:] if argv is None else argv
    arguments = parser(argv[0] if argv else None).parse_args(argv)
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
