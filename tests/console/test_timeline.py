"""The life of addresses as a drawing."""

from __future__ import annotations

from datetime import date

from building.state_rows import allocation, mailbox

from nexusops.console.timeline import WIDTH, Timeline, timeline
from nexusops.model.addresses import AddressState
from nexusops.model.mailboxes import MailboxState

TODAY = date(2025, 2, 1)
Spans = list[tuple[str, date, date | None]]


def spans(drawing: Timeline | None) -> list[Spans]:
    assert drawing is not None
    return [[(bar.state, bar.since, bar.until) for bar in lane.bars] for lane in drawing.lanes]


def test_an_address_is_active_then_in_wind_down_then_deleted() -> None:
    """rules.md 2.1, with the dates of section 5."""
    begun, down, end = date(2024, 10, 1), date(2025, 1, 15), date(2025, 3, 16)
    active = allocation("ann.lee@law.ox.ac.uk", created_on=down)
    ending = allocation(
        "ann.lee@chem.ox.ac.uk", created_on=begun, winddown_on=down, delete_on=end, state=AddressState.WINDDOWN
    )
    gone = allocation(
        "ann.lee@mert.ox.ac.uk", created_on=begun, winddown_on=down, deleted_on=end, state=AddressState.DELETED
    )
    drawing = timeline([active, ending, gone], date(2025, 4, 1))
    assert spans(drawing) == [
        [("active", down, None)],
        [("active", begun, down), ("winddown", down, end)],
        [("active", begun, down), ("winddown", down, end)],
    ]
    assert drawing is not None
    assert [lane.ended[1] if lane.ended else None for lane in drawing.lanes] == [None, None, end]


def test_while_the_mailbox_is_disabled_its_addresses_are_suspended_and_end_with_it() -> None:
    """D08."""
    off, end = date(2025, 1, 20), date(2025, 3, 20)
    box = mailbox("person:1000001:1", "ann", state=MailboxState.DISABLED, disabled_on=off, delete_on=end)
    row = allocation("ann.lee@chem.ox.ac.uk", state=AddressState.SUSPENDED)
    assert spans(timeline([row], TODAY, box)) == [[("active", row.created_on, off), ("suspended", off, end)]]


def test_what_is_about_to_end_with_its_mailbox_is_not_drawn_as_active_for_ever() -> None:
    """R44, R42: the days on which the mailbox is to be disabled, or deleted; what winds down may end before."""
    off, end, sooner = date(2025, 2, 20), date(2025, 2, 25), date(2025, 2, 10)
    row = allocation("ann.lee@chem.ox.ac.uk")
    down = allocation("ann.lee@law.ox.ac.uk", winddown_on=row.created_on, delete_on=sooner, state=AddressState.WINDDOWN)
    cancelled = mailbox("person:1000001:1", "ann", state=MailboxState.GRACE_CANCELLED, disable_on=off)
    assert spans(timeline([row, down], TODAY, cancelled)) == [
        [("active", row.created_on, off), ("suspended", off, None)],
        [("active", row.created_on, row.created_on), ("winddown", row.created_on, sooner)],
    ]
    changed = mailbox("person:1000001:1", "ann", state=MailboxState.GRACE_STATUS, delete_on=end)
    assert spans(timeline([row], TODAY, changed)) == [[("active", row.created_on, end)]]


def test_what_ended_with_its_disabled_mailbox_was_suspended_before() -> None:
    """D08: it had refused mail for two months, and is not drawn as active until its end."""
    off, end = date(2025, 1, 20), date(2025, 3, 20)
    box = mailbox("person:1000001:1", "ann", state=MailboxState.DELETED, disabled_on=off, deleted_on=end)
    row = allocation("ann.lee@chem.ox.ac.uk", state=AddressState.DELETED, deleted_on=end, mailbox_key=box.key)
    former = allocation("ann.lee@law.ox.ac.uk", state=AddressState.DELETED, deleted_on=off)
    assert spans(timeline([row, former], TODAY, box)) == [
        [("active", row.created_on, off), ("suspended", off, end)],
        [("active", former.created_on, off)],
    ]


def test_bars_follow_one_another_within_the_drawing() -> None:
    row = allocation(
        "ann.lee@chem.ox.ac.uk", winddown_on=date(2025, 1, 20), delete_on=date(2025, 3, 21), state=AddressState.WINDDOWN
    )
    drawing = timeline([row], TODAY)
    assert drawing is not None
    first, second = drawing.lanes[0].bars
    assert round(first.x + first.width, 1) == second.x
    assert 0 < second.x < drawing.today_x < second.x + second.width < WIDTH
    assert [tick.label for tick in drawing.ticks] == ["Jan 2025", "Feb 2025", "Mar 2025", "Apr 2025", "May 2025"]


def test_ten_years_are_marked_by_the_year() -> None:
    drawing = timeline([allocation("ann.lee@chem.ox.ac.uk", created_on=date(2015, 3, 1))], TODAY)
    assert drawing is not None
    assert [tick.label for tick in drawing.ticks] == [f"{year}" for year in range(2016, 2026)]


def test_who_has_no_address_has_no_drawing() -> None:
    assert timeline([], TODAY) is None
