"""The types of the backoffice's columns, the same for tables and migrations."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Integer, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase

INTEGER = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite numbers rows by itself only in a column that is called INTEGER, which has 64 bits there, too."""

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared and sorted by its bytes, whatever the database's language is: as SQLite does, and so that a prefix is a range."""


class Base(DeclarativeBase):
    """Constraints have names, since a migration can only change what it can name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: TEXT, int: INTEGER, float: Double(), dict[str, Any]: JSON(), bytes: LargeBinary()}
