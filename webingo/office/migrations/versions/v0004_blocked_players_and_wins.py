"""Players who are blocked, and wins by jackpot."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    blocked = sa.text("blocked")
    columns = ["last_at", "platform", "uid"]
    op.create_index("ix_players_blocked", "players", columns, sqlite_where=blocked, postgresql_where=blocked)
    wins = ["platform", "site", "jackpot", "at", "claim"]
    op.create_index("ix_jackpot_wins_platform_site_jackpot_at_claim", "jackpot_wins", wins)
