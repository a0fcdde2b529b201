"""Wagers that were given back: rounds that were cancelled."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import INTEGER

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table in ("rounds", "game_totals", "game_minutes", "game_days"):
        op.add_column(table, sa.Column("voided", INTEGER, nullable=False, server_default=sa.text("0")))
