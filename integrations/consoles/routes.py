"""The table of pages: every console route names the roles that may open it; what is not here does not exist."""

from __future__ import annotations

from weakref import WeakSet

from aiohttp import web

from integrations.consoles import (
    actions,
    alarms,
    api_tokens,
    attachments,
    callbacks,
    conversations,
    deeds,
    desk,
    events,
    guide_exchange,
    guide_proposals,
    guides,
    hotspots,
    inbox,
    learning,
    login,
    metrics,
    my_tickets,
    notices,
    overview,
    people,
    progress,
    progress_materials,
    promises,
    queue_board,
    reports,
    staff,
    supervision,
    survey,
    tickets,
    webhooks,
)
from integrations.consoles.access import EVERYONE, FRONT, ON_DUTY, STAFF, TOUCHED, Route, guarded
from ticketing.models import Role
from ticketing.reports import READERS

_ID = r"{id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}"
_NUMBER = r"{number:\d{6}-\d{6}-\d}"
_TOKEN = r"{token:[A-Za-z0-9_-]{16,64}}"  # noqa: S105 - the pattern of a path, no password
_CALLERS = frozenset({Role.CALLBACK})
_WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.DISPATCHER})
_ANNOUNCERS = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN})
_DECIDERS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.REVIEWER, Role.CALLBACK, Role.SUPERVISOR})
_SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})
_ACTORS = STAFF - {Role.ADMIN}
_PROMISED = frozenset({Role.CALLBACK, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMIN, Role.DISPATCHER, Role.REVIEWER})
_MEASURED = _WATCHERS | {Role.REVIEWER, Role.DEPARTMENT}
_OWNERS = frozenset({Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMIN})
_GUIDE = r"/console/guides/{item:[A-Za-z0-9_-]{1,60}}/{region:\d{6}(?:\d{3})?}"
_UPLOAD = 11_000_000

CONSOLE = (
    Route("GET", "/console/login", login.login_page, EVERYONE),
    Route("POST", "/console/login", login.log_in, EVERYONE),
    Route("POST", "/console/logout", login.log_out, STAFF),
    Route("GET", "/console", staff.home, STAFF),
    Route("GET", "/console/events", events.events, STAFF),
    Route("GET", "/console/conversations", conversations.desk_page, FRONT),
    Route("GET", f"/console/conversations/{_ID}", conversations.desk_page, FRONT),
    Route("POST", f"/console/conversations/{_ID}/take", conversations.take, FRONT),
    Route("POST", f"/console/conversations/{_ID}/say", conversations.say, FRONT),
    Route("POST", f"/console/conversations/{_ID}/back", conversations.hand_back, FRONT),
    Route("POST", f"/console/conversations/{_ID}/register", conversations.register, FRONT),
    Route("POST", f"/console/conversations/{_ID}/decline", desk.decline, FRONT),
    Route("POST", f"/console/conversations/{_ID}/transfer", desk.transfer, FRONT),
    Route("POST", f"/console/conversations/{_ID}/typing", desk.typing, FRONT),
    Route("GET", "/console/desk", desk.beat, FRONT),
    Route("POST", "/console/desk", desk.be, FRONT),
    Route("POST", f"/console/return-calls/{_ID}/phone", desk.phone, FRONT),
    Route("POST", f"/console/return-calls/{_ID}/done", desk.returned, FRONT),
    Route("GET", "/console/queue", queue_board.board_page, _WATCHERS),
    Route("GET", f"/console/queue/{_ID}", queue_board.watch_page, _SUPERVISORS),
    Route("POST", f"/console/queue/{_ID}/whisper", queue_board.whisper, _SUPERVISORS),
    Route("POST", f"/console/queue/desks/{_ID}", queue_board.equip, _SUPERVISORS),
    Route("GET", "/console/tickets", tickets.list_page, STAFF),
    Route("GET", f"/console/tickets/{_NUMBER}", tickets.ticket_page, STAFF),
    Route("POST", f"/console/tickets/{_NUMBER}/contact", tickets.reveal, STAFF),
    Route("POST", f"/console/tickets/{_NUMBER}/" + "{action:[a-z_]{2,20}}", actions.act, _ACTORS),
    Route("POST", f"/console/tickets/{_NUMBER}/do/" + "{deed:[a-z_]{2,30}}", deeds.do, _ACTORS, attachments.UPLOAD),
    Route("GET", f"/console/attachments/{_ID}/thumbnail", attachments.small, STAFF),
    Route("POST", f"/console/attachments/{_ID}/open", attachments.open_one, STAFF),
    Route("GET", "/console/requests", supervision.requests_page, _DECIDERS),
    Route("GET", "/console/supervision", supervision.board_page, _SUPERVISORS),
    Route("GET", "/console/supervision/replay", supervision.replay_page, _SUPERVISORS),
    Route("POST", "/console/supervision/duty", supervision.put_duty, _SUPERVISORS),
    Route("POST", f"/console/supervision/duty/{_ID}/cancel", supervision.cancel_duty, _SUPERVISORS),
    Route("GET", "/console/jobs", supervision.jobs_page, _ADMINS),
    Route("POST", f"/console/jobs/{_ID}/revive", supervision.revive, _ADMINS),
    Route("POST", f"/console/jobs/{_ID}/discard", supervision.discard, _ADMINS),
    Route("GET", "/console/people", people.people_page, _ADMINS),
    Route("POST", "/console/people", people.hire, _ADMINS),
    Route("GET", f"/console/people/{_ID}", people.person_page, _ADMINS),
    Route("POST", f"/console/people/{_ID}/place", people.assign, _ADMINS),
    Route("POST", f"/console/people/{_ID}/skills", people.equip, _ADMINS),
    Route("POST", f"/console/people/{_ID}/password", people.reset_password, _ADMINS),
    Route("POST", f"/console/people/{_ID}/close", people.close, _ADMINS),
    Route("POST", f"/console/people/{_ID}/reopen", people.reopen, _ADMINS),
    Route("GET", "/console/tokens", api_tokens.tokens_page, _ADMINS),
    Route("POST", "/console/tokens", api_tokens.issue, _ADMINS),
    Route("POST", f"/console/tokens/{_ID}/revoke", api_tokens.revoke, _ADMINS),
    Route("GET", "/console/webhooks", webhooks.webhooks_page, _ADMINS),
    Route("POST", "/console/webhooks", webhooks.register, _ADMINS),
    Route("GET", f"/console/webhooks/{_ID}", webhooks.hook_page, _ADMINS),
    Route("POST", f"/console/webhooks/{_ID}/rotate", webhooks.rotate, _ADMINS),
    Route("POST", f"/console/webhooks/{_ID}/ping", webhooks.ping, _ADMINS),
    Route("POST", f"/console/webhooks/{_ID}/stop", webhooks.stop, _ADMINS),
    Route("POST", f"/console/webhooks/{_ID}/replay", webhooks.replay, _ADMINS),
    Route("GET", "/console/callbacks", callbacks.callbacks_page, _CALLERS),
    Route("GET", f"/console/callbacks/{_ID}", callbacks.callbacks_page, _CALLERS),
    Route("POST", f"/console/callbacks/{_ID}/contact", callbacks.contact, _CALLERS),
    Route("POST", f"/console/callbacks/{_ID}/attempt", callbacks.attempt, _CALLERS),
    Route("POST", f"/console/callbacks/{_ID}/prefer", callbacks.prefer, _CALLERS),
    Route("POST", f"/console/callbacks/{_ID}/result", callbacks.result, _CALLERS),
    Route("GET", "/console/alarms", alarms.alarms_page, ON_DUTY),
    Route("GET", "/console/alarms/ringing", alarms.ringing, ON_DUTY),
    Route("POST", f"/console/alarms/{_ID}/acknowledge", alarms.acknowledge, ON_DUTY),
    Route("POST", f"/console/alarms/{_ID}/reported", alarms.reported, ON_DUTY),
    Route("GET", "/console/notices", notices.notices_page, _ANNOUNCERS),
    Route("POST", "/console/notices", notices.put_up, _ANNOUNCERS),
    Route("POST", f"/console/notices/{_ID}/withdraw", notices.withdraw, _ANNOUNCERS),
    Route("GET", "/console/guides", guides.list_page, _OWNERS),
    Route("GET", "/console/guides/export", guide_exchange.export, _OWNERS),
    Route("POST", "/console/guides/upload", guide_exchange.upload, _OWNERS, _UPLOAD),
    Route("GET", "/console/guides/proposals", guide_proposals.proposals_page, _OWNERS),
    Route("POST", "/console/guides/proposals", guide_proposals.decide, _OWNERS),
    Route("GET", "/console/guides/dev.jsonl", guide_proposals.dev_file, _OWNERS),
    Route("POST", f"/console/guides/conflicts/{_ID}", guides.settle, _OWNERS),
    Route("GET", _GUIDE, guides.guide_page, _OWNERS),
    Route("POST", f"{_GUIDE}/save", guides.save, _OWNERS),
    Route("POST", f"{_GUIDE}/reviewed", guides.reviewed, _OWNERS),
    Route("POST", f"{_GUIDE}/restore", guides.restore, _OWNERS),
    Route("POST", f"{_GUIDE}/localise", guides.localise, _OWNERS),
    Route("GET", "/console/inbox", inbox.inbox_page, STAFF),
    Route("GET", "/console/inbox/count", inbox.count, STAFF),
    Route("POST", "/console/inbox/read", inbox.read, STAFF),
    Route("GET", "/console/promises", promises.promises_page, _PROMISED),
    Route("POST", f"/console/promises/{_ID}/check", promises.check, _CALLERS),
    Route("GET", "/console/metrics", metrics.metrics_page, _MEASURED),
    Route("GET", "/console/reports", reports.reports_page, READERS),
    Route("POST", "/console/reports", reports.make, READERS),
    Route("GET", f"/console/reports/{_ID}", reports.report_page, READERS),
    Route("GET", f"/console/reports/{_ID}/" + "{format:[a-z]{3,4}}", reports.download, READERS),
    Route("GET", "/console/overview", overview.overview_page, _WATCHERS),
    Route("GET", "/console/hotspots", hotspots.hotspots_page, _WATCHERS),
    Route("GET", "/console/learning", learning.learning_page, _WATCHERS),
)


def add(app: web.Application) -> None:
    """Add all pages to the application."""
    app[TOUCHED] = {}
    app[events.STREAMS] = WeakSet()
    app[login.TRIES] = login.new_buckets()
    app[progress.QUERIES] = progress.new_buckets()
    my_tickets.add(app)
    app.on_shutdown.append(events.close_streams)
    for route in CONSOLE:
        app.router.add_route(route.method, route.path, guarded(route))
    app.add_routes(
        [
            web.get("/t", progress.progress_page),
            web.post("/t", progress.find),
            web.post("/t/materials", progress_materials.upload),
            web.get(f"/s/{_TOKEN}", survey.survey_page),
            web.post(f"/s/{_TOKEN}", survey.submit_survey),
        ]
    )
