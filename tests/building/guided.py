"""``make fuzz-guided``: inputs that grow towards code which none has reached yet (atheris), for so many seconds.

Each input is typed at the real command line, in this process; anything but an exit code of the contract ends it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["nexusops"]):
    import nexusops.cli.plan
    import nexusops.cli.snapshot
    import nexusops.cli.spf
    import nexusops.codec
    import nexusops.config
    import nexusops.dns.zone
    import nexusops.registration.folder
    import nexusops.rules.mailauth.site
    import nexusops.tenant.cmdlets
    import nexusops.tenant.directory  # noqa: F401

from building.fuzzed import ends
from building.killed import DAYS, KilledSite
from nexusops.tenant import cmdlets, directory, gathering
from nexusops.tenant.faults import TenantFault

ZONE = b'$ORIGIN ox.ac.uk.\n@ IN MX 10 oxmail.ox.ac.uk.\n@ IN TXT "v=spf1 include:_spf.ox.ac.uk ~all"\n'
ANSWER = b'{"value": [{"id": "1", "employeeId": "2", "Guid": "3", "Name": "a", "EmailAddresses": ["SMTP:a@ox.ac.uk"]}]}'


def answered(content: bytes) -> None:
    """Decoded as what it might be; a refusal is a fault of the tenant, and nothing else."""
    for decode in (
        lambda: directory.decoded(content, directory.Page),
        lambda: directory.decoded(content, gathering.Items),
        lambda: cmdlets.decoded(content, cmdlets.Answer, read=True).rows(read=True),
        lambda: cmdlets.exchange_fault(400, content, {}, read=False),
    ):
        try:
            decode()
        except TenantFault:
            continue


def sorts(site: KilledSite) -> dict[str, tuple[Path | None, bytes, Callable[[], object]]]:
    """Sort -> the file that is broken, what stands in it, and what is typed."""
    config = ["--config", str(site.folder / "config")]
    plan, zone, snapshot = site.folder / "plan.json", site.folder / "zone", site.folder / DAYS[1][:10]
    site.type("plan", DAYS[1], "--out", str(plan))
    zone.write_bytes(ZONE)
    files: dict[Path, list[str]] = {
        plan: ["show", str(plan)],
        zone: ["spf", "lint", "ox.ac.uk", "--zone", str(zone)],
        snapshot / "manifest.json": ["snapshot", "check", str(snapshot)],
        snapshot / "cards.csv": ["snapshot", "check", str(snapshot)],
        site.folder / "config" / "policy.toml": ["config", "show"],
        site.folder / "config" / "nexusops.toml": ["config", "show"],
    }
    return {path.name: (path, path.read_bytes(), lambda w=words: ends(*config, *w)) for path, words in files.items()}  # type: ignore[misc]


def main() -> None:
    """``python -m building.guided SORT SECONDS``; SORT ``answer``: what a tenant says."""
    sort, seconds = sys.argv[1:3]
    folder = Path(tempfile.mkdtemp(prefix="nexusops-guided-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    if sort == "answer":
        seed, one = ANSWER, answered
    else:
        site = KilledSite.made(folder / "site")
        path, seed, typed = sorts(site)[sort]

        def one(content: bytes) -> None:
            assert path is not None
            path.write_bytes(content)
            typed()

    (corpus / "seed").write_bytes(seed)
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=20000", str(corpus)], one)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
