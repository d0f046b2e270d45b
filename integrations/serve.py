"""The processes of an installation as each starts and stops: the web process, and the worker beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys

import structlog
from aiohttp import web
from structlog.tracebacks import ExceptionDictTransformer

from integrations.bootstrap import open_house
from integrations.publishing import following
from integrations.settings import Settings
from integrations.web import make_app
from integrations.worker import make_celery, waker, working

_GRACE_SECONDS = 10.0


def run_web(settings: Settings) -> None:
    """Serve until told to stop; without a broker the worker lives in here too."""
    _log_lines()
    web.run_app(
        _application(settings), host=settings.host, port=settings.port,
        shutdown_timeout=_GRACE_SECONDS, access_log=None, print=None,
    )  # fmt: skip


async def _application(settings: Settings) -> web.Application:
    if settings.assets is None:
        raise OSError("HOTLINE_ASSETS 未设置：请用 ./hotline up 启动")
    celery = make_celery(settings)
    stack = contextlib.AsyncExitStack()
    house = await stack.enter_async_context(open_house(settings, waker(celery)))
    if settings.embedded:
        await stack.enter_async_context(working(celery, house))
    await asyncio.to_thread(house.bot.warm_up)  # before the port opens: nobody is sent here to wait
    app = make_app(house, settings.assets)

    async def let_go(_app: web.Application) -> None:
        await stack.aclose()

    app.on_cleanup.append(let_go)
    return app


def run_worker(settings: Settings) -> None:
    """The worker with its beat, as a process of its own."""
    _log_lines()
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    celery = make_celery(settings)
    async with open_house(settings, waker(celery)) as house, working(celery, house):
        house.live.start()
        async with following(house):
            await stop.wait()
        await asyncio.to_thread(house.live.stop)


def _log_lines() -> None:
    """One JSON line an event on stderr; personal data never goes in."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
