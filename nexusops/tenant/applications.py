"""An application's registration, its service principal, and Exchange's pointer to that (tenant-api.md 4.11-4.13)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from nexusops.tenant.acting import Site
from nexusops.tenant.cmdlets import Row
from nexusops.tenant.directory import Instant, decoded
from nexusops.tenant.faults import FaultClass, TenantFault, unless_missing
from nexusops.tenant.transport import next_page

T = TypeVar("T")


class _Credential(msgspec.Struct, rename="camel"):
    key_id: str
    end_date_time: Instant | None = None

    @property
    def ends_on(self) -> str:
        """``YYYY-MM-DD``; '' where it has no end."""
        return self.end_date_time.date().isoformat() if self.end_date_time is not None else ""


class PasswordCredential(_Credential):
    display_name: str | None = None
    secret_text: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key_id={self.key_id!r})"


class KeyCredential(_Credential):
    custom_key_identifier: str | None = None


class Application(msgspec.Struct, rename="camel"):
    id: str
    app_id: str
    unique_name: str | None = None
    password_credentials: list[PasswordCredential] = []
    key_credentials: list[KeyCredential] = []


class Principal(msgspec.Struct, rename="camel"):
    id: str
    app_id: str


class _Deleted(msgspec.Struct):
    value: list[Application]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class _Consents(msgspec.Struct):
    value: list[dict[str, Any]]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


Page = TypeVar("Page", _Consents, _Deleted)


def unique_name(mailbox: str) -> str:
    """By which a later run finds the application of a mailbox again: display names may be given twice (4.13)."""
    return f"nexusops-saas-{mailbox}"


class Applications:
    """What is asked and written about applications, each found again by its unique name."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def find(self, name: str) -> Application | None:
        return await self._maybe(f"/applications(uniqueName='{quote(name)}')", Application)

    async def principal(self, app: Application) -> Principal | None:
        return await self._maybe(f"/servicePrincipals(appId='{app.app_id}')", Principal)

    async def consented(self, principal: Principal) -> int:
        """How many permissions for the whole tenant it has in Entra; none may be there (4.12)."""
        path = f"/servicePrincipals/{principal.id}/appRoleAssignments"
        return sum([len(page.value) async for page in self._pages(path, _Consents)])

    async def _pages(self, first: str, kind: type[Page]) -> AsyncIterator[Page]:
        """All pages of a list; an empty one may have others behind it (4.2)."""
        seen: set[str] = set()
        link: str | None = first
        while link is not None:
            page = await self._site.graph.fetch(link, kind)
            yield page
            link = next_page(page.next_link, seen, self._site.graph.base_url)

    async def ensure(self, name: str, shown_as: str) -> tuple[Application, str]:
        """The registration, and whether it was there, came back from the deleted ones, or was made."""
        found = await self.find(name)
        if found is not None:
            return found, "existed"
        if await self._restored(name):
            how = "restored"
        else:
            body = {"displayName": shown_as, "uniqueName": name, "signInAudience": "AzureADMyOrg"}
            await self._write("/applications", body, lambda: self.find(name))
            how = "made"
        return await self._there(name), how

    async def _restored(self, name: str) -> bool:
        """One that was deleted within the last 30 days comes back as it was, so that an undo is exact (4.13)."""
        path = "/directory/deletedItems/microsoft.graph.application?$select=id,appId,uniqueName"
        pages = self._pages(path, _Deleted)
        deleted = [app async for page in pages for app in page.value if app.unique_name == name]
        if len(deleted) != 1:
            return False
        await self._write(f"/directory/deletedItems/{deleted[0].id}/restore", {}, lambda: self.find(name))
        return True

    async def _there(self, name: str) -> Application:
        found = await self.find(name)
        if found is None:
            raise TenantFault(FaultClass.TRANSIENT, f"the application {name} does not show yet; the next run goes on")
        return found

    async def ensure_principal(self, app: Application) -> Principal:
        """A new application may need seconds before it can have one (4.13)."""
        found = await self.principal(app)
        if found is not None:
            return found
        refusals: list[TenantFault] = []

        async def made() -> bool:
            try:
                await self._site.graph.send("POST", "/servicePrincipals", {"appId": app.app_id})
            except TenantFault as fault:
                refusals.append(fault)
            return await self.principal(app) is not None

        await self._site.until(made)
        shown = await self.principal(app)
        if shown is None:
            late = TenantFault(FaultClass.TRANSIENT, "the service principal does not show yet; the next run goes on")
            raise refusals[-1] if refusals else late
        return shown

    async def ensure_pointer(self, app: Application, principal: Principal) -> None:
        """Exchange takes a wrong object id, and refuses at logon only: both ids are compared (4.11)."""
        known = await self.pointer(principal)
        if known is not None and str(known.get("AppId")).lower() != app.app_id.lower():
            raise TenantFault(FaultClass.CONFLICT, f"Exchange knows {principal.id} as another application's")
        if known is not None:
            return

        async def look() -> bool:
            return await self.pointer(principal) is not None

        async def write() -> None:
            await self._site.exchange.invoke(
                "New-ServicePrincipal", AppId=app.app_id, ObjectId=principal.id, DisplayName=f"nexusops {app.app_id}"
            )

        await self._site.write(write, look)

    async def pointer(self, principal: Principal) -> Row | None:
        rows = await unless_missing(self._site.exchange.invoke("Get-ServicePrincipal", Identity=principal.id))
        return rows[0] if rows else None

    async def _write(self, path: str, body: Mapping[str, str], find: Callable[[], Awaitable[object]]) -> None:
        async def look() -> bool:
            return await find() is not None

        await self._site.write(lambda: self._site.graph.send("POST", path, body), look)

    async def _maybe(self, path: str, kind: type[T]) -> T | None:
        content = await unless_missing(self._site.graph.send("GET", path))
        return decoded(content, kind) if content is not None else None
