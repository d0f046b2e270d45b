"""Create the queue for people, offers, desks, colleagues' notes and calls to be returned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.models.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _queue()
    _offers()
    _desks()
    _return_calls()


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _only_open(name: str, table: str, column: str, end: str) -> None:
    open_ = sa.text(f"{end} IS NULL")
    op.create_index(name, table, [column], unique=True, sqlite_where=open_, postgresql_where=open_)


def _queue() -> None:
    op.create_table(
        "queue_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        _text("city", nullable=False),
        _text("channel", nullable=False),
        _text("reason", nullable=False),
        _text("skill"),
        _text("language"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("wanted_id", sa.Uuid(), nullable=True),
        _at("entered_at", nullable=False),
        sa.Column("told_position", sa.Integer(), nullable=True),
        _at("told_at"),
        _at("choice_at"),
        _at("phone_asked_at"),
        _at("left_at"),
        _text("outcome"),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        _at("ended_at"),
        _points("queue_entry", "conversation_id", "conversation"),
        _points("queue_entry", "wanted_id", "staff"),
        _points("queue_entry", "taken_by", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_entry")),
    )
    _only_open("uq_queue_entry_open", "queue_entry", "conversation_id", "left_at")
    op.create_index("ix_queue_entry_line", "queue_entry", ["city", "left_at", "rank", "entered_at"])
    op.create_index("ix_queue_entry_conversation_id", "queue_entry", ["conversation_id"])


def _offers() -> None:
    op.create_table(
        "queue_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _at("offered_at", nullable=False),
        _at("expires_at", nullable=False),
        _at("ended_at"),
        _text("outcome"),
        _points("queue_offer", "entry_id", "queue_entry"),
        _points("queue_offer", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_offer")),
    )
    _only_open("uq_queue_offer_entry", "queue_offer", "entry_id", "ended_at")
    _only_open("uq_queue_offer_staff", "queue_offer", "staff_id", "ended_at")
    op.create_index("ix_queue_offer_expires_at", "queue_offer", ["ended_at", "expires_at"])
    op.create_index("ix_queue_offer_history", "queue_offer", ["entry_id", "offered_at"])


def _desks() -> None:
    op.create_table(
        "desk",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _text("city", nullable=False),
        _text("presence", nullable=False),
        _at("seen_at", nullable=False),
        sa.Column("skills", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        _points("desk", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_desk")),
    )
    op.create_table(
        "desk_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        _text("kind", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        _at("at", nullable=False),
        _points("desk_note", "conversation_id", "conversation"),
        _points("desk_note", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_note")),
    )
    op.create_index("ix_desk_note_conversation_id", "desk_note", ["conversation_id", "at"])


def _return_calls() -> None:
    op.create_table(
        "return_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("key", nullable=False),
        _text("city", nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        _text("reason", nullable=False),
        _at("asked_at", nullable=False),
        _at("due_at", nullable=False),
        _at("done_at"),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        _text("outcome"),
        _points("return_call", "conversation_id", "conversation"),
        _points("return_call", "done_by", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_call")),
        sa.UniqueConstraint("key", name=op.f("uq_return_call_key")),
    )
    op.create_index("ix_return_call_open", "return_call", ["city", "done_at", "due_at"])


def downgrade() -> None:
    for name in ("return_call", "desk_note", "desk", "queue_offer", "queue_entry"):
        op.drop_table(name)
