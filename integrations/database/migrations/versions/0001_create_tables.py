"""Create the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import ticketing.models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "citizen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_citizen_phone_index")),
    )
    op.create_table(
        "guide_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_import")),
    )
    op.create_index("ix_guide_import_run", "guide_import", ["run_id", "position"], unique=False)
    op.create_table(
        "guide_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column(
            "body", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("reviewed", sa.Date(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_version")),
        sa.UniqueConstraint(
            "city", "item", "region", "version", name=op.f("uq_guide_version_city_item_region_version")
        ),
    )
    op.create_index("ix_guide_version_current", "guide_version", ["city", "status"], unique=False)
    op.create_index(op.f("ix_guide_version_review_due"), "guide_version", ["review_due"], unique=False)
    op.create_table(
        "knowledge_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("element", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_asked_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_task")),
    )
    op.create_index("ix_knowledge_task_gap", "knowledge_task", ["city", "item", "element", "status"], unique=False)
    op.create_table(
        "number_counter",
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city", "day", name=op.f("pk_number_counter")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dead_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["run_at"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_index("ix_unit_duty", "unit", ["city", "department", "region"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_staff_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("waiting_since", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("handoff_reason", sa.String(), nullable=True),
        sa.Column("flow", sa.String(), nullable=True),
        sa.Column("state_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("opened_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["staff.id"], name=op.f("fk_conversation_operator_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index("ix_conversation_waiting", "conversation", ["owner", "waiting_since"], unique=False)
    op.create_index(
        "uq_conversation_running",
        "conversation",
        ["city", "channel", "address_index"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_login_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("body_redacted", sa.String(), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reply_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dead_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_message_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["in_reply_to"], ["message.id"], name=op.f("fk_message_in_reply_to_message")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_message_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("conversation_id", "external_id", name=op.f("uq_message_conversation_id_external_id")),
        sa.UniqueConstraint("conversation_id", "seq", name=op.f("uq_message_conversation_id_seq")),
        sa.UniqueConstraint("in_reply_to", name=op.f("uq_message_in_reply_to")),
    )
    op.create_index("ix_message_due", "message", ["due_at"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("intake_key", sa.String(), nullable=True),
        sa.Column("query_code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("query_failures", sa.Integer(), nullable=False),
        sa.Column("query_locked_until", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("external_platform", sa.String(), nullable=True),
        sa.Column("external_number", sa.String(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("registered_by", sa.Uuid(), nullable=True),
        sa.Column("first_contact_owner", sa.Uuid(), nullable=True),
        sa.Column("registered_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("wants_reply", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_redacted", sa.String(), nullable=False),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("happened", sa.String(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column(
            "evidence", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lead_department", sa.String(), nullable=True),
        sa.Column("first_department", sa.String(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("handler_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("rework_count", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("promised_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sign_due", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finish_due", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("signed_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("outcome_code", sa.String(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer_basis", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.id"], name=op.f("fk_ticket_citizen_id_citizen")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_ticket_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(
            ["first_contact_owner"], ["staff.id"], name=op.f("fk_ticket_first_contact_owner_staff")
        ),
        sa.ForeignKeyConstraint(["handler_id"], ["staff.id"], name=op.f("fk_ticket_handler_id_staff")),
        sa.ForeignKeyConstraint(["parent_id"], ["ticket.id"], name=op.f("fk_ticket_parent_id_ticket")),
        sa.ForeignKeyConstraint(["registered_by"], ["staff.id"], name=op.f("fk_ticket_registered_by_staff")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff.id"], name=op.f("fk_ticket_reviewer_id_staff")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint(
            "external_platform", "external_number", name=op.f("uq_ticket_external_platform_external_number")
        ),
        sa.UniqueConstraint("intake_key", name=op.f("uq_ticket_intake_key")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
    )
    op.create_index("ix_ticket_citizen", "ticket", ["citizen_id", "registered_at"], unique=False)
    op.create_index(op.f("ix_ticket_conversation_id"), "ticket", ["conversation_id"], unique=False)
    op.create_index("ix_ticket_department", "ticket", ["lead_department", "status", "finish_due"], unique=False)
    op.create_index("ix_ticket_registered_at", "ticket", ["registered_at"], unique=False)
    op.create_index("ix_ticket_status", "ticket", ["status", "finish_due"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("given_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_assignment_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_assignment_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_department", "assignment", ["department", "ended_at"], unique=False)
    op.create_index("ix_assignment_ticket", "assignment", ["ticket_id", "ended_at"], unique=False)
    op.create_table(
        "callback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_callback_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
        sa.UniqueConstraint("ticket_id", "round", name=op.f("uq_callback_ticket_id_round")),
    )
    op.create_index("ix_callback_due", "callback", ["status", "due_at"], unique=False)
    op.create_table(
        "clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column(
            "explanation", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("set_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_clock_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
        sa.UniqueConstraint("ticket_id", "name", "revision", name=op.f("uq_clock_ticket_id_name_revision")),
    )
    op.create_table(
        "ticket_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_status", sa.String(), nullable=True),
        sa.Column("to_status", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "data", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["staff.id"], name=op.f("fk_ticket_event_actor_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_ticket_event")),
        sa.UniqueConstraint("ticket_id", "seq", "at", name=op.f("uq_ticket_event_ticket_id_seq_at")),
    )
    op.create_table(
        "callback_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback.id"], name=op.f("fk_callback_attempt_callback_id_callback")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_callback_attempt_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempt")),
    )
    op.create_index(op.f("ix_callback_attempt_callback_id"), "callback_attempt", ["callback_id"], unique=False)
    op.create_table(
        "survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("token_mac", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", ticketing.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("contacted", sa.Boolean(), nullable=True),
        sa.Column("resolved", sa.Boolean(), nullable=True),
        sa.Column("department_rating", sa.Integer(), nullable=True),
        sa.Column("hotline_rating", sa.Integer(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["callback_id"], ["callback.id"], name=op.f("fk_survey_callback_id_callback")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("callback_id", name=op.f("uq_survey_callback_id")),
        sa.UniqueConstraint("token_mac", name=op.f("uq_survey_token_mac")),
    )
    op.create_index(op.f("ix_survey_ticket_id"), "survey", ["ticket_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_survey_ticket_id"), table_name="survey")
    op.drop_table("survey")
    op.drop_index(op.f("ix_callback_attempt_callback_id"), table_name="callback_attempt")
    op.drop_table("callback_attempt")
    op.drop_table("ticket_event")
    op.drop_table("clock")
    op.drop_index("ix_callback_due", table_name="callback")
    op.drop_table("callback")
    op.drop_index("ix_assignment_ticket", table_name="assignment")
    op.drop_index("ix_assignment_department", table_name="assignment")
    op.drop_table("assignment")
    op.drop_index("ix_ticket_status", table_name="ticket")
    op.drop_index("ix_ticket_registered_at", table_name="ticket")
    op.drop_index("ix_ticket_department", table_name="ticket")
    op.drop_index(op.f("ix_ticket_conversation_id"), table_name="ticket")
    op.drop_index("ix_ticket_citizen", table_name="ticket")
    op.drop_table("ticket")
    op.drop_index("ix_message_due", table_name="message")
    op.drop_table("message")
    op.drop_table("login_session")
    op.drop_index(
        "uq_conversation_running",
        table_name="conversation",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("ix_conversation_waiting", table_name="conversation")
    op.drop_table("conversation")
    op.drop_table("staff")
    op.drop_index("ix_unit_duty", table_name="unit")
    op.drop_table("unit")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("number_counter")
    op.drop_index("ix_knowledge_task_gap", table_name="knowledge_task")
    op.drop_table("knowledge_task")
    op.drop_index(op.f("ix_guide_version_review_due"), table_name="guide_version")
    op.drop_index("ix_guide_version_current", table_name="guide_version")
    op.drop_table("guide_version")
    op.drop_index("ix_guide_import_run", table_name="guide_import")
    op.drop_table("guide_import")
    op.drop_table("citizen")
