"""Binding: the parameters of a request under their documented spelling, each of its type (tenant-api.md 5.1)."""

from __future__ import annotations

from typing import Any

from nexusops.emulator.exchange.errors import bad_envelope, failed, invalid_value, parameters_refused, unknown_cmdlet
from nexusops.emulator.exchange.table import CMDLETS, COMMON, VALUES

Parameters = dict[str, Any]
HASH = "#Exchange.GenericHashTable"
_NAMES = {name.lower(): name for name in CMDLETS}
_SPELLING = {
    cmdlet: {name.lower(): (name, kind) for name, kind in {**COMMON, **takes.kinds}.items()}
    for cmdlet, takes in CMDLETS.items()
}


def bound(cmdlet: str, given: Any) -> tuple[str, Parameters]:
    """The cmdlet's proper name and its parameters; refuses unknown ones, wrong types, and missing mandatory ones."""
    name = _NAMES.get(cmdlet.lower())
    if name is None:
        raise unknown_cmdlet(cmdlet)
    if not isinstance(given, dict):
        raise bad_envelope("Cannot deserialize the Parameters of CmdletInput: an object is expected.")
    found: Parameters = {}
    unknown = []
    for key, value in given.items():
        if "@" in key:
            continue
        proper, kind = _SPELLING[name].get(key.lower(), (None, ""))
        if proper is None:
            unknown.append(key)
        elif proper not in COMMON:
            found[proper] = _typed(name, proper, kind, value)
    if unknown:
        raise parameters_refused(", ".join(unknown))
    for needed in CMDLETS[name].required:
        if found.get(needed) in (None, "", []):
            text = f"Cannot process command because of one or more missing mandatory parameters: {needed}."
            raise failed("System.Management.Automation.ParameterBindingException", text)
    return name, found


def _typed(cmdlet: str, name: str, kind: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and kind == "flag" and isinstance(value.get("IsPresent"), bool):
        return value["IsPresent"]
    if not _fits(kind, value):
        raise invalid_value(name, value)
    words = VALUES.get((cmdlet, name))
    if words is not None:
        spelling = {word.lower(): word for word in words}
        try:
            if isinstance(value, list):
                return [spelling[str(item).lower()] for item in value]
            return spelling[str(value).lower()]
        except KeyError:
            raise invalid_value(name, value) from None
    return value


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "flag":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
        case "size":
            return isinstance(value, int | str) and not isinstance(value, bool)
        case "list":
            return isinstance(value, str) or _strings(value)
    return isinstance(value, str) or _strings(value) or _hash_table(value)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _hash_table(value: Any) -> bool:
    """``{"@odata.type": "#Exchange.GenericHashTable", "Add": […], "Remove": […]}``: the tag is obligatory."""
    if not isinstance(value, dict) or value.get("@odata.type") != HASH:
        return False
    rest = {key.lower(): item for key, item in value.items() if "@" not in key}
    return (
        bool(rest) and set(rest) <= {"add", "remove"} and all(isinstance(i, str) or _strings(i) for i in rest.values())
    )


def listed(value: Any) -> list[str]:
    """An array, or one value, as a list; null is an empty one."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def changed_list(present: list[str], value: Any) -> list[str]:
    """A list after a replacement, or after what a hash table adds and removes (without regard to case)."""
    if not isinstance(value, dict):
        return listed(value)
    parts = {key.lower(): listed(item) for key, item in value.items() if "@" not in key}
    gone = {item.lower() for item in parts.get("remove", ())}
    kept = [item for item in present if item.lower() not in gone]
    known = {item.lower() for item in kept}
    return kept + [item for item in parts.get("add", ()) if item.lower() not in known]
