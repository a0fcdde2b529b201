"""Players who are blocked, wins by jackpot, and what is held in open rounds."""

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
    held = sa.text("ended_at IS NULL")
    columns = ["platform", "site", "denom", "game", "wagered"]
    op.create_index("ix_rounds_held", "rounds", columns, sqlite_where=held, postgresql_where=held)
