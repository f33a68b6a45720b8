"""Seconds of processor time over people as an SVG that needs nothing else: both axes by powers of ten, on which what
grows as its cause does is a line of that slope.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 430, 70, 240, 50, 50
PEOPLE, SECONDS = (4.0, 6.0), (-2.0, 3.0)
"""Powers of ten at the ends of each axis."""
COLOURS = ("#1b6ca8", "#b3541e", "#5b7f2b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """``seconds`` of processor time, ``memory`` in MiB at its peak."""

    line: str
    people: int
    seconds: float
    memory: int

    @property
    def x(self) -> float:
        return _along(log10(self.people), PEOPLE, LEFT, WIDTH - RIGHT)

    @property
    def y(self) -> float:
        return _along(log10(self.seconds), SECONDS, HEIGHT - BOTTOM, TOP)


def drawn(points: Sequence[Point]) -> str:
    """The chart of all lines, each with its points' seconds and memory."""
    lines = list(dict.fromkeys(point.line for point in points))
    parts = [*_axes(), *(part for n, line in enumerate(lines) for part in _line(line, points, COLOURS[n]))]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="sans-serif" font-size="12" aria-labelledby="title">'
        '\n<title id="title">Processor time from ten thousand people to a million</title>'
        f'\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def _along(value: float, ends: tuple[float, float], start: float, end: float) -> float:
    return start + (value - ends[0]) / (ends[1] - ends[0]) * (end - start)


def _axes() -> Iterator[str]:
    for power in range(int(PEOPLE[0]), int(PEOPLE[1]) + 1):
        x = _along(power, PEOPLE, LEFT, WIDTH - RIGHT)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#dddddd"/>'
        yield _text(x, HEIGHT - BOTTOM + 18, f"{10**power:,}", anchor="middle")
    for power in range(int(SECONDS[0]), int(SECONDS[1]) + 1):
        y = _along(power, SECONDS, HEIGHT - BOTTOM, TOP)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
        yield _text(LEFT - 8, y + 4, f"{10.0**power:g} s", anchor="end")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "people", anchor="middle")
    yield _text(LEFT - 50, TOP - 22, "processor time, and memory at its peak")


def _line(name: str, points: Sequence[Point], colour: str) -> Iterator[str]:
    mine = sorted((point for point in points if point.line == name), key=lambda point: point.people)
    path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in mine)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for point in mine:
        yield f'<circle cx="{point.x:.1f}" cy="{point.y:.1f}" r="4" fill="{colour}"/>'
        yield _text(point.x + 7, point.y + 17, f"{point.seconds:g} s, {point.memory:,} MiB", colour=colour)
    yield _text(mine[-1].x + 7, mine[-1].y - 5, name, colour=colour, weight="bold")


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#333333", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{bold}>{escape(text)}</text>'
