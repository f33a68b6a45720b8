"""Frozen values: what everything inside the program is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(kind: type[T]) -> type[T]:
    """A frozen, slotted, keyword-only dataclass, compared and hashed by its fields: cheap to declare, quick to make.

    ``dataclass`` compiles six methods for each class, half a millisecond, whether anybody makes a value or not; and its
    frozen ``__init__`` looks up every name again, because it must go round its own refusal of assignment. Here the
    methods are compiled when the first value is made, and a value is filled while it belongs to an open class of the
    same slots, and is then given its frozen class, for good. ``fields``, ``replace``, pickle and msgspec take it for
    the dataclass that it is. Such a class has no bases and no subclasses.
    """
    kind.__doc__ = kind.__doc__ or kind.__name__  # where there is none, dataclass composes one out of a signature
    made: Any = dataclass(init=False, repr=False, eq=False, match_args=False, slots=True, kw_only=True)(kind)
    for name in ("__new__", "__eq__", "__hash__"):
        setattr(made, name, _compiled_when_asked(made, name))
    made.__repr__, made.__reduce__ = _repr, _reduce
    made.__setattr__, made.__delattr__ = _refuse, _refuse
    return made  # type: ignore[no-any-return]


def filling(kind: type[T]) -> Callable[[Sequence[object]], T]:
    """What makes a value of a frozen class out of all its fields' values in their order."""
    known: Any = kind
    return _compiled(
        known,
        "def filled(_values):",
        "    _self = _new(_open)",
        f"    {', '.join(f'_self.{name}' for name in _slots(known))}, = _values",
        "    _self.__class__ = _kind",
        "    return _self",
    )["filled"]


def altered(value: T, **wanted: object) -> T:
    """The frozen value with these fields; the very value where it has them already, as most of a population does.

    ``dataclasses.replace`` does the same for any dataclass, with its types checked, and takes four times as long.
    """
    for name, it in wanted.items():
        if getattr(value, name) != it:
            break
    else:
        return value
    kind: Any = value.__class__
    fresh: T = _copying(kind)(value)
    for name, it in wanted.items():
        setattr(fresh, name, it)
    fresh.__class__ = kind
    return fresh


@cache
def _copying(kind: Any) -> Callable[[Any], Any]:
    """What copies a value into one that is still open."""
    taken = [f"    _self.{name} = _value.{name}" for name in _slots(kind)]
    return _compiled(kind, "def copied(_value):", "    _self = _new(_open)", *taken, "    return _self")["copied"]


def _compiled_when_asked(kind: Any, asked: str) -> Callable[..., Any]:
    def first(*args: object, **values: object) -> Any:
        for name, method in _methods(kind).items():
            setattr(kind, name, method)
        return getattr(kind, asked)(*args, **values)

    return first


def _methods(kind: Any) -> dict[str, Callable[..., Any]]:
    asked = ["_kind", *(["*"] if fields(kind) else []), *(_parameter(each) for each in fields(kind))]
    ours, theirs = (f"({''.join(f'{of}.{name}, ' for name in _slots(kind))})" for of in ("_self", "_other"))
    return _compiled(
        kind,
        f"def __new__({', '.join(asked)}):",
        "    _self = _new(_open)",
        *(f"    _self.{each.name} = {_given(each)}" for each in fields(kind)),
        "    _self.__class__ = _kind",
        "    return _self",
        "def __eq__(_self, _other):",
        f"    return {ours} == {theirs} if _other.__class__ is _kind else NotImplemented",
        "def __hash__(_self):",
        f"    return hash({ours})",
    )


def _compiled(kind: Any, *lines: str) -> dict[str, Callable[..., Any]]:
    methods: dict[str, Callable[..., Any]] = {}
    exec("\n".join(lines), _scope(kind), methods)  # noqa: S102 - the names of our own fields
    return methods


@cache
def _scope(kind: Any) -> dict[str, object]:
    """What the compiled methods of a class know: itself, its open twin, and what stands for a value not given."""
    defaults = {f"_default_{each.name}": each.default for each in fields(kind)}
    makers = {f"_make_{each.name}": each.default_factory for each in fields(kind)}
    twin = type(kind.__name__, (), {"__slots__": _slots(kind)})
    return {"_kind": kind, "_open": twin, "_new": object.__new__, "_MISSING": MISSING, **defaults, **makers}


def _parameter(each: Field[Any]) -> str:
    if each.default_factory is not MISSING:
        return f"{each.name}=_MISSING"
    return each.name if each.default is MISSING else f"{each.name}=_default_{each.name}"


def _given(each: Field[Any]) -> str:
    if each.default_factory is not MISSING:
        return f"_make_{each.name}() if {each.name} is _MISSING else {each.name}"
    return each.name


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _repr(value: Any) -> str:
    shown = (f"{each.name}={getattr(value, each.name)!r}" for each in fields(value) if each.repr)
    return f"{type(value).__qualname__}({', '.join(shown)})"


def _reduce(value: Any) -> tuple[object, ...]:
    """A copied or pickled value is made anew; it has no state that could be set."""
    kind: Any = type(value)
    return _refilled, (kind, tuple(getattr(value, name) for name in _slots(kind)))


def _refilled(kind: type[T], values: Sequence[object]) -> T:
    return filling(kind)(values)


def _refuse(value: object, name: str, *_: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot alter {name!r} of a {type(value).__name__}")
