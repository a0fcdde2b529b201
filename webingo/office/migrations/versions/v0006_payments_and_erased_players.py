"""What could not be taken from a wallet, what players paid, and players who are to be forgotten."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import INTEGER

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("short", INTEGER, nullable=False, server_default=sa.text("0")))
    payment = sa.text("kind IN ('purchase', 'refund', 'chargeback', 'chargeback_reversal')")
    columns = ["platform", "uid", "id"]
    op.create_index("ix_ledger_payments", "ledger", columns, sqlite_where=payment, postgresql_where=payment)
    op.add_column("players", sa.Column("erased_at", INTEGER, nullable=True))
