"""Circles in a graph, each place looked at once (the strongly connected components of Tarjan, SIAM J. Comput. 1972)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Place = TypeVar("Place")


def circles(starts: Iterable[Place], further: Callable[[Place], Iterator[Place]]) -> dict[Place, int]:
    """Every place that is reached from the starts, with the number of its circle: two have the same one where each
    leads to the other. What leads to nothing that leads back to it has a number of its own.
    """
    circle: dict[Place, int] = {}
    number: dict[Place, int] = {}
    back: dict[Place, int] = {}
    """The lowest number that each place on the way leads back to."""
    way: list[Place] = []
    ahead: list[tuple[Place, Iterator[Place]]] = []

    def enter(place: Place) -> None:
        number[place] = back[place] = len(number)
        way.append(place)
        ahead.append((place, further(place)))

    def leave(place: Place) -> None:
        if back[place] == number[place]:
            while place not in circle:
                circle[way.pop()] = number[place]

    for start in starts:
        if start not in number:
            enter(start)
        while ahead:
            here, ways = ahead[-1]
            if (place := next(ways, None)) is None:
                ahead.pop()
                leave(here)
                if ahead:
                    back[ahead[-1][0]] = min(back[ahead[-1][0]], back[here])
            elif place not in number:
                enter(place)
            elif place not in circle:
                back[here] = min(back[here], number[place])
    return circle
