"""Create deliveries, text messages and one-time codes; an address may belong to a citizen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _moment(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=empty)


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tried", _JSON, nullable=False),
        _moment("run_at", empty=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_delivery_ticket_id_ticket")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index("ix_delivery_ticket_id", "delivery", ["ticket_id"])
    op.create_table(
        "sms_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_message")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_sms_message_delivery_id_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_sms_message_key")),
    )
    op.create_index("ix_sms_message_delivery_id", "sms_message", ["delivery_id"])
    op.create_table(
        "sms_budget",
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city", "day", name=op.f("pk_sms_budget")),
    )
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        _moment("sent_at"),
        _moment("expires_at"),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("used_at", empty=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    op.create_index("ix_one_time_code_phone_index", "one_time_code", ["phone_index", "purpose", "sent_at"])
    with op.batch_alter_table("channel_contact") as table:
        table.add_column(sa.Column("citizen_id", sa.Uuid(), nullable=True))
        table.add_column(_moment("bound_at", empty=True))
        table.add_column(sa.Column("notices", _JSON, nullable=True))
        table.create_foreign_key(op.f("fk_channel_contact_citizen_id_citizen"), "citizen", ["citizen_id"], ["id"])
        table.create_index("ix_channel_contact_citizen_id", ["citizen_id"])


def downgrade() -> None:
    with op.batch_alter_table("channel_contact") as table:
        table.drop_index("ix_channel_contact_citizen_id")
        table.drop_constraint(op.f("fk_channel_contact_citizen_id_citizen"), type_="foreignkey")
        for column in ("notices", "bound_at", "citizen_id"):
            table.drop_column(column)
    for name in ("one_time_code", "sms_budget", "sms_message", "delivery"):
        op.drop_table(name)
