"""``audit``: what was done to a subject, by whom and why; and whether the promises were kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS

if TYPE_CHECKING:
    from nexusops.model.journal import JournalRow
    from nexusops.pipeline.inputs import Ports


@click.command()
@click.argument("subject")
@click.option("--head", metavar="HASH", help="With verify: a last hash that was noted, which must still be there.")
@options.format_option()
@click.pass_obj
def audit(call: Call, subject: str, head: str | None, form: str) -> int:
    """Every journal row about SUBJECT: a username, person_id, address or mailbox.

    \b
    Or, in place of a subject, one of the promises; ends with 6 where it was not kept:
      verify       nobody has touched the journal since it was written
      ledger       nobody has touched the ledger beside the journal
      notices      two months' notice came before every address that ended
      reuse        an address went to somebody else only after six months
      entitlement  nobody has a mailbox who is not entitled to it
      invariants   one owner for an address, one sender for a mailbox, …
      overrides    who decided against the data or lifted a guard, and why

    Example: nexusops audit mary.brown@balliol.ox.ac.uk
    """
    from nexusops import wiring
    from nexusops.pipeline.audit.promises import PROMISES

    if head is not None and subject != "verify":
        raise click.UsageError("--head goes with verify.")
    with wiring.opened(call.folder) as site:
        if subject == "verify":
            return _verified(site.ports, head, form)
        if subject in PROMISES:
            return _proved(site.ports, subject, form)
        from nexusops.pipeline.audit import rows as journal

        rows = journal.rows_about(site.ports, subject)
        return _rows(site.ports, subject, rows, form)


def _rows(ports: Ports, subject: str, rows: Sequence[JournalRow], form: str) -> int:
    from nexusops.cli.printing import look, warn
    from nexusops.pipeline.audit import rows as journal
    from nexusops.pipeline.nearby import meant_by
    from nexusops.report.audit import rows_json, rows_text

    if form == "json":
        click.echo(rows_json(subject, rows), nl=False)
        return 0
    told = journal.told_of(ports, rows)
    if not rows and (meant := meant_by(ports.store, subject, "nexusops audit")):
        warn(f"There is nobody and nothing of that name. {meant}")
    click.echo(rows_text(subject, rows, told, look()), nl=False)
    return 0


def _proved(ports: Ports, promise: str, form: str) -> int:
    from nexusops.cli.printing import look, steps_shown
    from nexusops.pipeline.audit.promises import audit_promise
    from nexusops.report.audit import audit_json, audit_text

    with steps_shown(f"Looking at {promise}"):
        found = audit_promise(ports, promise)
    click.echo(audit_json(found) if form == "json" else audit_text(found, look()), nl=False)
    return FINDINGS if found.broken else 0


def _verified(ports: Ports, head: str | None, form: str) -> int:
    """0 where every row continues the chain, and a ``head`` that was noted is in it; 6 with the rows that do not."""
    from nexusops.report.audit import verified_json, verified_text

    broken, (rows, last) = ports.store.verify(), ports.store.head()
    known = None if head is None else ports.store.was_head(head.strip().lower())
    if form == "json":
        click.echo(verified_json(broken, rows=rows, last=last, known=known), nl=False)
    else:
        click.echo(verified_text(broken, head if known is False else None), nl=False)
    return FINDINGS if broken or known is False else 0
