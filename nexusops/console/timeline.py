"""The life of addresses as a drawing: a lane for each, with what it was from when until when. Values, no markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.frozen import frozen
from nexusops.model.mailboxes import Mailbox

WIDTH, LEFT, LANE, TOP = 960, 8, 46, 26
"""The drawing's units: width of all, margin, height of a lane and of the scale above them."""
_MARGIN = timedelta(days=45)
_SHORTEST = timedelta(days=150)


@frozen
class Bar:
    """``state`` from ``since`` to ``until`` (None: open); ``x`` and ``width`` in the drawing's units."""

    state: str
    since: date
    until: date | None
    x: float
    width: float


@frozen
class Lane:
    """One period of an address; ``ended`` is where its cross stands, with the day."""

    address: str
    note: str
    y: int
    bars: tuple[Bar, ...]
    ended: tuple[float, date] | None


@frozen
class Tick:
    x: float
    label: str


@frozen
class Timeline:
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    today_x: float
    height: int
    width: int = WIDTH


def timeline(rows: Sequence[Allocation], today: date, box: Mailbox | None = None) -> Timeline | None:
    """The lanes in the order of the rows; None where there are none. ``box`` is their mailbox: while it is disabled
    they are suspended, and they end with it; the days on which it is to be disabled or deleted count as they stand.
    """
    if not rows:
        return None
    ends = (box.delete_on or box.disable_on) if box is not None else None
    scale = _Scale.over(rows, today, ends)
    lanes = tuple(_lane(row, scale, TOP + LANE * place, box) for place, row in enumerate(rows))
    return Timeline(lanes=lanes, ticks=scale.ticks(), today_x=scale.x(today), height=TOP + LANE * len(rows) + 20)


@frozen
class _Scale:
    first: date
    last: date

    @classmethod
    def over(cls, rows: Iterable[Allocation], today: date, ends: date | None) -> _Scale:
        days = [
            today,
            ends or today,
            *(day for row in rows for day in (row.created_on, row.delete_on, row.deleted_on) if day),
        ]
        first, last = min(days), max(days) + _MARGIN
        return cls(first=min(first, last - _SHORTEST), last=last)

    def x(self, day: date) -> float:
        share = (min(max(day, self.first), self.last) - self.first) / (self.last - self.first)
        return round(LEFT + share * (WIDTH - 2 * LEFT), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """The first days of months, or of quarters or years where there would be too many."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next(step for step in (1, 3, 6, 12, 24, 60, 120, 1200) if months / step <= 10)
        start = self.first.year * 12
        places = (divmod(start + n, 12) for n in range(0, months + 13, step))
        days = (date(year, month + 1, 1) for year, month in places)
        form = "%Y" if step >= 12 else "%b %Y"
        return tuple(Tick(x=self.x(day), label=day.strftime(form)) for day in days if self.first <= day < self.last)


def _lane(row: Allocation, scale: _Scale, y: int, box: Mailbox | None) -> Lane:
    ended = (scale.x(row.deleted_on), row.deleted_on) if row.deleted_on else None
    bars = tuple(_bar(*span, scale) for span in _spans(row, box))
    note = f"period {row.period}" if row.period > 1 else ""
    return Lane(address=row.address, note=note, y=y, bars=bars, ended=ended)


def _spans(row: Allocation, box: Mailbox | None) -> Iterable[tuple[str, date, date | None]]:
    """What the address was, one after the other; the last one may have no end."""
    end, off = _ends(row, box)
    if row.winddown_on is not None:
        yield AddressState.ACTIVE.value, row.created_on, row.winddown_on
        yield AddressState.WINDDOWN.value, row.winddown_on, off or end
    else:
        yield AddressState.ACTIVE.value, row.created_on, off or end
    if off is not None:
        yield AddressState.SUSPENDED.value, off, end


def _ends(row: Allocation, box: Mailbox | None) -> tuple[date | None, date | None]:
    """The day on which it ends, by itself or with its mailbox, and the one before that from which it is suspended."""
    end = row.deleted_on or row.delete_on
    if box is None:
        return end, None
    if row.live:
        end = min((day for day in (end, box.delete_on) if day is not None), default=None)
    off = box.disabled_on if _suspended(row, box) else box.disable_on if row.live and box.live else None
    return end, off if off is None or end is None or off < end else None


def _suspended(row: Allocation, box: Mailbox) -> bool:
    """Whether it is, or was until it ended with its mailbox, suspended since that was disabled (D08)."""
    went_with_it = row.deleted_on is not None and (row.mailbox_key, row.deleted_on) == (box.key, box.deleted_on)
    return row.state is AddressState.SUSPENDED or went_with_it


def _bar(state: str, since: date, until: date | None, scale: _Scale) -> Bar:
    x = scale.x(since)
    return Bar(state=state, since=since, until=until, x=x, width=max(3.0, round(scale.x(until or date.max) - x, 1)))
