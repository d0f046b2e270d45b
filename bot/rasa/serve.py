"""Serve the intent model: RASA_TOKEN=… python serve.py --model FILE --port N. Loopback only; it has no channel at all.

`POST /model/parse?token=…` answers; `GET /` answers 200 only once the model is loaded and warm.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import runtime

HOST = "127.0.0.1"
BODY_LIMIT = 64 * 1024
ANSWER_SECONDS = 10
SHORTEST_TOKEN = 16
WARM_UP = ("您好", "身份证丢了补办要带什么材料", "小区半夜施工太吵了,东胜区没人管,工单240101-000001-1")


def application(model: Path, token: str) -> Any:
    """Return Rasa's own HTTP application without channels, with the model loaded before the port opens."""
    from rasa.core.run import close_resources, configure_app

    app = configure_app(
        input_channels=[], cors=None, auth_token=token, enable_api=True, response_timeout=ANSWER_SECONDS
    )
    app.config.REQUEST_MAX_SIZE = BODY_LIMIT
    app.register_listener(partial(load, model), "before_server_start")
    app.register_listener(close_resources, "after_server_stop")
    return app


async def load(model: Path, app: Any, loop: Any) -> None:
    """Load the model and parse a few sentences: the first one costs half a second that no citizen should wait."""
    from batching import BatchingAgent

    agent = BatchingAgent()
    agent.load_model(model)
    for text in WARM_UP:
        await agent.parse_message(text)
    app.ctx.agent = agent


def serve(model: Path, port: int, token: str) -> None:
    """Run until told to stop."""
    application(model, token).run(host=HOST, port=port, workers=1, access_log=False, debug=False)


def main() -> None:
    """Read the arguments and the token, then serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a trained model (.tar.gz)")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    token = os.environ.pop("RASA_TOKEN", "")
    if len(token) < SHORTEST_TOKEN:
        sys.exit(f"RASA_TOKEN must be set to at least {SHORTEST_TOKEN} characters: who has no token may swap the model")
    if not arguments.model.is_file():
        sys.exit(f"no model at {arguments.model}")
    runtime.end_with_parent()
    with tempfile.TemporaryDirectory(prefix="hotline-nlu-") as scratch:
        runtime.prepare(Path(scratch))
        runtime.silence()
        serve(arguments.model.resolve(), arguments.port, token)


if __name__ == "__main__":
    main()
