"""Values that are made by plain assignment are frozen dataclasses like all others."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import msgspec
import pytest

from nexusops.model.filling import filled


@filled
@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    name: str
    new: bool = False
    rows: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    name: str
    new: bool = False
    rows: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)


def told(value: Any) -> dict[str, object]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


@pytest.mark.parametrize("given", [{"name": "a"}, {"name": "b", "new": True, "rows": ("x",), "notes": {"y": "z"}}])
def test_it_has_the_fields_and_defaults_that_the_dataclass_would_have(given: dict[str, Any]) -> None:
    assert told(Filled(**given)) == told(Plain(**given))
    assert repr(Filled(**given)) == repr(Plain(**given)).replace("Plain", "Filled")


def test_each_value_has_a_default_of_its_own() -> None:
    assert Filled(name="a").notes is not Filled(name="a").notes


def test_it_cannot_be_altered() -> None:
    value = Filled(name="a")
    with pytest.raises(FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]
    assert value == Filled(name="a")


def test_what_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        Filled()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        Filled(name="a", colour="red")  # type: ignore[call-arg]


def test_it_is_copied_replaced_pickled_and_decoded_as_any_other() -> None:
    value = Filled(name="a", rows=("x",), notes={"y": "z"})
    assert [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))] == [value] * 3
    assert replace(value, name="b") == Filled(name="b", rows=("x",), notes={"y": "z"})
    assert msgspec.json.decode(msgspec.json.encode(value), type=Filled) == value
