"""``frozen`` makes what ``dataclass(frozen=True, slots=True, kw_only=True)`` makes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import msgspec
import pytest

from nexusops.model.frozen import altered, filling, frozen


@frozen
class Frozen:
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
    assert told(Frozen(**given)) == told(Plain(**given))
    assert repr(Frozen(**given)) == repr(Plain(**given)).replace("Plain", "Frozen")


def test_each_value_has_a_default_of_its_own() -> None:
    assert Frozen(name="a").notes is not Frozen(name="a").notes


def test_it_cannot_be_altered() -> None:
    value = Frozen(name="a")
    with pytest.raises(FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]
    assert value == Frozen(name="a")


def test_what_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        Frozen()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        Frozen(name="a", colour="red")  # type: ignore[call-arg]


def test_it_is_copied_replaced_pickled_and_decoded_as_any_other() -> None:
    value = Frozen(name="a", rows=("x",), notes={"y": "z"})
    assert [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))] == [value] * 3
    assert replace(value, name="b") == Frozen(name="b", rows=("x",), notes={"y": "z"})
    assert msgspec.json.decode(msgspec.json.encode(value), type=Frozen) == value


def test_values_are_equal_and_hashed_by_their_fields_and_their_class() -> None:
    @frozen
    class Other:
        name: str

    @frozen
    class Named:
        name: str

    assert len({Named(name="a"), Named(name="a"), Named(name="b"), Other(name="a")}) == 3
    assert Named(name="a") != "a"


def test_a_class_without_fields_has_one_value() -> None:
    @frozen
    class Nothing:
        pass

    assert {Nothing(), Nothing()} == {Nothing()}
    assert repr(Nothing()).endswith("Nothing()")


def test_a_field_that_is_not_to_be_shown_is_not_shown() -> None:
    @frozen
    class Door:
        name: str
        secret: str = field(repr=False)

    assert "hush" not in repr(Door(name="a", secret="hush"))


def test_a_decoded_value_is_hashed_and_compared_before_any_was_made() -> None:
    """msgspec makes values without asking the class."""

    @frozen
    class Fresh:
        name: str

    first, second = msgspec.json.decode(b'[{"name": "a"}, {"name": "a"}]', type=list[Fresh])
    assert first == second
    assert len({first, second}) == 1


def test_it_is_filled_from_its_fields_in_their_order() -> None:
    assert filling(Frozen)(["a", True, ("x",), {}]) == Frozen(name="a", new=True, rows=("x",))


def test_an_altered_value_is_a_new_one_unless_it_has_the_fields_already() -> None:
    value = Frozen(name="a")
    assert altered(value, name="b", new=True) == Frozen(name="b", new=True)
    assert altered(value, name="a") is value
    assert value == Frozen(name="a")
