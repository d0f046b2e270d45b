"""`./hotline simulate`: a phone carrier, WeChat and a text gateway on this machine, with a telephone in the browser."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

from integrations.cli import options
from integrations.settings import Settings

_PORT = 8390
_HOST = "127.0.0.1"


def add(commands: Any) -> None:
    """Declare the command."""
    simulate = commands.add_parser("simulate", help="模拟电话、微信和短信运营商，浏览器里就能打电话（不需要账号）")
    simulate.add_argument("--port", dest="simulator_port", type=int, default=_PORT, help=f"端口（默认 {_PORT}）")
    simulate.add_argument("--up", action="store_true", help="同时启动热线，配置好并指向模拟器")
    simulate.add_argument(
        "--faults", default="", help="故障比例，如 retry=0.2,double=0.2,delay=0.2,drop=0.1,reorder=0.2"
    )
    simulate.add_argument("--seed", type=int, default=0, help="故障的随机种子")
    simulate.add_argument("--sealed", action="store_true", help="微信消息加密（安全模式）")
    simulate.add_argument("--sms", choices=("twilio", "aliyun", "tencent"), default="twilio", help="短信服务商的接口")
    options.data(simulate)
    options.city(simulate)
    simulate.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    return asyncio.run(_run(settings, arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    from aiohttp import web

    from bot.replies import Replies
    from integrations.simulators.account import AES_KEY, Account
    from integrations.simulators.faults import BadFaults, Faults
    from integrations.simulators.page import make_app
    from integrations.simulators.simulator import Plan, simulating

    try:
        plan = Plan(Faults.read(arguments.faults), arguments.seed)
    except BadFaults as error:
        raise OSError(f"--faults 不对：{error}") from error
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    replies, base = Replies.load(settings.nlu_data / "replies"), f"http://{_HOST}:{arguments.simulator_port}"
    key = AES_KEY if arguments.sealed else ""
    account = Account(
        settings.url, f"http://{settings.host}:{settings.port}", wechat_key=key, sms_provider=arguments.sms
    )
    async with simulating(account, plan, base) as simulator:
        runner = web.AppRunner(make_app(simulator, replies.group("simulate.page")), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, arguments.simulator_port).start()
            environ = account.environment(base)
            _welcome(replies, base, {} if arguments.up else environ)
            await _until(stop, settings, environ, with_house=arguments.up)
        finally:
            await runner.cleanup()
    return 0


def _welcome(replies: Any, base: str, environ: dict[str, str]) -> None:
    """The page's address and, where the house is started by hand, what to start it with."""
    print(replies.text("simulate.started", url=f"{base}/phone"), flush=True)
    if environ:
        lines = " \\\n".join(f"  {name}={shlex.quote(value)}" for name, value in environ.items())
        print(f"{replies.text('simulate.start_house')}\n\n{lines} \\\n  ./hotline up\n", flush=True)


async def _until(stop: asyncio.Event, settings: Settings, environ: dict[str, str], *, with_house: bool) -> None:
    from integrations.supervisor import Program, running

    if not with_house:
        await stop.wait()
        return
    argv = [sys.executable, "-m", "integrations.cli", "up", "--port", str(settings.port)]
    argv += ["--data", str(settings.data.absolute()), "--city", str(Path(settings.city).absolute())]
    house = Program("hotline", argv, environ, f"{settings.url}/healthz")
    async with running([house], lambda line: print(f"▸ {line}", file=sys.stderr, flush=True)):
        await stop.wait()
