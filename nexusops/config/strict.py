"""TOML tables laid over frozen dataclasses, strictly: unknown keys and wrong types are errors that say what to do.

A *root* is a dataclass whose fields are dataclasses, one for each table of the file (``Settings``, ``Policy``). Layers
are laid over its defaults, key by key; each value remembers the layer that it came from.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from nexusops.errors import UsageError
from nexusops.model.frozen import frozen

Root = TypeVar("Root")
DEFAULT = "default"


@frozen
class Layer:
    """One file's tables. ``origin`` is how ``config show`` calls it, ``path`` what an error names."""

    origin: str
    path: Path
    table: Mapping[str, object]


@frozen
class Setting:
    """One effective value: ``file`` is the file that it may be set in, ``origin`` where it came from."""

    file: str
    key: str
    value: object
    origin: str


def read_toml(path: Path, *, piped: bool = False) -> dict[str, object]:
    """The file's tables; of a pipe only if ``piped``, since nobody may ever write to one that lies in the folder.
    Raises UsageError where it cannot be read or is no TOML.
    """
    try:
        if not piped and not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(
                f"{path}: is not a file.",
                next_step="Put a file in its place, or remove it, and look at the whole with `nexusops config show`.",
            )
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError(
            f"{path}: there is no such file.",
            next_step="Name a file that is there; the configuration folder with --config, or write one with "
            "`nexusops init DIR`.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}.",
            next_step="Make it a file that this user may read, and look at it with `nexusops config show`.",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: is not UTF-8 at byte {error.start}.",
            next_step="Save it as UTF-8 text, and look at it with `nexusops config show`.",
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path}: is not valid TOML: {error}.",
            next_step="Correct that line, and look at the whole with `nexusops config show`.",
        ) from error


def files_of(folder: Path, suffix: str) -> list[Path]:
    """What lies in a folder of the configuration, by name; nothing where there is none. Raises UsageError where it
    cannot be looked into: what cannot be seen is not gone.
    """
    try:
        return sorted(folder / name for name in os.listdir(folder) if name.endswith(suffix))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not folder.is_symlink():
            return []
        raise UsageError(
            f"{folder}: cannot be looked into: {error.strerror}.",
            next_step="Make it a folder that this user may read, and look at the whole with `nexusops config show`.",
        ) from error


def layered(root: type[Root], layers: Sequence[Layer], file: str) -> tuple[Root, list[Setting]]:
    """Lays the layers over the root's defaults, the last one winning; and lists every effective value."""
    for layer in layers:
        _check_keys(layer.table, _names(root), "", layer.path, root)
    tables: dict[str, object] = {}
    settings: list[Setting] = []
    for name, kind in typing.get_type_hints(root).items():
        values, found = _section(root, name, layers, file)
        tables[name] = kind(**values)
        settings += found
    return root(**tables), settings


def _section(root: type, name: str, layers: Sequence[Layer], file: str) -> tuple[dict[str, object], list[Setting]]:
    kind = typing.get_type_hints(root)[name]
    defaults, hints = kind(), typing.get_type_hints(kind)
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        table = layer.table.get(name, {})
        if not isinstance(table, Mapping):
            raise mistyped(layer.path, name, "a table", table)
        _check_keys(table, list(hints), f"{name}.", layer.path, root)
        for key, value in table.items():
            values[key] = convert(hints[key], value, f"{name}.{key}", layer.path)
            origins[key] = layer.origin
    for key in hints:
        values.setdefault(key, getattr(defaults, key))
    return values, [
        Setting(file=file, key=f"{name}.{key}", value=values[key], origin=origins.get(key, DEFAULT)) for key in hints
    ]


def convert(kind: object, value: object, key: str, path: Path) -> object:
    """The value as the field's type, or a UsageError that says what was expected."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (argument for argument in arguments if argument is not types.NoneType)
        return convert(inner, value, key, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise wrong(path, key, "a list", value)
        return tuple(convert(arguments[0], one, f"{key}[{place}]", path) for place, one in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise wrong(path, key, "a table", value)
        return {name: convert(arguments[1], one, f"{key}.{name}", path) for name, one in value.items()}
    return _scalar(kind, value, key, path)


def _scalar(kind: object, value: object, key: str, path: Path) -> object:
    words = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    plain = typing.cast(type, getattr(kind, "__supertype__", kind))  # NewType: the ids of the model
    accepted = (int, float) if plain is float else (plain,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and plain is not bool):
        raise (mistyped if plain is str else wrong)(path, key, words[plain], value)
    return float(value) if plain is float and isinstance(value, int) else value


def wrong(path: Path, key: str, expected: str, found: object) -> UsageError:
    """The error for a value that is not what was expected."""
    return _wrong(path, key, expected, _shown(found))


def mistyped(path: Path, key: str, expected: str, found: object) -> UsageError:
    """As ``wrong``, where what was found may hold a secret, a password without quotation marks say: it is not shown."""
    words = {
        bool: "true or false",
        str: "a string",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return _wrong(path, key, expected, words.get(type(found), "a date or a time"))


def _wrong(path: Path, key: str, expected: str, found: str) -> UsageError:
    return UsageError(
        f"{path}: {key}: expected {expected}, found {found}.",
        next_step=f"Correct {key} in {path}, and look at the whole with `nexusops config show`.",
    )


def unknown(path: Path, key: str, known: Sequence[str], elsewhere: Sequence[str] = ()) -> UsageError:
    """The error for a key that does not exist, with the nearest one that does. ``known``: the keys of its table;
    ``elsewhere``: those of the same name in other tables. Where none is near, all of the table are named.
    """
    return UsageError(
        f"{path}: {key}: unknown key. {_known(key, known, elsewhere)}.",
        next_step=f"Correct or remove {key} in {path}, and look at the whole with `nexusops config show`.",
    )


def _known(key: str, known: Sequence[str], elsewhere: Sequence[str]) -> str:
    """What may have been meant; the table's name, which all have in common, makes no key a near one."""
    names = {_last(one).lower(): one for one in known}
    near = difflib.get_close_matches(_last(key).lower(), names, n=1)
    if near or elsewhere:
        return f"The nearest known key is {' or '.join(elsewhere) or names[near[0]]}"
    return f"The known keys there are {', '.join(known)}"


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _check_keys(table: Mapping[str, object], names: Sequence[str], prefix: str, path: Path, root: type) -> None:
    for key in table:
        if key not in names:
            hints = typing.get_type_hints(root) if prefix else {}
            elsewhere = [f"{name}.{key}" for name, kind in hints.items() if key in _names(kind)]
            raise unknown(path, f"{prefix}{key}", [f"{prefix}{name}" for name in names], elsewhere)


def _names(root: type) -> list[str]:
    return list(typing.get_type_hints(root))


def _shown(value: object) -> str:
    return repr(value) if not isinstance(value, bool) else str(value).lower()
