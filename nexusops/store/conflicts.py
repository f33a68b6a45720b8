"""Writing a row that may be there already: each dialect has an INSERT of its own for it, and only ours is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import Table


def insert_into(dialect_name: str, table: Table) -> Any:
    """An INSERT that can say what is done on a conflict. SQLAlchemy loads every driver's module with a dialect."""
    return import_module(f"sqlalchemy.dialects.{dialect_name}").insert(table)
