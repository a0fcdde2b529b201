"""Players, their money and rounds, jackpots."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import INTEGER, TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", INTEGER, nullable=False, autoincrement=True),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("asked_at", INTEGER, nullable=False),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("decided_at", INTEGER, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("command", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sa.UniqueConstraint("command", name="uq_adjustments_command"),
    )
    op.create_index("ix_adjustments_platform_uid_id", "adjustments", ["platform", "uid", "id"])
    op.create_index("ix_adjustments_state_id", "adjustments", ["state", "id"])
    op.create_table(
        "game_minutes",
        sa.Column("minute", INTEGER, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("rounds", INTEGER, nullable=False),
        sa.Column("wagered", INTEGER, nullable=False),
        sa.Column("won", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("minute", "platform", "site", "denom", "game", name="pk_game_minutes"),
    )
    op.create_table(
        "game_totals",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("rounds", INTEGER, nullable=False),
        sa.Column("wagered", INTEGER, nullable=False),
        sa.Column("wagered_squared", sa.Double(), nullable=False),
        sa.Column("won", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("platform", "site", "denom", "game", name="pk_game_totals"),
    )
    op.create_table(
        "jackpot_wins",
        sa.Column("claim", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("jackpot", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("round", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("claim", name="pk_jackpot_wins"),
    )
    op.create_index("ix_jackpot_wins_at_claim", "jackpot_wins", ["at", "claim"])
    op.create_index("ix_jackpot_wins_platform_uid_at", "jackpot_wins", ["platform", "uid", "at"])
    op.create_index("ix_jackpot_wins_round", "jackpot_wins", ["round"])
    op.create_table(
        "jackpots",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("at", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("platform", "site", "id", name="pk_jackpots"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", INTEGER, nullable=False, autoincrement=True),
        sa.Column("entry", TEXT, nullable=False),
        sa.Column("shard", INTEGER, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("seq", INTEGER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("balance", INTEGER, nullable=False),
        sa.Column("round", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("at", INTEGER, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("fed", TEXT, nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint("entry", name="uq_ledger_entry"),
        sa.UniqueConstraint("platform", "denom", "uid", "seq", name="uq_ledger_platform_denom_uid_seq"),
    )
    op.create_index("ix_ledger_at_id", "ledger", ["at", "id"])
    op.create_index("ix_ledger_round", "ledger", ["round"])
    op.create_table(
        "players",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("first_at", INTEGER, nullable=False),
        sa.Column("last_at", INTEGER, nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "uid", name="pk_players"),
    )
    op.create_index("ix_players_last_at_platform_uid", "players", ["last_at", "platform", "uid"])
    op.create_index("ix_players_name_uid", "players", ["name", "uid"])
    op.create_index("ix_players_uid_platform", "players", ["uid", "platform"])
    op.create_table(
        "round_records",
        sa.Column("round", TEXT, nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("round", name="pk_round_records"),
    )
    op.create_table(
        "rounds",
        sa.Column("n", INTEGER, nullable=False, autoincrement=True),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("game", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("began_at", INTEGER, nullable=False),
        sa.Column("ended_at", INTEGER, nullable=True),
        sa.Column("wagered", INTEGER, nullable=False),
        sa.Column("won", INTEGER, nullable=False),
        sa.Column("jackpot", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_rounds"),
        sa.UniqueConstraint("id", name="uq_rounds_id"),
    )
    op.create_index("ix_rounds_began_at_n", "rounds", ["began_at", "n"])
    op.create_index("ix_rounds_game_n", "rounds", ["game", "n"])
    op.create_index(
        "ix_rounds_open",
        "rounds",
        ["n"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_rounds_platform_site_game_n", "rounds", ["platform", "site", "game", "n"])
    op.create_index("ix_rounds_platform_uid_n", "rounds", ["platform", "uid", "n"])
    op.create_table(
        "sessions",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("began_at", INTEGER, nullable=False),
        sa.Column("ended_at", INTEGER, nullable=True),
        sa.Column("alive_at", INTEGER, nullable=False),
        sa.Column("rounds", INTEGER, nullable=False),
        sa.Column("wagered", INTEGER, nullable=False),
        sa.Column("won", INTEGER, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_began_at_id", "sessions", ["began_at", "id"])
    op.create_index("ix_sessions_ended_at_alive_at", "sessions", ["ended_at", "alive_at"])
    op.create_index("ix_sessions_platform_uid_began_at_id", "sessions", ["platform", "uid", "began_at", "id"])
    op.create_table(
        "wallets",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("denom", TEXT, nullable=False),
        sa.Column("balance", INTEGER, nullable=False),
        sa.Column("seq", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("platform", "uid", "denom", name="pk_wallets"),
    )
