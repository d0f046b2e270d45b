"""`./hotline audit verify`: does every event still say what was written? Exit code 0 says yes, 1 says no."""

from __future__ import annotations

import argparse
import json
from typing import Any

from integrations.cli import options
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from ticketing import audit_roots
from ticketing.audit_roots import Finding, Report

_SHOWN = 50
_WORDS = {
    "row": "工单 {number} 第 {seq} 条记录被改动过",
    "link": "工单 {number} 第 {seq} 条记录前后接不上（前面有记录被删除、插入或调换）",
    "status": "工单 {number} 的状态与最后一条记录（第 {seq} 条）不一致",
    "missing": "工单 {number} 的记录全部缺失",
    "root": "{day} 的日根对不上：当日及以前写入的记录被删除、增加或重写",
}


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("audit", help="核对审计链：记录有没有被改动")
    command.add_argument("verb", choices=["verify"])
    command.add_argument("--root", help="以前抄录的日根（64 位十六进制）：核对它仍在链上")
    command.add_argument("--json", action="store_true", help="以 JSON 输出")
    options.data(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Check everything and say what was found."""
    database = connect(settings.database, settings.keys)
    try:
        upgrade(database.engine)
        with database.read() as session:
            report = audit_roots.check(session)
    finally:
        database.close()
    noted = arguments.root.strip().lower() if arguments.root else None
    unknown = noted is not None and noted not in {root for _, root in report.roots}
    print(_as_json(report, unknown) if arguments.json else _as_words(report, unknown))
    return 1 if report.findings or unknown else 0


def _as_words(report: Report, unknown: bool) -> str:
    lines = [f"核对了 {report.tickets} 件工单、{report.events} 条记录、{len(report.roots)} 个日根。"]
    lines += [f"✗ {_sentence(finding)}" for finding in report.findings[:_SHOWN]]
    if len(report.findings) > _SHOWN:
        lines.append(f"✗ 另有 {len(report.findings) - _SHOWN} 处，用 --json 查看全部")
    if unknown:
        lines.append("✗ 抄录的日根不在链上：那一天以后的历史被整个换过")
    if not report.findings and not unknown:
        lines.append("✓ 审计链完整，没有发现改动。")
    if report.last_root:
        lines.append(f"最近的日根（{report.roots[-1][0]}，可抄录存档，以后用 --root 核对）：{report.last_root}")
    return "\n".join(lines)


def _sentence(finding: Finding) -> str:
    return _WORDS[finding.what].format(number=finding.number or "（已删除）", seq=finding.seq, day=finding.day)


def _as_json(report: Report, unknown: bool) -> str:
    findings = [{"what": f.what, "number": f.number, "seq": f.seq, "day": f.day} for f in report.findings]
    intact = not findings and not unknown
    counts = {"tickets": report.tickets, "events": report.events, "roots": len(report.roots)}
    return json.dumps(
        {"intact": intact, **counts, "last_root": report.last_root, "root_known": not unknown, "findings": findings},
        ensure_ascii=False,
    )
