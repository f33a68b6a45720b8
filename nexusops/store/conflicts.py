"""Writing a row that may be there already: each dialect has an INSERT of its own for it, and only ours is imported."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError

UNIQUE_VIOLATION = "23505"
_THERE = {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID}


def insert_into(dialect_name: str, table: Table) -> Any:
    """An INSERT that can say what is done on a conflict. SQLAlchemy loads every driver's module with a dialect."""
    return import_module(f"sqlalchemy.dialects.{dialect_name}").insert(table)


def there_already(error: IntegrityError) -> bool:
    """Whether a row of that key stands there; else another constraint was broken, maybe one that is not ours."""
    if isinstance(error.orig, sqlite3.Error):
        return error.orig.sqlite_errorcode in _THERE
    return getattr(error.orig, "sqlstate", None) == UNIQUE_VIOLATION
