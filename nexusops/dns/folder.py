"""What a person publishes: one file a domain, with its lines for the zone or the text of a ticket (R69, R78, R88).

    FOLDER/publish/DOMAIN.zone     to be in the zone: what octoDNS reads
    FOLDER/retire/DOMAIN.zone      to be taken out of it
    FOLDER/publish/DOMAIN.txt, FOLDER/retire/DOMAIN.txt     the same as tickets to the hostmaster

A text depends on its change alone, so that a file which holds it already is left as it stands. A domain has one text:
what another way, or the opposite, had left of it goes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from nexusops.dns.publishing import Carried, NotPublished, Unfit, Way
from nexusops.dns.records import BadRecord, lines
from nexusops.model.changes import PublishRecords, RetireRecords
from nexusops.model.dns import DnsRecord
from nexusops.model.frozen import frozen
from nexusops.whole import whole

Written = Callable[[PublishRecords | RetireRecords, int], str]
PUBLISH, RETIRE = "publish", "retire"


@frozen
class DomainFolder:
    """A way of publishing that leaves the act to a person; ``written`` makes the text, ``suffix`` is ``zone`` or
    ``txt``, ``add`` and ``remove`` say what the person does with it.
    """

    folder: Path
    suffix: str
    written: Written
    add: str
    remove: str
    ttl: int

    def publish(self, change: PublishRecords) -> Carried:
        left = f"{self._left(PUBLISH, RETIRE, change)}: {self.add}"
        return Carried(before=change.replaces or None, after=change.records, message=left, handed_over=left)

    def retire(self, change: RetireRecords) -> Carried:
        left = f"{self._left(RETIRE, PUBLISH, change)}: {self.remove}"
        return Carried(before=change.records, after=(), message=left, handed_over=left)

    def stands(self, change: PublishRecords | RetireRecords) -> bool:
        here, not_there = (PUBLISH, RETIRE) if isinstance(change, PublishRecords) else (RETIRE, PUBLISH)
        path, other = (self._of(place, change.domain) for place in (here, not_there))
        try:
            return not other.exists() and path.read_text("utf-8") == self.written(change, self.ttl)
        except FileNotFoundError:
            return False
        except BadRecord as error:
            raise Unfit(f"not a record: {error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise NotPublished(f"{path} cannot be read: {error}") from error

    def left(self, domain: str) -> bool:
        return any(self._of(place, domain).exists() for place in (PUBLISH, RETIRE))

    def forget(self, domain: str) -> None:
        for place in (PUBLISH, RETIRE):
            path = self._of(place, domain)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise NotPublished(f"{path} cannot be taken away: {error}") from error

    def _of(self, place: str, domain: str) -> Path:
        return self.folder / place / f"{domain.lower().rstrip('.')}.{self.suffix}"

    def _left(self, here: str, not_there: str, change: PublishRecords | RetireRecords) -> Path:
        """Leaves the text under ``here``, and none of this domain under ``not_there``; says where."""
        path, other = self._of(here, change.domain), self._of(not_there, change.domain)
        try:
            text = self.written(change, self.ttl)
        except BadRecord as error:
            raise Unfit(f"not a record: {error}") from error
        try:
            if not path.exists() or path.read_text("utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                with whole(path) as part:
                    part.write_text(text, "utf-8")
            other.unlink(missing_ok=True)
            kept = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotPublished(f"{path} cannot be written: {error}") from error
        if kept != text:
            raise NotPublished(f"{path} does not hold what was written")
        return path


def zone_text(change: PublishRecords | RetireRecords, ttl: int) -> str:
    """The lines to paste into the zone, or to take out of it; comments say which, and why."""
    adds = isinstance(change, PublishRecords)
    title = "lines to add to the zone" if adds else "lines to take out of the zone"
    text = [f"; {change.domain}: {title}", f"; {_why(change)}"]
    if gone := lines(_gone(change), ttl):
        text += ["; they replace, so take out:", *(f"; {one}" for one in gone)]
    return "\n".join([*text, *lines(change.records, ttl)]) + "\n"


def ticket_text(change: PublishRecords | RetireRecords, ttl: int, to: str = "") -> str:
    """A request to the hostmaster, or whom ``to`` names: TXT and MX records are not delegated to institutions (R78,
    R82, R88).
    """
    adds = isinstance(change, PublishRecords)
    asked = "add these records" if adds else "remove these records"
    text = [
        f"Subject: mail domain {change.domain}: please {asked}",
        *([f"To: {to}"] if to else []),
        "",
        f"Please {asked} for the mail domain {change.domain}:",
        "",
        *(f"    {one}" for one in lines(change.records, ttl)),
        "",
    ]
    if gone := lines(_gone(change), ttl):
        text += ["They replace these, which should go:", "", *(f"    {one}" for one in gone), ""]
    because = " ".join(change.why.because.split())
    text += [f"Why: {because} (our request {change.why.subject}).", ""]
    text += ["The strings of a TXT record are read as one; none is longer than 255 octets.", ""]
    return "\n".join(text)


def _gone(change: PublishRecords | RetireRecords) -> list[DnsRecord]:
    """What a person takes out for it: nothing, where the same records are only handed over in another way."""
    if isinstance(change, RetireRecords):
        return []
    return [record for record in change.replaces if record not in change.records]


def _why(change: PublishRecords | RetireRecords) -> str:
    because = " ".join(change.why.because.split())
    return f"request {change.why.subject}, rule {change.why.rule}: {because}"


def by_hand(folder: Path, ttl: int, ticket_to: str = "") -> dict[str, Way]:
    """The two ways that leave the act to a person, by their names. ``ticket_to``: whom tickets are for."""
    lines_of_zone = DomainFolder(
        folder=folder,
        suffix="zone",
        written=zone_text,
        add="add its lines to the zone",
        remove="take its lines out of the zone",
        ttl=ttl,
    )
    ticket = f"send it to {ticket_to or 'the hostmaster'}"
    written = partial(ticket_text, to=ticket_to)
    tickets = DomainFolder(folder=folder, suffix="txt", written=written, add=ticket, remove=ticket, ttl=ttl)
    return {"zone_lines": lines_of_zone, "ticket": tickets}
