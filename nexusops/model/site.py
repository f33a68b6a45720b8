"""A site: its names, its parent domain, and how it publishes records."""

from __future__ import annotations

from nexusops.model.frozen import frozen


@frozen
class Site:
    """What the rules need to know of the site beside the policy: its names and its parent domain."""

    name: str
    fallback_domain: str
    parent_domain: str = "ox.ac.uk"
    """``zone`` ox means under this domain (rules.md 3.17)."""
    spf_include: str = "_spf.ox.ac.uk"
    """The SPF record of the site's own mail hosts, which every service domain permits (R68, R80)."""
    standard_mx: str = "10 oxmail.ox.ac.uk."
    """R69."""
    publish: str = "zone_lines"
    """How records are published (T13, R78): zone_lines | dynamic_update | ticket."""
    notices_from: str = ""
    """Whom notices come from, and answers to them go to: the site's own mailbox, and no unit's (D33)."""
