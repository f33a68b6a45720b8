"""What the adapter of Microsoft 365 needs to know, as ``[tenant]`` of nexusops.toml says it (interface.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from nexusops.model.frozen import frozen


@frozen
class Cloud:
    """The addresses of one Microsoft cloud. Tokens are not interchangeable between clouds (tenant-api.md 3.4)."""

    authority: str
    graph_base_url: str
    exchange_base_url: str
    smtp: str


CLOUDS: Mapping[str, Cloud] = {
    "global": Cloud(
        authority="https://login.microsoftonline.com",
        graph_base_url="https://graph.microsoft.com/v1.0",
        exchange_base_url="https://outlook.office365.com",
        smtp="smtp.office365.com:587",
    ),
    "usgov": Cloud(
        authority="https://login.microsoftonline.us",
        graph_base_url="https://graph.microsoft.us/v1.0",
        exchange_base_url="https://outlook.office365.us",
        smtp="smtp.office365.us:587",
    ),
    "usgov_dod": Cloud(
        authority="https://login.microsoftonline.us",
        graph_base_url="https://dod-graph.microsoft.us/v1.0",
        exchange_base_url="https://outlook-dod.office365.us",
        smtp="smtp-dod.office365.us:587",
    ),
    "china": Cloud(
        authority="https://login.chinacloudapi.cn",
        graph_base_url="https://microsoftgraph.chinacloudapi.cn/v1.0",
        exchange_base_url="https://outlook.office365.cn",
        smtp="smtp.partner.outlook.cn:587",
    ),
}
"""``[tenant] cloud``: sets authority, Graph and Exchange together."""

MICROSOFT_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)
"""Hosts for which instance discovery works; for any other it is switched off."""


@frozen
class TenantSettings:
    """``[tenant]``, resolved: secrets are the strings themselves, never shown by ``repr``; paths are absolute.

    ``credential``: certificate | secret | workload_identity | managed_identity. Bases are as in nexusops.toml:
    authority and exchange without a tenant path, Graph with its version, none with a slash at the end.
    """

    tenant_id: str
    client_id: str
    credential: str = "certificate"
    certificate_path: str | None = None
    certificate_password: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    authority: str = CLOUDS["global"].authority
    graph_base_url: str = CLOUDS["global"].graph_base_url
    exchange_base_url: str = CLOUDS["global"].exchange_base_url
    smtp: str = CLOUDS["global"].smtp
    """Where products submit mail: host:port, with STARTTLS."""
    ca_bundle: str | None = None
    licence_sku: str = "ENTERPRISEPACKPLUS_FACULTY"
    create_users: bool = True
    usage_location: str = "GB"
    handover: str | None = None
    """The folder of the files in which secrets of applications are handed over."""
