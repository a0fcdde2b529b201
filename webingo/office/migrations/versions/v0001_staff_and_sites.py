"""Staff, sites, and what the servers are told."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import INTEGER, TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("n", INTEGER, nullable=False, autoincrement=True),
        sa.Column("at", INTEGER, nullable=False),
        sa.Column("staff", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_audit"),
    )
    op.create_index("ix_audit_action_n", "audit", ["action", "n"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_staff_n", "audit", ["staff", "n"])
    op.create_index("ix_audit_subject_n", "audit", ["subject", "n"])
    op.create_table(
        "changes",
        sa.Column("n", INTEGER, nullable=False, autoincrement=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_changes"),
    )
    op.create_table(
        "commands",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("n", INTEGER, nullable=False),
        sa.Column("command", TEXT, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("balance", INTEGER, nullable=True),
        sa.Column("seq", INTEGER, nullable=True),
        sa.Column("at", INTEGER, nullable=False),
        sa.Column("done_at", INTEGER, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.UniqueConstraint("n", name="uq_commands_n"),
    )
    op.create_index("ix_commands_state_n", "commands", ["state", "n"])
    op.create_table(
        "house_values",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("number", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_house_values"),
    )
    values = sa.table("house_values", sa.column("name", TEXT), sa.column("number", INTEGER))
    op.bulk_insert(values, [{"name": "changes", "number": 0}, {"name": "gaming", "number": 1}])
    op.create_table(
        "site_versions",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("platform", "site", "version", name="pk_site_versions"),
    )
    op.create_table(
        "sites",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("updated_at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("platform", "site", name="pk_sites"),
    )
    op.create_table(
        "staff",
        sa.Column("id", INTEGER, nullable=False, autoincrement=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failed", INTEGER, nullable=False),
        sa.Column("failed_since", INTEGER, nullable=False),
        sa.Column("locked_until", INTEGER, nullable=False),
        sa.Column("created_at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("name", name="uq_staff_name"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("staff_id", INTEGER, nullable=False),
        sa.Column("csrf", TEXT, nullable=False),
        sa.Column("created_at", INTEGER, nullable=False),
        sa.Column("seen_at", INTEGER, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_sessions"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], ondelete="CASCADE", name="fk_staff_sessions_staff_id"),
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
