"""One transaction at a time, on the database of a state: what every part of the Store has in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from nexusops.store import reading


class Connecting:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def _begin(self, *, writes: bool = False, on: Connection | None = None) -> Iterator[Connection]:
        """One transaction; what the database refuses becomes StateUnavailable."""
        try:
            with nullcontext(on) if on is not None else self._connected(writes) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise reading.unusable(error) from error

    def _connected(self, writes: bool) -> Connection:
        return self.engine.connect().execution_options(writes=writes)

    def _value(self, statement: Any) -> Any:
        with self._begin() as connection:
            return connection.execute(statement).scalar()

    def close(self) -> None:
        self.engine.dispose()
