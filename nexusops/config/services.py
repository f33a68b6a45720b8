"""services/*.toml: one SaaS mail request each (interface.md 7); the file's stem is the request_id."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from functools import cache
from pathlib import Path

from nexusops.config.strict import convert, files_of, read_toml, unknown, wrong
from nexusops.errors import UsageError
from nexusops.model.frozen import frozen
from nexusops.model.ids import domain_of, local_of
from nexusops.model.services import ServiceRequest
from nexusops.whole import whole

CHOICES: dict[str, tuple[str, ...]] = {
    "direction": ("send", "send_receive"),
    "auth": ("oauth2", "basic"),
    "mode_wanted": ("auto", "mailbox", "service_domain", "dept_include"),
}
HOSTS = ("provider_include", "bounce_mx")
"""Names in DNS: lower-case, and without their last dot, however they were typed."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
_HOST = re.compile(r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?")
_LABELS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""None is needed, tickets and zones are made of lines, and PostgreSQL keeps no NUL: the whole run would fail. With the
marks of direction a hostmaster would read another text than is there.
"""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@frozen
class Requests:
    """The requests of a folder by request_id, in the order of their ids, and what is wrong with the faulty ones."""

    good: Mapping[str, ServiceRequest] = field(default_factory=dict)
    faulty: Mapping[str, UsageError] = field(default_factory=dict)

    def faults(self, folder: Path) -> dict[str, str]:
        """What is wrong, and what to do, in words that do not depend on where the folder stands."""
        said = {name: f"{error.message} {error.next_step}" for name, error in self.faulty.items()}
        return {name: text.replace(f"{folder}/", "") for name, text in said.items()}


def load_services(folder: Path) -> Requests:
    """All requests of the folder; none where there is no folder. A faulty one holds back itself only (D29)."""
    good: dict[str, ServiceRequest] = {}
    faulty: dict[str, UsageError] = {}
    for path in files_of(folder, ".toml"):
        try:
            good[path.stem] = load_service(path)
        except UsageError as error:
            faulty[path.stem] = error
    named: dict[str, list[str]] = {}
    for name in sorted({*good, *faulty}):
        named.setdefault(name.lower(), []).append(name)
    for names in named.values():
        for name in names if len(names) > 1 else ():
            # None is known to be the one that is meant, and Exchange would take all for one.
            other = next(one for one in names if one != name)
            good.pop(name, None)
            faulty[name] = UsageError(
                f"{folder / name}.toml: SAAS_FIELD: {other}.toml differs from it in capitals only.",
                next_step="Rename one of the two files; `nexusops saas list` says which of them runs already.",
            )
    return Requests(good=good, faulty=faulty)


def load_service(path: Path) -> ServiceRequest:
    """One request. Raises UsageError naming the file and the key (SAAS_FIELD)."""
    if not _REQUEST_ID.fullmatch(path.stem):
        raise UsageError(
            f"{path}: SAAS_FIELD: the file's name is the request's id: letters, digits, - and _ only, at most 64.",
            next_step="Rename the file, then ask again with `nexusops saas advise FILE`.",
        )
    return _request(path, read_toml(path))


def _request(path: Path, table: dict[str, object]) -> ServiceRequest:
    """What stands in the request's file, checked."""
    hints = _hints()
    for key in table:
        if key not in hints:
            raise unknown(path, key, list(hints))
    missing = [key for key in _required() if key not in table]
    if missing:
        raise UsageError(
            f"{path}: SAAS_FIELD: {', '.join(missing)} missing.",
            next_step="Add what is missing, as the example shows, then ask with `nexusops saas advise FILE`.",
        )
    values = {key: convert(hints[key], value, key, path) for key, value in table.items()}
    _check(values, path)
    for key in HOSTS:
        if key in values:
            values[key] = str(values[key]).rstrip(".").lower()
    values["owner_person_id"] = values.get("owner_person_id") or None
    values["certificate"] = _certificate(str(values.get("certificate", "")), path)
    return ServiceRequest(request_id=path.stem, **values)  # type: ignore[arg-type]  # converted to the hints just above


def service_path(folder: Path, request_id: str) -> Path:
    """The file of a request. Raises UsageError for an id that is no plain name: it may come from a form; and for one
    that another request has but for capitals.
    """
    if not _REQUEST_ID.fullmatch(request_id):
        raise UsageError(
            f"{request_id!r}: SAAS_FIELD: expected letters, digits, - and _ only, at most 64, as the request's id.",
            next_step="Choose such an id with --id; `nexusops saas list` has those that are taken.",
        )
    alike = (path.stem for path in folder.glob("*.toml") if path.stem.lower() == request_id.lower())
    if other := next((stem for stem in alike if stem != request_id), None):
        raise UsageError(
            f"{request_id!r}: SAAS_FIELD: {other}.toml is there, which differs from it in capitals only.",
            next_step="Choose another id; `nexusops saas list` has those that are taken.",
        )
    return folder / f"{request_id}.toml"


def withdraw_service(path: Path) -> None:
    """Takes the file of a request away, if it is there. Raises UsageError where that cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"The request cannot be taken out of {path}: {error.strerror}.",
            next_step=f"Let the user of this program write to {path.parent}, then see `nexusops saas list`.",
        ) from error


def write_service(path: Path, values: Mapping[str, object]) -> ServiceRequest:
    """Files a request, and reads it as every later command will; what cannot be read takes nobody's place."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_text("\n".join(lines) + "\n", "utf-8")
            return _request(path, read_toml(part))
    except OSError as error:
        raise UsageError(
            f"The request cannot be written to {path}: {error.strerror}.",
            next_step=f"Let the user of this program write to {path.parent}, then ask again, as with `nexusops saas"
            " request`.",
        ) from error


def _check(values: dict[str, object], path: Path) -> None:
    for key, value in values.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and _CONTROL.search(text):
                raise wrong(path, key, "text in one line, without control characters", text)
    for key, words in CHOICES.items():
        if values.get(key, words[0]) not in words:
            raise wrong(path, key, " | ".join(words), values[key])
    volume = values.get("daily_volume", 0)
    if isinstance(volume, int) and volume < 0:
        raise wrong(path, "daily_volume", "a whole number that is not negative", volume)
    for key in ("service_name", "unit_id", "requester", "provider"):
        if not str(values[key]).strip():
            raise wrong(path, key, "a name", values[key])
    for key in HOSTS:
        name = str(values.get(key, ""))
        if name and not (_HOST.fullmatch(name) and len(name) <= 254):
            raise wrong(path, key, "a name in DNS, such as spf.adminday.example", name)
    _check_records(values, path)
    sender = str(values.get("from_local", ""))
    if sender and not _is_sender(sender):
        raise wrong(path, "from_local", "what stands before the @, at most 64 letters, digits, . - _ and +", sender)


def _check_records(values: dict[str, object], path: Path) -> None:
    """R86: what the provider gives for DKIM and DMARC."""
    selectors: set[str] = set()
    for entry in typing.cast(tuple[str, ...], values.get("dkim", ())):
        selector, _, value = entry.partition(" ")
        if selector.lower() in selectors:
            raise wrong(path, "dkim", "each selector once", entry)
        selectors.add(selector.lower())
        is_key = "=" in value and "p=" in value
        if not (_LABELS.fullmatch(selector) and (is_key or _HOST.fullmatch(value.strip()))):
            raise wrong(path, "dkim", "a selector and the provider's name or key, such as s1 s1.dkim.example", entry)
    dmarc = str(values.get("dmarc", ""))
    if dmarc and not re.match(r"v=DMARC1\s*;\s*p=(none|quarantine|reject)\b", dmarc):
        raise wrong(path, "dmarc", "a DMARC policy, such as v=DMARC1; p=none", dmarc)


def _certificate(name: str, path: Path) -> str:
    """The base64 of the one certificate in a PEM file beside the request; never a private key."""
    if not name:
        return ""
    expected = "a PEM file beside the request, with one certificate and no private key"
    try:
        text = (path.parent / name).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(path, "certificate", expected, name) from error
    found = _PEM.findall(text)
    if len(found) != 1 or "PRIVATE KEY" in text:
        raise wrong(path, "certificate", expected, name)
    from cryptography.x509 import load_pem_x509_certificate  # only who signs in with one waits for it

    try:
        load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise wrong(path, "certificate", expected, name) from error
    return "".join(found[0].split())


def _is_sender(text: str) -> bool:
    """A local part, or a whole address."""
    local = local_of(text) if "@" in text else text
    rest = "@" not in text or _HOST.fullmatch(domain_of(text)) is not None
    return rest and len(local) <= 64 and _LOCAL.fullmatch(local) is not None


@cache
def _hints() -> Mapping[str, object]:
    """The type of each key: the same for however many requests there are."""
    return {name: hint for name, hint in typing.get_type_hints(ServiceRequest).items() if name != "request_id"}


@cache
def _required() -> list[str]:
    return [one.name for one in fields(ServiceRequest) if one.default is MISSING and one.name != "request_id"]
