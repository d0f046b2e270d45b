"""What every request passes through: an id, a log line, measurements, security headers, errors in plain words."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram

from integrations.consoles.pages import PAGES
from ticketing.errors import (
    Conflict,
    Forbidden,
    HotlineError,
    Invalid,
    NotFound,
    TooManyAttempts,
    Unavailable,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()
REQUESTS = Counter("hotline_http_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("hotline_http_request_seconds", "Seconds to answer an HTTP request", ["route"])
REQUEST_ID = web.RequestKey("request_id", str)

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/ws/chat", "/static/{name}", "/console/events"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATUSES: tuple[tuple[type[HotlineError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Invalid, 422),
    (Conflict, 409),
    (TooManyAttempts, 429),
    (Unavailable, 503),
)
_CHECKED_THERE = "/chat/"  # the web chat lets the widgets of allowed sites in, and nobody else
_MACHINES = ("/api/", "/open311/", "/channels/", "/healthz", "/readyz", "/metrics", "/ws/", "/static/")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, measure it and write one log line."""
    given = request.headers.get("X-Request-ID", "")
    request[REQUEST_ID] = given if _ID.fullmatch(given) else uuid.uuid4().hex
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unmatched"
    started, status = time.perf_counter(), 500
    with structlog.contextvars.bound_contextvars(request=request[REQUEST_ID]):
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as redirect:
            status = redirect.status
            raise
        finally:
            seconds = time.perf_counter() - started
            method = request.method if request.method in _METHODS else "OTHER"
            REQUESTS.labels(method, route, status).inc()
            SECONDS.labels(route).observe(seconds)
            if route not in _QUIET or status >= 500:
                log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into a sentence: problem+json for programs, a page for people."""
    try:
        return await handler(request)
    except HotlineError as error:
        log.info("refused", code=error.code)
        return failure(request, status_of(error), error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        told = failure(request, error.status, HotlineError(f"http_{error.status}"))
        if "Allow" in error.headers:
            told.headers["Allow"] = error.headers["Allow"]
        return told
    except ConnectionResetError:
        raise  # the visitor left; the server knows what to make of that
    except Exception:
        log.exception("request_failed", path=request.path)
        return failure(request, 500, HotlineError("http_500"))


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site makes a browser send here; providers' webhooks and the API carry their own proof."""
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not request.path.startswith((*_MACHINES, _CHECKED_THERE)):
        require_same_origin(request)
    return await handler(request)


def require_same_origin(request: web.Request) -> None:
    """A browser names the page's origin; it must be ours. Programs name none."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_ours(request, origin):
        raise Forbidden("foreign_origin")


def is_ours(request: web.Request, origin: str) -> bool:
    """Whether an origin is this installation's own."""
    return urlsplit(origin).netloc in {request.host, urlsplit(request.app[PAGES].url).netloc}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers for every response, streams and sockets included (a signal, not a middleware)."""
    host = request.host if _HOST.fullmatch(request.host) else ""
    sockets = f" ws://{host} wss://{host}" if host else ""  # older Safari does not count them as 'self'
    headers = {
        "Content-Security-Policy": (
            f"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
        "X-Request-ID": request.get(REQUEST_ID, ""),
    }
    if request.app[PAGES].url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)


def status_of(error: HotlineError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 400)


def failure(request: web.Request, status: int, error: HotlineError) -> web.Response:
    """The error as this client understands it."""
    pages = request.app[PAGES]
    words = pages.words.error(error)
    if request.path.startswith(_MACHINES) or "application/json" in request.headers.get("Accept", ""):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": error.code,
            "detail": words,
            "request_id": request.get(REQUEST_ID, ""),
        }
        return web.json_response(problem, status=status, content_type="application/problem+json")
    template = "_error.html" if request.headers.get("HX-Request") else "error.html"
    staff = request.path.startswith("/console")
    return pages.response(request, template, status=status, sentence=words, staff_page=staff)
