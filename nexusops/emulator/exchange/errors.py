"""Exchange's error bodies: the real text stands deep inside (tenant-api.md 5.7, 9)."""

from __future__ import annotations

from nexusops.emulator.wire import Answer, Refusal

SERVER = "CWLP265A12DC001.GBRP265A012.PROD.OUTLOOK.COM"


def failed(kind: str, text: str, *, status: int = 400, code: str = "BadRequest", site: str = "Ex6F9304") -> Refusal:
    """``site|.NET type|text`` in ``details[0].message``. ``status`` is a weak signal in the real service too."""
    full = f"{site}|{kind}|{text}"
    error = {
        "code": code,
        "message": "Error executing cmdlet",
        "details": [{"code": "Client", "target": "", "message": full}],
        "innererror": {
            "message": "Error executing cmdlet",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "stacktrace": "",
            "internalexception": {"message": full, "type": kind, "stacktrace": ""},
        },
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": [],
    }
    return Refusal(Answer(status, {"error": error}, {"X-ExceptionType": kind}))


def object_not_found(identity: str) -> Refusal:
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found on '{SERVER}'."
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    return failed(kind, text, status=404, code="NotFound")


def ambiguous(identity: str) -> Refusal:
    text = f"The operation couldn't be performed because '{identity}' matches multiple entries."
    return failed("Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException", text)


def proxy_exists(address: str, holder: str) -> Refusal:
    text = (
        f'The proxy address "{address}" is already being used by the proxy addresses or LegacyExchangeDN of '
        f'"{holder}". Please choose another proxy address.'
    )
    return failed("Microsoft.Exchange.Configuration.ObjectModel.ProxyAddressExistsException", text, site="Ex13DAF4")


def object_exists(what: str, value: str) -> Refusal:
    text = f'The {what} "{value}" is already being used. Please try another {what}.'
    return failed("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException", text, code="Conflict", status=409)


def not_accepted(domain: str) -> Refusal:
    text = f"You can't use the domain because it's not an accepted domain for your organization: {domain}."
    return failed("Microsoft.Exchange.Data.Directory.NotAcceptedDomainException", text)


def invalid_value(parameter: str, value: object) -> Refusal:
    text = f"Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{value}\"."
    return failed("Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException", text)


def invalid_operation(text: str) -> Refusal:
    return failed("System.InvalidOperationException", text)


def parameters_refused(names: str) -> Refusal:
    """An unknown parameter (captured): a leading ``|`` instead of a site, and another outer message."""
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
    text = (
        "Parameter set cannot be resolved using the specified named parameters. "
        f"Invalid cmdlet parameters specified. {names}"
    )
    error = {
        "code": "BadRequest",
        "message": "Invalid Operation",
        "details": [{"code": "Client", "target": "", "message": f"|{kind}|{text}"}],
        "innererror": {
            "message": "Invalid Operation",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "stacktrace": "",
        },
    }
    return Refusal(Answer(400, {"error": error}, {"X-ExceptionType": kind}))


def unknown_cmdlet(name: str) -> Refusal:
    text = f"The term '{name}' isn't recognized as a name of a cmdlet, function, script file, or executable program."
    return failed("System.Management.Automation.CommandNotFoundException", text)


def cmdlet_denied(name: str) -> Refusal:
    """The token's roles do not hold this cmdlet."""
    kind = "Microsoft.Exchange.Management.ControlPanel.CmdletAccessDeniedException"
    text = f"The operation couldn't be performed because you don't have access to the cmdlet '{name}'."
    return failed(kind, text, status=403, code="Forbidden")


def bad_envelope(text: str) -> Refusal:
    return failed("Microsoft.Exchange.Admin.OData.Core.ODataServiceException", text, site="")
