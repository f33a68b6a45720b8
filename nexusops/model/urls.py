"""A database's URL as it may be shown: without what opens the database."""

from __future__ import annotations

import re

_BEFORE_HOST = re.compile(r"(://[^:/?@]*:).*(@)", re.DOTALL)
_IN_QUERY = re.compile(r"([?&][^=&]*(?:password|passwd|pwd|secret|token)[^=&]*=)[^&]*", re.IGNORECASE)


def without_password(url: str) -> str:
    """``***`` in place of every password: the one before the host, up to the last ``@``, and those in the query, where
    PostgreSQL takes ``password`` and ``sslpassword`` too.
    """
    return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(r"\1***\2", url))
