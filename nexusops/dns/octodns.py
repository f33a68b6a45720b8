"""The folder of zone lines as a source of octoDNS, for sites that publish with it (the extra ``octodns``).

providers:
  nexusops:
    class: nexusops.dns.octodns.ServiceDomains
    directory: site/dns
"""

from __future__ import annotations

import logging
from pathlib import Path

from octodns.record import Record, Rrset
from octodns.source.base import BaseSource
from octodns.zone import Zone

from nexusops.dns.folder import PUBLISH
from nexusops.dns.records import rdata
from nexusops.dns.zone import read_zone
from nexusops.errors import UsageError
from nexusops.model.ids import within


class ServiceDomains(BaseSource):  # type: ignore[misc]  # octoDNS has no types
    """Everything in ``DIRECTORY/publish/*.zone`` that lies in the zone asked for."""

    SUPPORTS = frozenset({"A", "AAAA", "CNAME", "MX", "TXT"})
    SUPPORTS_GEO = False

    def __init__(self, id: str, directory: str) -> None:
        self.log = logging.getLogger(f"ServiceDomains[{id}]")
        self._folder = Path(directory) / PUBLISH
        super().__init__(id)

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: ARG002  # its contract
        """Adds the records; raises UsageError where one of the files cannot be read."""
        if not self._folder.parent.is_dir():
            raise UsageError(
                f"There is no folder {self._folder.parent}, so nothing has been published yet, or the path is wrong.",
                next_step="Name the folder that dns.path says (`nexusops config show`) in octoDNS's `directory`.",
            )
        values: dict[tuple[str, str, int], list[str]] = {}
        for path in sorted(self._folder.glob("*.zone")):
            for record, ttl in read_zone(path):
                if within(record.name, zone.name):
                    values.setdefault((record.name, record.type, ttl), []).append(rdata(record).to_text())
        sets = [Rrset(name, kind, ttl, texts) for (name, kind, ttl), texts in values.items()]
        for record in Record.from_rrsets(zone, sets, lenient=lenient, source=self):
            zone.add_record(record, lenient=lenient)
        return False
