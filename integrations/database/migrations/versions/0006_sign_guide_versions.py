"""Say who wrote each version of a guide and why, and what became of each knowledge task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.models.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AUTHOR = "fk_guide_version_author_id_staff"
_DECIDER = "fk_knowledge_task_decided_by_staff"


def upgrade() -> None:
    with op.batch_alter_table("guide_version") as batch:
        batch.add_column(sa.Column("origin", sa.String(), nullable=False, server_default="file"))
        batch.add_column(sa.Column("author_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("note", sa.String(), nullable=True))
        batch.create_foreign_key(op.f(_AUTHOR), "staff", ["author_id"], ["id"])
    with op.batch_alter_table("guide_version") as batch:
        batch.alter_column("origin", existing_type=sa.String(), server_default=None)
    # What people had edited before this column existed came from the console.
    op.execute(sa.text("UPDATE guide_version SET origin = 'console' WHERE edited"))
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    with op.batch_alter_table("knowledge_task") as batch:
        batch.add_column(sa.Column("outcome", sa.String(), nullable=True))
        batch.add_column(sa.Column("decided_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("dev_line", json, nullable=True))
        batch.create_foreign_key(op.f(_DECIDER), "staff", ["decided_by"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("knowledge_task") as batch:
        batch.drop_constraint(op.f(_DECIDER), type_="foreignkey")
        for name in ("dev_line", "decided_at", "decided_by", "outcome"):
            batch.drop_column(name)
    with op.batch_alter_table("guide_version") as batch:
        batch.drop_constraint(op.f(_AUTHOR), type_="foreignkey")
        for name in ("note", "author_id", "origin"):
            batch.drop_column(name)
