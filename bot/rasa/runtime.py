"""What serving and training share: where our components are, one thread, no telemetry, no citizen's words in a log."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SENTRY_DSN": "",
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LOG_LEVEL": "ERROR",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "LOG_LEVEL_MATPLOTLIB": "ERROR",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def prepare(scratch: Path) -> None:
    """Set the process up before Rasa is imported; everything it must write goes to `scratch`."""
    os.environ.update(SETTINGS)
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["RASA_CACHE_DIRECTORY"] = str(scratch / "cache")
    os.environ["MPLCONFIGDIR"] = str(scratch / "matplotlib")
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
    sys.path.insert(0, str(HERE / "components"))
    logging.disable(logging.WARNING)
    # Rasa's old dependencies deprecate each other at length and reset every filter; none of it is about us.
    warnings.showwarning = lambda *_args, **_kwargs: None


def silence() -> None:
    """Drop Rasa's structured log below errors: by default it prints every message with its text."""
    import structlog

    logging.getLogger("jieba").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def end_with_parent() -> None:
    """Ask the kernel to stop this process when the one that started it is gone."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the starting process is already gone")
