"""The organisation in Exchange: accepted domains, settings, outbound spam policies, DKIM (tenant-api.md 4.8, 4.16)."""

from __future__ import annotations

from nexusops.emulator.birth import INITIAL_DOMAIN
from nexusops.emulator.book import Object, new_id
from nexusops.emulator.exchange.errors import failed, object_exists, object_not_found
from nexusops.emulator.exchange.paging import Rows, Window, cut
from nexusops.emulator.exchange.parameters import Parameters
from nexusops.emulator.wire import Call


def _one_of(rows: list[Object], given: Parameters, window: Window) -> Rows:
    wanted = given.get("Identity")
    if not wanted:
        return cut(rows, window, "Name")
    found = [row for row in rows if row["Name"].lower() == wanted.lower()]
    if not found:
        raise object_not_found(wanted)
    return Rows(found)


def get_accepted_domain(call: Call, given: Parameters, window: Window) -> Rows:
    """The verified domains that carry the service Email."""
    rows = [
        {
            "Identity": found["id"],
            "Name": found["id"],
            "DomainName": found["id"],
            "DomainType": "Authoritative",
            "Default": found["isDefault"],
            "InitialDomain": found["isInitial"],
            "MatchSubDomains": found["id"] in call.book.setting("suffixes"),
        }
        for found in call.book.page("domain")
        if found["isVerified"] and "Email" in found["supportedServices"]
    ]
    return _one_of(rows, given, window)


def get_organization_config(call: Call, _given: Parameters, _window: Window) -> Rows:
    return Rows(
        [
            {
                "Identity": INITIAL_DOMAIN,
                "Name": INITIAL_DOMAIN,
                "DisplayName": "nexusops",
                "Guid": call.book.setting("tenant_id"),
                "SendFromAliasEnabled": False,
                "DelayedDelicensingEnabled": False,
                "IsDehydrated": False,
                "AuditDisabled": False,
            }
        ]
    )


def get_remote_domain(_call: Call, given: Parameters, window: Window) -> Rows:
    row = {
        "Identity": "Default",
        "Name": "Default",
        "DomainName": "*",
        "AutoForwardEnabled": True,
        "AutoReplyEnabled": True,
    }
    return _one_of([row], given, window)


def get_outbound_policy(_call: Call, given: Parameters, window: Window) -> Rows:
    """``Automatic`` forwards nothing outside; this organisation has switched forwarding on (4.8)."""
    row = {"Identity": "Default", "Name": "Default", "IsDefault": True, "AutoForwardingMode": "On"}
    return _one_of([row], given, window)


def get_outbound_rule(_call: Call, given: Parameters, window: Window) -> Rows:
    return _one_of([], given, window)


def _dkim(call: Call, name: str) -> Object:
    found = call.book.get("dkim", name.lower())
    if found is None:
        raise object_not_found(name)
    return found


def get_dkim(call: Call, given: Parameters, window: Window) -> Rows:
    if given.get("Identity"):
        return Rows([_dkim(call, given["Identity"])])
    return cut(list(call.book.page("dkim")), window, "Name")


def new_dkim(call: Call, given: Parameters, _window: Window) -> Rows:
    """The two CNAMEs to publish; KeySize is 1024 unless said otherwise."""
    name = given["DomainName"].lower()
    domain = call.book.get("domain", name)
    if domain is None or not domain["isVerified"]:
        raise object_not_found(name)
    if call.book.get("dkim", name) is not None:
        raise object_exists("name", name)
    size = int(given.get("KeySize") or 1024)
    dashed, initial = name.replace(".", "-"), INITIAL_DOMAIN.partition(".")[0]
    config = {
        "Identity": name,
        "Name": name,
        "Domain": name,
        "Guid": new_id(),
        "Enabled": False,
        "Status": "CnameMissing",
        "Selector1CNAME": f"selector1-{dashed}._domainkey.{initial}.onmicrosoft.com",
        "Selector2CNAME": f"selector2-{dashed}._domainkey.{initial}.onmicrosoft.com",
        "Selector1KeySize": size,
        "Selector2KeySize": size,
        "RotateOnDate": None,
    }
    call.book.put("dkim", name, config)
    return Rows([_enabled(call, config)] if given["Enabled"] else [config])


def _enabled(call: Call, config: Object) -> Object:
    """Signing starts only when the CNAMEs are published (``POST /_emulator/dns`` says so)."""
    if config["Name"] not in (call.book.setting("published") or []):
        text = (
            f"CNAME record does not exist for this config. Please publish the following two CNAME records first. "
            f"Domain Name : {config['Name']} Host Name : selector1._domainkey Points to address or value: "
            f"{config['Selector1CNAME']} Host Name : selector2._domainkey "
            f"Points to address or value: {config['Selector2CNAME']}"
        )
        raise failed("Microsoft.Exchange.Management.Tasks.ValidationException", text)
    config = {**config, "Enabled": True, "Status": "Valid"}
    call.book.put("dkim", config["Name"], config)
    return config


def set_dkim(call: Call, given: Parameters, _window: Window) -> Rows:
    config = _dkim(call, given["Identity"])
    if given.get("Enabled"):
        _enabled(call, config)
    elif given.get("Enabled") is False:
        call.book.put("dkim", config["Name"], {**config, "Enabled": False})
    return Rows([])


def rotate_dkim(call: Call, given: Parameters, _window: Window) -> Rows:
    config = _dkim(call, given["Identity"])
    size = int(given.get("KeySize") or config["Selector2KeySize"])
    call.book.put("dkim", config["Name"], {**config, "Selector2KeySize": size, "RotateOnDate": call.stamp})
    return Rows([])
