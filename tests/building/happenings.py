"""What may happen to units, their domains and mailboxes, the rules, and through the service desk, in a random hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from building.snapshot_folder import Row
from building.town import DOMAINS, UNITS, Town
from nexusops.model.ids import Address
from nexusops.pipeline import desk as actions
from nexusops.pipeline.desk import Wish
from nexusops.pipeline.inputs import Ports

BOXES = ("chem-office", "law-desk", "ball-lodge")
ALIASES = ("porter@ball.ox.ac.uk", "info@chem.ox.ac.uk", "ann.lee@law.ox.ac.uk")


class Event(NamedTuple):
    """What happens to somebody or something; a, b, c say how."""

    kind: str
    who: int
    a: int
    b: int
    c: int


class Hour(NamedTuple):
    after: int
    events: tuple[Event, ...]


def day_of(town: Town, days: int) -> date:
    return town.today + timedelta(days=days)


def reorganise(town: Town, event: Event) -> None:
    """Merged, split, moved on in time, called off; also onto a unit that is merged itself."""
    name = f"r{event.c % 3}"
    if event.b % 4 == 0:
        town.drop("reorg_members", reorg_id=name)
        town.drop("reorgs", reorg_id=name)
        return
    kind = ("merge", "split")[event.b % 2]
    source, target = (("CHEM", "LAW"), ("HIST", "LAW"), ("BALL", "MERT"), ("LAW", "HIST"), ("LAW", "CHEM"))[event.a % 5]
    effective = day_of(town, (0, 0, 10, 40)[event.c % 4])
    town.drop("reorg_members", reorg_id=name)
    town.put(
        "reorgs",
        {"reorg_id": name},
        kind=kind,
        effective_on=effective,
        source_unit=source,
        target_unit=target,
        months=(2, 3, 6)[event.who % 3],
        negotiated_ref=None,
    )
    if kind == "split":
        town.put("reorg_members", {"reorg_id": name, "person_id": town.person(event.who)}, target_unit=target)


def domain(town: Town, event: Event) -> None:
    """Winds down, comes back, is taken over by its unit, or is given another name."""
    unit = tuple(UNITS)[event.a % 5]
    gone: Row = {"domain": DOMAINS[unit], "own_mail": False}
    row = next(iter(town.rows("units", unit_id=unit)), gone)
    what = event.b % 5
    if what < 2:
        state, since = (("winddown", town.today), ("active", None))[what]
        town.put("domains", {"domain": row["domain"]}, state=state, winddown_start=since, winddown_months=since and 2)
    elif what == 2:
        row["own_mail"] = not row["own_mail"]
        town.put("domains", {"domain": row["domain"]}, managed=not row["own_mail"])
    else:
        name = (DOMAINS[unit], f"new-{DOMAINS[unit]}", f"newest-{DOMAINS[unit]}")[event.c % 3]
        if not town.rows("domains", domain=name):
            town.data.domain(name)
        row["domain"] = name


def staff(town: Town, event: Event) -> None:
    if event.b % 2:
        town.drop("it_staff", staff_id="chem0001")
    else:
        town.put(
            "it_staff", {"staff_id": "chem0001"}, person_id=town.person(event.who), unit_id=("CHEM", "LAW")[event.a % 2]
        )


POLICIES = (
    "",
    "[winddown]\nmonths = 3\n",
    "[disabled]\ndelete_after_months = 1\n",
    "[deleted]\npurge_after_days = 5\n",
    "[secondary]\norphan_months = 1\n",
    "[status_change]\nhonour_two_months = true\n",
    '[dup]\nscope = "per_domain"\n',
    "[expiry]\ngrace_months = 1\n",
    '[time]\nmonth_overflow = "roll"\n',
    "[affiliation]\nmax = 1\n",
)


def policy(town: Town, event: Event) -> None:
    (town.config / "policy.toml").write_text(POLICIES[event.a % len(POLICIES)])


SERVICE = """service_name = "Admin Day"
unit_id = "{unit}"
requester = "chem0001"
provider = "Admin Day Ltd"
oxford_domain_needed = true
direction = "send"
supports_exo = {exo}
supports_ms_smtp = false
auth = "oauth2"
mode_wanted = "{mode}"
from_local = "adminday"
owner_person_id = "{owner}"
spf_approver = "desk"
provider_include = "spf.adminday.example"
bounce_mx = ""
daily_volume = 200
"""


def service(town: Town, event: Event) -> None:
    path = town.config / "services" / "admin-day.toml"
    if event.b % 4 == 0:
        path.unlink(missing_ok=True)
        return
    mode, exo = ("auto", "mailbox", "service_domain")[event.c % 3], ("true", "false")[event.a % 2]
    path.write_text(SERVICE.format(unit=("CHEM", "LAW")[event.a % 2], exo=exo, mode=mode, owner=town.person(event.who)))


def desk(town: Town, event: Event) -> None:
    """What the desk refuses leaves no trace."""
    row = town.rows("persons", person_id=town.person(event.who))[0]
    name, on = str(row["username"]), day_of(town, event.c)
    address = Address(("ann.lee@chem.ox.ac.uk", "ann.lee@ball.ox.ac.uk", "ann.lee2@chem.ox.ac.uk")[event.c % 3])
    acts: tuple[Callable[[Ports, Wish], Any], ...] = (
        lambda ports, wish: actions.disable(ports, name, wish, override=True),
        lambda ports, wish: actions.undo_disable(ports, name, wish),
        lambda ports, wish: actions.exempt_forward(ports, name, wish, exempt=bool(event.c % 2)),
        lambda ports, wish: actions.shorten_winddown(ports, address, on, wish),
        lambda ports, wish: actions.handover(ports, BOXES[event.c % 3], name, wish),
    )
    town.desk(acts[event.a % len(acts)])
