"""Train the intent model: python train.py --data FOLDER --out FILE.tar.gz (the same data gives the same model)."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
from pathlib import Path

import runtime

SEED = 42


def train(data: Path, out: Path) -> None:
    """Train on every file of `data` and put the finished model at `out` in one step."""
    import numpy as np
    from rasa.model_training import train_nlu

    random.seed(SEED)
    np.random.seed(SEED)
    folder = Path(os.environ["TMPDIR"])
    spoken = io.StringIO()
    with contextlib.redirect_stdout(spoken):
        model = train_nlu(
            str(runtime.HERE / "config.yml"),
            str(data),
            str(folder / "models"),
            fixed_model_name="nlu",
            domain=str(runtime.HERE / "domain.yml"),
        )
    if not model:
        sys.exit(f"no model was trained from {data}: {spoken.getvalue()}")
    Path(model).replace(out)


def main() -> None:
    """Read the arguments, train beside the output file, and leave nothing else behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of Rasa training data")
    parser.add_argument("--out", type=Path, required=True, help="the model to write (.tar.gz)")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=out.parent) as scratch:
        runtime.prepare(Path(scratch))
        runtime.silence()
        train(arguments.data.resolve(), out)


if __name__ == "__main__":
    main()
