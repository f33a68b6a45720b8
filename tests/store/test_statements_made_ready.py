"""Statements whose text is made once for a state that is open, and not for longer (store/ready.py)."""

from __future__ import annotations

import gc
import weakref

from sqlalchemy import Integer, bindparam, create_engine, select

from nexusops.store.ready import executed

ASKED = select(bindparam("wanted", type_=Integer))


def test_what_was_made_ready_for_a_state_goes_with_it() -> None:
    """A worker opens a state for each run, for months."""
    engine = create_engine("sqlite://", paramstyle="named")
    with engine.connect() as connection:
        assert [executed(connection, ASKED, {"wanted": n}).scalar() for n in (1, 2)] == [1, 2]
    gone = weakref.ref(engine.dialect)
    engine.dispose()
    del engine, connection
    gc.collect()
    assert gone() is None
