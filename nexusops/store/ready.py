"""Statements that are executed with every step of a run: their text is made once.

SQLAlchemy keeps the text of a statement too, and yet looks at it and its parameters anew each time, for longer than
SQLite takes to carry it out. A step's rows are text and numbers, which need no looking at.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, Dialect, Executable

_TEXTS: WeakKeyDictionary[Dialect, dict[Executable, str]] = WeakKeyDictionary()
"""A worker opens the state anew for each run: what one had made ready goes with it."""


def executed(connection: Connection, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
    """``parameters``: of every name in the statement, one mapping, or several for as many rows."""
    texts = _TEXTS.setdefault(connection.dialect, {})
    text = texts.get(statement)
    if text is None:
        text = texts[statement] = _text(statement, connection.dialect)
    return connection.exec_driver_sql(text, parameters)


def _text(statement: Any, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))
