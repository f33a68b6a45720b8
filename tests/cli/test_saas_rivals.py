"""Requests that want one address: what ``saas advise`` says of the last one costs what there are of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.conftest import CommandSite
from cli.test_saas import AT, file

from nexusops import wiring
from nexusops.pipeline.saas.advice import answer


@dataclass
class Asked:
    """The state, and which usernames it was asked about: that of each request whenever it is judged."""

    store: Any
    names: list[str]

    def usernames(self, names: Collection[str]) -> Any:
        self.names += names
        return self.store.usernames(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def test_of_many_new_requests_for_one_address_each_is_judged_once(site: CommandSite) -> None:
    """2.4: each was judged anew for each that came after it, which doubled the work with every one."""
    for number in range(10, 30):
        file(site, f"ask{number}", auth="basic")
    file(site, "ask30")
    judged: list[str] = []
    with wiring.opened(site.folder, snapshot=Path(site.day_one)) as opened:
        ports = replace(opened.ports, store=Asked(opened.ports.store, judged))
        advice = answer(ports, ports.services["ask30"], datetime.fromisoformat(AT[1]), fresh=True)
    assert (advice.ruling, judged) == ("approved", [f"ask{number}" for number in range(10, 31)])
