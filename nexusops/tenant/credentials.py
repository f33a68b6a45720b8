"""What an application signs in with: a certificate that it sent, or a secret handed over in a file (4.13).

A secret stands in no answer, log, plan, journal or cassette: from the answer of Graph it goes into the file, which only
its owner can read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from dataclasses import replace
from pathlib import Path

from nexusops.model.changes import GrantAccess
from nexusops.model.journal import JsonObject, Step, StepOutcome
from nexusops.tenant.acting import Site, aside, done
from nexusops.tenant.applications import Application, Applications, KeyCredential, PasswordCredential, unique_name
from nexusops.tenant.directory import decoded
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.whole import whole


async def upload(
    site: Site, applications: Applications, step: Step, change: GrantAccess, app: Application
) -> StepOutcome:
    """The certificate, beside those that are there: a PATCH replaces the whole list."""
    thumbprint = _thumbprint(change)
    before = [key.custom_key_identifier or "" for key in app.key_credentials]
    ends_on: str | None = None

    async def look() -> bool:
        nonlocal ends_on
        now = await applications.find(unique_name(change.mailbox.name))
        keys = now.key_credentials if now is not None else []
        found = [key for key in keys if (key.custom_key_identifier or "").upper() == thumbprint]
        ends_on = found[0].ends_on if found else None
        return bool(found)

    if not await look():
        kept = [_reference(key) for key in app.key_credentials]
        new = {
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "key": change.certificate,
            "displayName": _label(change),
        }
        body = {"keyCredentials": [*kept, new]}
        await site.write(lambda: site.graph.send("PATCH", f"/applications/{app.id}", body), look)
    return done(step, {"certificates": list(before)}, {"certificate": thumbprint, "ends_on": ends_on})


def _thumbprint(change: GrantAccess) -> str:
    return hashlib.sha1(base64.b64decode(change.certificate), usedforsecurity=False).hexdigest().upper()


def _reference(key: KeyCredential) -> JsonObject:
    """A certificate that stays, as a PATCH of the whole list names it."""
    return {"keyId": key.key_id, "type": "AsymmetricX509Cert", "usage": "Verify"}


async def hand_over(
    site: Site, applications: Applications, step: Step, change: GrantAccess, app: Application
) -> StepOutcome:
    """A secret is shown once, and a repeated request makes another: what no file holds is taken back first."""
    path = handover_file(site.settings.handover, change.mailbox.name)
    if path is None:
        return aside(step, "needs a human: there is no folder to hand a secret over in; set [tenant] handover")
    held = _held(path)
    ours = [one for one in app.password_credentials if one.display_name == _label(change)]
    for one in ours:
        if (held is not None and one.key_id == held and not _is_old(one, change)) or _is_kept(one, change):
            return done(step, {"secrets": len(ours)}, _after(one, path))
    for one in ours:
        if not _is_old(one, change):
            await _take_back(site, applications, app, one.key_id, change)
    _prepare(path.parent)
    address = (await site.mailbox(change.mailbox)).primary or ""
    made = await _add(site, app, change)
    _write(path, _text(site, app, change, made, address))
    outcome = done(step, {"secrets": len(ours)}, _after(made, path), message=f"handed over in {path.name}")
    return replace(outcome, handed_over=f"{path}: what the product signs in with")


async def withdraw(
    site: Site, applications: Applications, step: Step, change: GrantAccess, app: Application
) -> StepOutcome:
    """What leaked ends at once: all but the newest, which was handed over before, whoever put the others there."""
    path = handover_file(site.settings.handover, change.mailbox.name)
    stays = _thumbprint(change) if change.certificate else _newest(app, _held(path) if path is not None else None)
    secrets = [one.key_id for one in app.password_credentials]
    keys = [(one.custom_key_identifier or "").upper() for one in app.key_credentials]
    if stays not in (keys if change.certificate else secrets):
        return aside(step, "needs a human: what the product is to sign in with is not there, so nothing was withdrawn")
    for key_id in secrets:
        if key_id != stays:
            await _take_back(site, applications, app, key_id, change)
    kept = [one for one, key in zip(app.key_credentials, keys, strict=True) if key == stays]
    if len(kept) != len(keys):

        async def look() -> bool:
            now = await applications.find(unique_name(change.mailbox.name))
            return now is not None and len(now.key_credentials) == len(kept)

        body = {"keyCredentials": [_reference(one) for one in kept]}
        await site.write(lambda: site.graph.send("PATCH", f"/applications/{app.id}", body), look)
    gone = len(secrets) + len(keys) - 1
    return done(step, {"secrets": [*secrets], "certificates": [*keys]}, {"left": stays}, message=f"{gone} withdrawn")


def _newest(app: Application, held: str | None) -> str | None:
    """The secret that the file holds; the one that lasts longest, where that is gone already."""
    if any(one.key_id == held for one in app.password_credentials):
        return held
    lasting = sorted(app.password_credentials, key=lambda one: str(one.end_date_time or ""))
    return lasting[-1].key_id if lasting else None


def handover_file(folder: str | None, mailbox: str) -> Path | None:
    return Path(folder) / f"{mailbox}.toml" if folder else None


def _is_kept(one: PasswordCredential, change: GrantAccess) -> bool:
    """The one that the product has, whose file may be gone since: it stays."""
    known = change.signs_in_until is not None and one.ends_on == change.signs_in_until.isoformat()
    return known and not change.renew


def _is_old(one: PasswordCredential, change: GrantAccess) -> bool:
    """One that is being renewed works on until it ends; one that lasts longer is a renewal that broke off."""
    return change.renew and change.signs_in_until is not None and one.ends_on <= change.signs_in_until.isoformat()


def _label(change: GrantAccess) -> str:
    return f"nexusops {change.mailbox.name}"


def _held(path: Path) -> str | None:
    """The id of the secret that the file holds."""
    try:
        found = tomllib.loads(path.read_text("utf-8")).get("key_id")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    return found if isinstance(found, str) else None


async def _add(site: Site, app: Application, change: GrantAccess) -> PasswordCredential:
    body = {"passwordCredential": {"displayName": _label(change)}}
    content = await site.graph.send("POST", f"/applications/{app.id}/addPassword", body)
    made = decoded(content, PasswordCredential, read=False)
    if not made.secret_text:
        raise TenantFault(FaultClass.UNKNOWN_OUTCOME, "Graph made a secret and did not show it; the next run goes on")
    return made


async def _take_back(
    site: Site, applications: Applications, app: Application, key_id: str, change: GrantAccess
) -> None:
    async def look() -> bool:
        now = await applications.find(unique_name(change.mailbox.name))
        return now is not None and all(one.key_id != key_id for one in now.password_credentials)

    body = {"keyId": key_id}
    await site.write(lambda: site.graph.send("POST", f"/applications/{app.id}/removePassword", body), look)


def _text(site: Site, app: Application, change: GrantAccess, made: PasswordCredential, address: str) -> str:
    """TOML for the one who sets the product up."""
    values = {
        "mailbox": address,
        "connection": change.connection,
        "tenant_id": site.exchange.tenant_id,
        "client_id": app.app_id,
        "client_secret": made.secret_text,
        "key_id": made.key_id,
        "ends_on": made.ends_on,
    }
    head = "# Give this to whoever sets the product up, by a safe way, and delete it when the product works.\n"
    return head + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise TenantFault(FaultClass.CONFIG, f"[tenant] handover: {folder} cannot be made: {error}") from error


def _write(path: Path, text: str) -> None:
    """For its owner alone, and never half a file; a secret that no file holds is taken back by the next run."""
    try:
        with whole(path, 0o600) as part:
            part.write_text(text, "utf-8")
    except OSError as error:
        raise TenantFault(FaultClass.CONFIG, f"[tenant] handover: {path} cannot be written: {error}") from error


def _after(made: PasswordCredential, path: Path) -> JsonObject:
    return {"key_id": made.key_id, "ends_on": made.ends_on, "file": path.name}
