"""Plan callbacks step by step; keep reports, promises and notices to staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.models.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    _report()
    _promise()
    _staff_notice()
    op.add_column("callback", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("callback", sa.Column("channel", sa.String(), nullable=True))
    op.add_column("callback", sa.Column("next_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index("ix_callback_next_at", "callback", ["next_at"])
    op.add_column("survey", sa.Column("scale", sa.Integer(), nullable=False, server_default="5"))
    op.create_index("ix_survey_answered_at", "survey", ["answered_at"])
    op.add_column("citizen", sa.Column("prefers", sa.String(), nullable=True))
    op.add_column("citizen", sa.Column("hours", sa.String(), nullable=True))
    op.create_index("ix_ticket_event_action", "ticket_event", ["action", "at"])
    # Callbacks that run already go on at once, with the plan's first step.
    op.execute("UPDATE callback SET next_at = created_at WHERE finished_at IS NULL")


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("content", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_report_made_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("key", name=op.f("uq_report_key")),
    )
    op.create_index("ix_report_city", "report", ["city", "kind", "made_at"])


def _promise() -> None:
    op.create_table(
        "promise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_promise_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_promise_made_by_staff")),
        sa.ForeignKeyConstraint(["checked_by"], ["staff.id"], name=op.f("fk_promise_checked_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
    )
    op.create_index("ix_promise_status", "promise", ["status", "due_at"])
    op.create_index("ix_promise_ticket", "promise", ["ticket_id"])


def _staff_notice() -> None:
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_staff_notice_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
        sa.UniqueConstraint("staff_id", "key", name=op.f("uq_staff_notice_staff_id_key")),
    )
    op.create_index("ix_staff_notice_unread", "staff_notice", ["staff_id", "read_at"])


def downgrade() -> None:
    op.drop_index("ix_ticket_event_action", table_name="ticket_event")
    op.drop_column("citizen", "hours")
    op.drop_column("citizen", "prefers")
    op.drop_index("ix_survey_answered_at", table_name="survey")
    op.drop_column("survey", "scale")
    op.drop_index("ix_callback_next_at", table_name="callback")
    op.drop_column("callback", "next_at")
    op.drop_column("callback", "channel")
    op.drop_column("callback", "step")
    op.drop_index("ix_staff_notice_unread", table_name="staff_notice")
    op.drop_table("staff_notice")
    op.drop_index("ix_promise_ticket", table_name="promise")
    op.drop_index("ix_promise_status", table_name="promise")
    op.drop_table("promise")
    op.drop_index("ix_report_city", table_name="report")
    op.drop_table("report")
