"""Statements that are executed with every step of a run: their text is made once.

SQLAlchemy keeps the text of a statement too, and yet looks at it and its parameters anew each time, for longer than
SQLite takes to carry it out. A step's rows are text and numbers, which need no looking at.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Executable


def executed(connection: Connection, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
    """``parameters``: of every name in the statement, one mapping, or several for as many rows."""
    return connection.exec_driver_sql(_text(statement, connection.dialect), parameters)


@cache
def _text(statement: Any, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))
