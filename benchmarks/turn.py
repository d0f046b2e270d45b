"""`./hotline bench turn`: the same conversations through this house and through Rasa's usual pipeline, side by side.

Both are built, served and driven by this one run. Rounds alternate, so a slow minute of the machine meets both sides,
and each round asks about other items; the medians over the rounds are compared. The house's turns count only because
they are stored: at the end the rows of its database are counted against what was said. The peer keeps its
conversations in memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks import conversations, house, peer, results
from benchmarks.conversations import Conversation
from benchmarks.processes import BenchError, cpu
from integrations.provision import rasa_environment
from integrations.settings import ROOT

FASTER, SOONER = 4.0, 1 / 3
_CONCURRENCY, _ROUNDS, _EPOCHS = 32, 3, 100
_WARM_UP = 64

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How to measure."""

    home: Path = ROOT / ".hotline"
    nlu_data: Path = ROOT / "nlu_data"
    concurrency: int = _CONCURRENCY
    rounds: int = _ROUNDS
    epochs: int = _EPOCHS
    train: bool = True
    stale_peer: bool = False
    with_house: bool = True
    with_peer: bool = True
    rasa_python: Path | None = None


@dataclass
class Side:
    """One side under test: where it answers, which processes are its own, and what its rounds showed."""

    name: str
    url: str
    processes: dict[str, psutil.Process]
    rounds: list[dict[str, Any]] = field(default_factory=list)
    said: int = 0

    def drive(self, talks: Sequence[Conversation], concurrency: int) -> dict[str, Any]:
        """One round: a fresh driver holds all the conversations; returns its figures."""
        before = cpu(self.processes)
        seen = _driver({"side": self.name, "url": self.url, "conversations": talks, "concurrency": concurrency})
        used = cpu(self.processes) - before
        self.said += seen["said"]
        return figures(seen, used)


def run(options: Options, say: Say) -> dict[str, Any]:
    """Measure and return the section for the results file."""
    names = conversations.item_names(options.nlu_data / "guides")
    warm_up, *rounds = (conversations.build(names, part=part) for part in range(options.rounds + 1))
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotline-bench-")))
        sides = _sides(options, data, stack, say)
        for side in sides:
            side.drive(warm_up[:_WARM_UP], options.concurrency)
        for number, talks in enumerate(rounds, start=1):
            for side in sides:
                side.rounds.append(side.drive(talks, options.concurrency))
                say(f"round {number}, {side.name}: {side.rounds[-1]['turns_per_second']} turns/s")
        stored = {side.name: house.stored(data) for side in sides if side.name == "house"}
    load = {"concurrency": options.concurrency, "peer_epochs": options.epochs}
    load |= {"conversations": sum(map(len, rounds)), "turns": sum(map(conversations.turns, rounds))}
    section: dict[str, Any] = {"load": load, **{side.name: summary(side.rounds) for side in sides}}
    for side in sides:
        if side.name in stored:
            section["stored"] = vars(stored[side.name]) | {"exactly_once": stored[side.name].exactly(side.said)}
    return section | compared(section)


def figures(seen: dict[str, Any], used: dict[str, float]) -> dict[str, Any]:
    """One round's figures from what the driver saw and the CPU seconds used meanwhile."""
    took = sorted(seen["latencies"])
    if not took:
        raise BenchError(f"no turn was answered; the first failures: {seen['failures'][:3]}")
    per_turn = {name: round(1000 * spent / len(took), 2) for name, spent in sorted(used.items())}
    return {
        "turns_per_second": round(len(took) / seen["seconds"], 1),
        **{f"p{share}_ms": round(1000 * percentile(took, share), 1) for share in (50, 95, 99)},
        "failed": len(seen["failures"]),
        "failures": seen["failures"][:5],
        "cpu_ms_per_turn": per_turn | {"driver": round(1000 * seen["cpu"] / len(took), 2)},
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` per cent of the ordered values do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def summary(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The medians over the rounds, with the rounds' turns a second beside them."""
    names = ("turns_per_second", "p50_ms", "p95_ms", "p99_ms")
    middle = {name: round(median(one[name] for one in rounds), 1) for name in names}
    spent = {name: round(median(one["cpu_ms_per_turn"].get(name, 0) for one in rounds), 2) for name in _roles(rounds)}
    each = [one["turns_per_second"] for one in rounds]
    failures = [failure for one in rounds for failure in one["failures"]]
    failed = sum(one["failed"] for one in rounds)
    return middle | {"rounds": each, "failed": failed, "failures": failures[:5], "cpu_ms_per_turn": spent}


def compared(section: dict[str, Any]) -> dict[str, Any]:
    """The ratios and whether they reach the targets; empty where a side is missing."""
    if "house" not in section or "peer" not in section:
        return {}
    ours, theirs = section["house"], section["peer"]
    faster, sooner = ours["turns_per_second"] / theirs["turns_per_second"], ours["p95_ms"] / theirs["p95_ms"]
    ratios = {"turns_per_second": round(faster, 2), "p95": round(sooner, 3)}
    targets = {"turns_per_second": FASTER, "p95": round(SOONER, 3)}
    return {"ratio": ratios, "target": targets, "met": faster >= FASTER and sooner <= SOONER}


def table(section: dict[str, Any]) -> str:
    """The figures for a person."""
    heads = ("", "turns/s", "p50 ms", "p95 ms", "p99 ms", "failed")
    rows = [
        (name, *(str(section[name][key]) for key in ("turns_per_second", "p50_ms", "p95_ms", "p99_ms", "failed")))
        for name in ("house", "peer")
        if name in section
    ]
    lines = [f"{row[0]:<8}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in (heads, *rows)]
    lines += [
        f"CPU ms a turn, {name}: {section[name]['cpu_ms_per_turn']}" for name in ("house", "peer") if name in section
    ]
    if "stored" in section:
        lines.append(f"stored: {section['stored']}")
    if "ratio" in section:
        ratio, verdict = section["ratio"], "met" if section["met"] else "MISSED"
        lines.append(
            f"house / peer: {ratio['turns_per_second']} × the turns a second (target ≥ {FASTER:g}), "
            f"p95 × {ratio['p95']} (target ≤ {SOONER:.2f}): {verdict}"
        )
    return "\n".join(lines)


def _sides(options: Options, data: Path, stack: ExitStack, say: Say) -> list[Side]:
    theirs = _peer(options, say) if options.with_peer else None
    sides = []
    if options.with_house:
        say("starting the house")
        sides.append(Side("house", *stack.enter_context(house.serving(data, data / "logs"))))
    if theirs:
        say("starting the peer")
        sides.append(Side("peer", *stack.enter_context(peer.serving(theirs, options.nlu_data / "guides"))))
    if not sides:
        raise BenchError("neither side can be measured")
    return sides


def _peer(options: Options, say: Say) -> peer.Assistant | None:
    python = options.rasa_python or rasa_environment(options.home, say)
    found = peer.assistant(options.home, python, options.nlu_data, options.epochs)
    if options.stale_peer:
        found = peer.last_trained(options.home, python, options.epochs) or found
    if found.model.exists():
        return found
    if not options.train:
        say("the peer is left out: it was never trained on these examples, and --no-train was given")
        return None
    say(f"training the peer (DIET, {options.epochs} epochs: minutes, once)")
    peer.train(found, options.nlu_data, options.epochs)
    return found


def _driver(job: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.driver"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=1800,
    )
    if done.returncode:
        raise BenchError(f"the driver failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _roles(rounds: Sequence[dict[str, Any]]) -> list[str]:
    return sorted({name for one in rounds for name in one["cpu_ms_per_turn"]})


def main(argv: Sequence[str]) -> int:
    """Read the options, measure, print the table, keep the figures."""
    options = _options(argv)
    try:
        section = run(options, lambda text: print(f"▸ {text}", file=sys.stderr, flush=True))
    except BenchError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    print(table(section))
    if "ratio" in section:
        results.save("turn", section)
    return 0 if section.get("stored", {}).get("exactly_once", True) else 1


def _options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="hotline bench turn", description=__doc__)
    parser.add_argument("--concurrency", type=int, default=_CONCURRENCY, help="conversations at a time")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--epochs", type=int, default=_EPOCHS, help="DIET epochs of the peer")
    parser.add_argument("--no-train", dest="train", action="store_false", help="leave an untrained peer out")
    parser.add_argument("--stale-peer", action="store_true", help="take the last trained peer, changed examples or not")
    parser.add_argument("--no-house", dest="with_house", action="store_false")
    parser.add_argument("--no-peer", dest="with_peer", action="store_false")
    parser.add_argument("--rasa-python", type=Path, help="an interpreter that has Rasa (default: the product's own)")
    return Options(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
