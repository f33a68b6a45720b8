"""A notice to Mary, of any kind."""

from __future__ import annotations

from datetime import date

from nexusops.model.changes import SendNotice, Why
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Step
from nexusops.model.notices import NoticeKind

SENDER = "postmaster@nexus.ox.ac.uk"
MARY = Address("mary.brown@balliol.ox.ac.uk")


def notice(kind: NoticeKind = NoticeKind.WINDDOWN, *, key: str = "winddown:1000001:2025-01-16") -> SendNotice:
    return SendNotice(
        why=Why(subject="1000001", rule="R47", because="the address entered wind-down yesterday"),
        key=key,
        notice=kind,
        target="ball1234",
        to=(MARY,),
        person_id=PersonId("1000001"),
        unit_id=None,
        addresses=(Address("mary.smith@balliol.ox.ac.uk"), Address("mary.smith@chem.ox.ac.uk")),
        delete_on=date(2025, 3, 16),
        short_notice=False,
        text={"mailbox": "ball1234", "successor:mary.smith@balliol.ox.ac.uk": MARY},
    )


def sending(change: SendNotice, number: int = 1) -> Step:
    return Step(change_id=f"c{number}", name="send", change=change)
