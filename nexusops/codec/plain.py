"""Dataclasses as plain JSON objects: dicts, lists, strings, numbers; nothing that JSON does not have."""

from __future__ import annotations

import msgspec

from nexusops.model.journal import JsonObject


def plain(value: object) -> JsonObject:
    """The fields of a dataclass under their names; through JSON itself, so that tuples become lists."""
    written: JsonObject = msgspec.json.decode(msgspec.json.encode(value))
    return written
