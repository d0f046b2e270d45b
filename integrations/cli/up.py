"""`./hotline up` and the processes it starts: `serve` (web) and `work` (Celery)."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import signal
import sys
from typing import Any

from integrations.cli import options
from integrations.lifeline import die_with_parent
from integrations.provision import Made, provision
from integrations.settings import Settings
from integrations.supervisor import Running, rasa_program, running, web_program, worker_program


def add(commands: Any) -> None:
    """Declare the commands; `serve` and `work` are started by `up`, not typed."""
    up = commands.add_parser("up", help="启动整套系统（内置默认配置与演示数据）")
    up.add_argument("--port", type=int, help="网页端口（默认 8345）")
    options.data(up)
    options.city(up)
    up.set_defaults(run=run_up)
    commands.add_parser("provision", help="只准备环境、模型与页面，不启动").set_defaults(run=run_provision)
    commands.add_parser("serve").set_defaults(run=run_serve)
    commands.add_parser("work").set_defaults(run=run_work)


def say(line: str) -> None:
    """One line of progress."""
    print(f"▸ {line}", file=sys.stderr, flush=True)


def run_provision(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make environments, model and front end."""
    provision(settings.home, say)
    return 0


def run_up(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prepare what is missing, then run until told to stop."""
    _refuse_open_demo(settings)
    made = provision(settings.home, say)
    settings.data.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_up(settings, made))


async def _up(settings: Settings, made: Made) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    rasa = rasa_program(made)
    others = [web_program(settings, rasa, made)]
    if not settings.embedded:
        others.append(worker_program(settings, rasa))
    async with running([rasa], say):
        await asyncio.to_thread(_prepare, settings)
        async with running(others, say):
            await asyncio.gather(*(program.wait_ready() for program in (rasa, *others)))
            Running(settings.url, rasa.environ["RASA_URL"], rasa.environ["RASA_TOKEN"]).save(settings.data)
            print(_welcome(settings), flush=True)
            await stop.wait()
            say("正在停止")
    return 0


def _prepare(settings: Settings) -> None:
    from integrations import seed  # a second's import, spent while Rasa starts
    from integrations.demo import first

    seed.prepare(settings, say)
    first.show(settings, say)


def run_serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """The web process."""
    from integrations import serve

    die_with_parent()
    serve.run_web(settings)
    return 0


def run_work(settings: Settings, arguments: argparse.Namespace) -> int:
    """The Celery worker with its beat."""
    from integrations import serve

    die_with_parent()
    serve.run_worker(settings)
    return 0


def _refuse_open_demo(settings: Settings) -> None:
    local = settings.host == "localhost" or _is_loopback(settings.host)
    if settings.demo and not local:
        raise OSError("演示账号只能在本机使用：请设置 HOTLINE_DEMO=0，或让 HOTLINE_HOST 为 127.0.0.1")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _welcome(settings: Settings) -> str:
    lines = [
        "",
        "12345 热线已启动",
        f"  市民网页对话    {settings.url}/",
        f"  进度查询        {settings.url}/t",
        f"  工作人员登录    {settings.url}/console",
    ]
    if settings.demo:
        from integrations import seed

        lines += ["", f"演示账号（密码都是 {seed.DEMO_PASSWORD}，仅限本机演示）"]
        lines += [f"  {account.username:<12} {account.title}" for account in seed.DEMO_ACCOUNTS]
    return "\n".join([*lines, "", "按 Ctrl+C 停止。"])
