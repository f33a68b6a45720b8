"""The Store of ports.py on SQLAlchemy Core: one code path for SQLite and PostgreSQL, each part in a file of its own."""

from __future__ import annotations

from nexusops.store.answering import Answering
from nexusops.store.auditing import Auditing
from nexusops.store.keeping import Keeping
from nexusops.store.looking import Looking
from nexusops.store.routing import Routing
from nexusops.store.running import Running


class SqlStore(Running, Routing, Looking, Answering, Auditing, Keeping):
    """What a run needs of it, the routing table, what staff, people and auditors ask, and what adapters remember."""
