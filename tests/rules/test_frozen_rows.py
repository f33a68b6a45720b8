"""Bad rows freeze a person and nobody else (D29, D46; R15, R18, R48; 2.3)."""

from __future__ import annotations

from building.oxford import oxford, student
from building.world import World


def _two() -> World:
    world = student(
        student(oxford(), "1", "Ann Lee", cancelled_on="2025-01-15"), "2", "Bob Ray", cancelled_on="2025-01-15"
    )
    for day in ("2024-10-01", "2025-01-15", "2025-01-16"):
        world.run(day)
    return world


def test_a_frozen_person_is_left_as_they_are_and_timers_pause() -> None:
    """D29, 2.3: dates are kept, overdue actions wait; everybody else goes on."""
    world = _two()
    world.faults["1"] = "BAD_CARD_DATES"
    assert world.run("2025-02-15").acts == [("DisableMailbox", "ball0002")]
    box, state = world.box("ball0001"), world.state("1")
    assert (box.state, str(box.disable_on), state.state, state.frozen) == (
        "grace_cancelled",
        "2025-02-15",
        "frozen",
        "BAD_CARD_DATES",
    )


def test_overdue_actions_happen_in_the_run_that_finds_the_rows_good_again() -> None:
    """2.3: frozen -> previous state."""
    world = _two()
    world.faults["1"] = "BAD_CARD_DATES"
    world.run("2025-02-15")
    del world.faults["1"]
    assert world.run("2025-03-01").acts == [("DisableMailbox", "ball0001")]
    assert (world.state("1").state, world.state("1").frozen) == ("out", None)


def test_a_frozen_person_is_sent_nothing() -> None:
    """D29: no create, no destroy, no notice."""
    world = student(oxford(), "1", "Ann Lee", cancelled_on="2025-01-15")
    world.run("2024-10-01")
    world.run("2025-01-15")
    world.faults["1"] = "DUP_PERSON"
    assert world.run("2025-01-16").acts == []


def test_an_unknown_status_freezes() -> None:
    """D46: anything that is in neither list."""
    world = student(oxford(), "1", "Ann Lee")
    world.run("2024-10-01")
    world.card("1", "ZZ", "Ann", "Lee", "2024-10-01", "2028-09-30")
    done = world.run("2024-10-02")
    assert (done.acts, done.codes, world.state("1").frozen) == ([], {("UNKNOWN_STATUS", "1")}, "UNKNOWN_STATUS")


def test_a_username_that_changes_freezes() -> None:
    """R15: a mailbox cannot change its name."""
    world = student(oxford(), "1", "Ann Lee")
    world.run("2024-10-01")
    world.person("1", "chem0042")
    done = world.run("2024-10-02")
    assert (done.acts, done.codes, world.box("ball0001").state) == ([], {("USERNAME_CHANGED", "1")}, "active")


def test_a_username_that_goes_missing_freezes() -> None:
    """R15, D29: it cannot have been taken away."""
    world = student(oxford(), "1", "Ann Lee")
    world.run("2024-10-01")
    world.person("1", None)
    done = world.run("2024-10-02")
    assert (done.acts, done.codes) == ([], {("USERNAME_CHANGED", "1")})


def test_a_username_of_the_wrong_form_freezes() -> None:
    """rules.md 3.2."""
    world = oxford().person("1", "Ann.Lee").card("1", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    assert world.run("2024-10-01").codes == {("BAD_USERNAME", "1")}


def test_an_ignored_affiliation_spares_the_addresses_and_lets_new_ones_come() -> None:
    """D29, R48: a unit that vanished freezes destructive actions only."""
    world = student(oxford(), "1", "Ann Lee", "BALL", "CHEM")
    world.run("2024-10-01")
    del world.affiliations["1", "CHEM"]
    world.spared["1"] = "ORPHAN_AFFILIATION"
    world.affiliation("1", "LAW", "2024-11-01")
    assert world.run("2024-11-01").acts == [("AddAddress", "ann.lee@law.ox.ac.uk")]
    assert world.states("1")["ann.lee@chem.ox.ac.uk"] == "active"
