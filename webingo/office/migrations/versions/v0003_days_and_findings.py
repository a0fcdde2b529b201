"""Days of games, what does not add up, and rounds by site and by win."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import INTEGER, TEXT

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "game_days",
        sa.Column("day", INTEGER, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("rounds", INTEGER, nullable=False),
        sa.Column("wagered", INTEGER, nullable=False),
        sa.Column("wagered_squared", sa.Double(), nullable=False),
        sa.Column("won", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("day", "platform", "site", "denom", "game", name="pk_game_days"),
    )
    op.add_column("game_minutes", sa.Column("wagered_squared", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "findings",
        sa.Column("n", INTEGER, nullable=False, autoincrement=True),
        sa.Column("at", INTEGER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("cleared_by", TEXT, nullable=True),
        sa.Column("cleared_at", INTEGER, nullable=True),
        sa.PrimaryKeyConstraint("n", name="pk_findings"),
        sa.UniqueConstraint("kind", "subject", name="uq_findings_kind_subject"),
    )
    op.create_index("ix_findings_cleared_at_n", "findings", ["cleared_at", "n"])
    op.create_index("ix_rounds_platform_site_n", "rounds", ["platform", "site", "n"])
    op.create_index("ix_rounds_won_n", "rounds", ["won", "n"])
