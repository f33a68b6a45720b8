"""``audit``: what was done to a subject, by whom and why; and whether the promises were kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import FINDINGS, Call

if TYPE_CHECKING:
    from nexusops.model.journal import JournalRow
    from nexusops.pipeline import Ports


@click.command()
@click.argument("subject")
@options.format_option()
@click.pass_obj
def audit(call: Call, subject: str, form: str) -> int:
    """Every journal row about SUBJECT: a username, person_id, address or mailbox.

    \b
    Or, in place of a subject, one of the promises; ends with 6 where it was not kept:
      verify       nobody has touched the journal since it was written
      notices      two months' notice came before every address that ended
      reuse        an address went to somebody else only after six months
      entitlement  nobody has a mailbox who is not entitled to it
      invariants   one owner for an address, one sender for a mailbox, …
      overrides    who decided against the data or lifted a guard, and why

    Example: nexusops audit mary.brown@balliol.ox.ac.uk
    """
    from nexusops import wiring
    from nexusops.pipeline.audit.promises import PROMISES

    with wiring.opened(call.folder) as site:
        if subject == "verify":
            return _verified(site.ports.store.verify(), form)
        if subject in PROMISES:
            return _proved(site.ports, subject, form)
        from nexusops.pipeline.audit import rows as journal

        rows = journal.rows_about(site.ports, subject)
        return _rows(site.ports, subject, rows, form)


def _rows(ports: Ports, subject: str, rows: Sequence[JournalRow], form: str) -> int:
    from nexusops.cli.printing import look, warn
    from nexusops.pipeline.audit import rows as journal
    from nexusops.pipeline.explain.history import mailbox_names, noted, words
    from nexusops.pipeline.nearby import meant_by
    from nexusops.report.audit import rows_text

    if form == "json":
        import msgspec

        click.echo(msgspec.json.encode(journal.document(subject, list(rows))))
        return 0
    names = mailbox_names(ports, rows)
    told = [words(row.entry, names) or noted(row.entry, names) for row in rows]
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


def _verified(broken: Sequence[int], form: str) -> int:
    """0 where every row continues the chain, 6 with the rows that do not."""
    if form == "json":
        import msgspec

        click.echo(
            msgspec.json.encode(
                {
                    "promise": "verify",
                    "kept": not broken,
                    "sentence": "nobody has touched the journal since it was written",
                    "broken": broken,
                }
            )
        )
    elif broken:
        number = "1 journal row does" if len(broken) == 1 else f"{len(broken)} journal rows do"
        more = f" and {len(broken) - 20} more" if len(broken) > 20 else ""
        click.echo(f"{number} not continue the chain: {', '.join(map(str, broken[:20]))}{more}")
        click.echo(
            "Somebody edited, added, removed or reordered rows there. Keep a copy of the state, compare it with its "
            "backup, and restore that."
        )
    else:
        click.echo("The journal is as it was written.")
    return FINDINGS if broken else 0
