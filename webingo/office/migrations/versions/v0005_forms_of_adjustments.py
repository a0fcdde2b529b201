"""Adjustments know the form that they were asked for with."""

import sqlalchemy as sa
from alembic import op

from webingo.office.columns import TEXT

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("adjustments", sa.Column("form", TEXT, nullable=True))
    op.create_index("ix_adjustments_form", "adjustments", ["form"], unique=True)
