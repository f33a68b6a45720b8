"""How notices go out: through the tenant, by SMTP, or into a folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from nexusops.config import Configuration
from nexusops.config.forms import is_here
from nexusops.errors import UsageError

if TYPE_CHECKING:
    from nexusops.notify.channels import Channel
    from nexusops.ports import Notifier, Tenant


def notifier_of(configuration: Configuration, tenant: Callable[[], Tenant], at: datetime) -> Notifier:
    from nexusops.notify.channels import Outbox
    from nexusops.notify.templates import Templates

    channel = channel_of(configuration, tenant, at)
    return Outbox(channel, Templates(configuration.templates), configuration.settings.notices.sender)


def channel_of(configuration: Configuration, tenant: Callable[[], Tenant], at: datetime) -> Channel:
    """The channel of notices; the tenant is opened only where it is the channel."""
    from nexusops.notify import channels

    table = configuration.settings.notices
    if table.kind == "folder":
        return channels.FolderChannel(configuration.path(table.path), at=at)
    if table.kind == "smtp":
        password = configuration.secret("notices.password")
        return channels.SmtpChannel(
            table.host,
            table.port,
            at=at,
            username=table.username or None,
            password=password.read() if password else None,
            starttls=table.starttls,
        )
    from nexusops.notify.turns import Turns
    from nexusops.tenant.faults import TenantFault, meets_everybody

    # A tenant on this machine, in process or served, is the embedded one, and has no such limit.
    there = configuration.settings.tenant
    turns = None if there.kind == "embedded" or is_here(there.graph_base_url) else Turns()
    return channels.TenantChannel(lambda *mail: tenant().send_mail(*mail), (TenantFault,), turns, meets_everybody)


def notices_in_order(configuration: Configuration, tenant: Callable[[], Tenant], at: datetime) -> str:
    """How notices go out, once it was seen that they can; none is sent. Raises UsageError where they cannot."""
    from nexusops.notify.channels import NotSent

    with closing(channel_of(configuration, tenant, at)) as channel:
        try:
            return channel.reached()
        except NotSent as error:
            step = "Correct [notices] in nexusops.toml, then try `nexusops doctor`."
            raise UsageError(f"notices cannot go out: {error}.", next_step=step) from error
