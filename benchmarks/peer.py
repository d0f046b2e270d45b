"""The peer: a Rasa assistant of the usual kind, trained on our own examples and served the usual way.

`rasa run` with the REST channel and an in-memory tracker, `rasa run actions` for its action server. Everything is
built in one folder whose name is a hash of its inputs, so the minutes of training are spent once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.processes import BenchError, started
from integrations.provision import fingerprint
from integrations.settings import ROOT
from integrations.supervisor import free_port

USUAL = Path(__file__).resolve().parent / "rasa_usual"
_ACTIONS = {"ask": "action_answer_guide", "appeal": "action_appeal", "ticket": "action_appeal"}
_TALK = "action_talk"
_ENVIRON = {"RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "ERROR", "TF_CPP_MIN_LOG_LEVEL": "3", "SENTRY_DSN": ""}


@dataclass(frozen=True)
class Assistant:
    """A built peer: its folder and the interpreter that has Rasa."""

    folder: Path
    python: Path

    @property
    def model(self) -> Path:
        """The trained model; it exists only once training has ended well."""
        return self.folder / "models" / "peer.tar.gz"


def assistant(home: Path, python: Path, nlu_data: Path, epochs: int) -> Assistant:
    """The peer for today's examples; `model` is missing where it was never trained."""
    inputs = [USUAL / "config.yml", USUAL / "responses.yml", nlu_data / "nlu", ROOT / "bot" / "rasa" / "domain.yml"]
    return Assistant(home / "bench" / f"{fingerprint(inputs)}-{epochs}", python)


def last_trained(home: Path, python: Path, epochs: int) -> Assistant | None:
    """The peer that was trained last, whatever the examples were then: its speed hardly depends on them."""
    models = sorted((home / "bench").glob(f"*-{epochs}/models/peer.tar.gz"), key=lambda path: path.stat().st_mtime)
    return Assistant(models[-1].parent.parent, python) if models else None


def train(peer: Assistant, nlu_data: Path, epochs: int) -> None:
    """Write the project and train it (DIET takes minutes)."""
    shutil.rmtree(peer.folder, ignore_errors=True)
    shutil.copytree(nlu_data / "nlu", peer.folder / "data" / "nlu", ignore=shutil.ignore_patterns("README*"))
    domain = _read(ROOT / "bot" / "rasa" / "domain.yml")
    _write(peer.folder / "domain.yml", domain | _read(USUAL / "responses.yml") | {"actions": _actions()})
    _write(peer.folder / "data" / "rules.yml", {"version": "3.1", "rules": rules(domain["intents"])})
    _write(peer.folder / "config.yml", _with_epochs(_read(USUAL / "config.yml"), epochs))
    argv = [str(peer.python), "-m", "rasa", "train", "--domain", "domain.yml", "--data", "data", "--out", "training"]
    _run([*argv, "--fixed-model-name", "peer"], peer.folder)
    peer.model.parent.mkdir(exist_ok=True)
    (peer.folder / "training" / "peer.tar.gz").replace(peer.model)


def rules(intents: list[str]) -> list[dict[str, Any]]:
    """One rule an intent, each running an action."""
    return [
        {"rule": intent, "steps": [{"intent": intent}, {"action": _ACTIONS.get(intent.split("_")[0], _TALK)}]}
        for intent in [*intents, "nlu_fallback"]
    ]


def table(guides: Path) -> dict[str, dict[str, str]]:
    """Name and aliases of every guide → the words of each cell, as a tutorial would keep them."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(guides.glob("*/*.yml")):
        guide = _read(path)
        cells = {element: cell["text"] for element, cell in guide["cells"].items() if cell}
        for name in (guide["name"], *guide.get("aliases", ())):
            found[name] = {"overview": guide.get("summary") or guide["name"], **cells}
    return found


@contextmanager
def serving(peer: Assistant, guides: Path) -> Iterator[tuple[str, dict[str, psutil.Process]]]:
    """The running peer: its address, and its two processes by name."""
    _write(peer.folder / "table.json", table(guides))
    shutil.copy(USUAL / "actions.py", peer.folder)
    shutil.copy(USUAL / "credentials.yml", peer.folder)
    actions, port = free_port(), free_port()
    _write(peer.folder / "endpoints.yml", {"action_endpoint": {"url": f"http://127.0.0.1:{actions}/webhook"}})
    rasa = [str(peer.python), "-m", "rasa", "run"]
    serve = [*rasa, "--model", str(peer.model), "--interface", "127.0.0.1", "--port", str(port)]
    files = ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    url, log = f"http://127.0.0.1:{port}", peer.folder / "logs"
    with (
        _server([*rasa, "actions", "--port", str(actions)], f"http://127.0.0.1:{actions}/health", log, peer) as second,
        _server([*serve, *files], f"{url}/", log, peer) as first,
    ):
        yield url, {"rasa": first, "actions": second}


def _server(argv: list[str], ready: str, logs: Path, peer: Assistant) -> Any:
    name = "actions" if "actions" in argv else "rasa"
    return started(argv, ready=ready, log=logs / f"{name}.log", cwd=peer.folder, env=_ENVIRON)


def _actions() -> list[str]:
    return sorted({*_ACTIONS.values(), _TALK})


def _with_epochs(config: dict[str, Any], epochs: int) -> dict[str, Any]:
    pipeline = [part | {"epochs": epochs} if "epochs" in part else part for part in config["pipeline"]]
    return config | {"pipeline": pipeline}


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dump = json.dumps if path.suffix == ".json" else _yaml
    path.write_text(dump(value), encoding="utf-8")


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def _run(argv: list[str], folder: Path) -> None:
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, **_ENVIRON}, capture_output=True, text=True, check=False, timeout=3600
    )
    if done.returncode:
        raise BenchError("the peer's training failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-20:]))
