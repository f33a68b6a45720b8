"""The same changes as one writes them first: msgraph-sdk's models, one call after the other."""

from __future__ import annotations

import asyncio
import time

import httpx

from benchmarks.serving import Served, told

SKU = "ENTERPRISEPACKPLUS_FACULTY"


def plainly(served: Served, number: int, scale: float) -> None:
    """What one writes first: msgraph-sdk's models, one call after the other."""
    before = len(served.asked())
    start, cpu = time.perf_counter(), time.process_time()
    writes = asyncio.run(_plain(served, number))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    told("a plain loop of msgraph-sdk", number, writes, seconds, cpu, served.asked()[before:], scale)


async def _plain(served: Served, number: int) -> int:
    from azure.identity import ClientSecretCredential
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.generated.models.assigned_license import AssignedLicense
    from msgraph.generated.models.password_profile import PasswordProfile
    from msgraph.generated.models.user import User
    from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
        AssignLicensePostRequestBody,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient
    from msgraph_core import GraphClientFactory

    line = served.line
    credential = ClientSecretCredential(
        line["tenant_id"],
        line["client_id"],
        line["client_secret"],
        authority=line["authority"],
        disable_instance_discovery=True,
        connection_verify=line["ca_bundle"],
    )
    scope = line["graph"].removesuffix("/v1.0") + "/.default"
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(verify=served.trusting))
    adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, scopes=[scope]), client=http)
    adapter.base_url = line["graph"]
    client = GraphServiceClient(request_adapter=adapter)
    skus = await client.subscribed_skus.get()
    sku = next(sku.sku_id for sku in skus.value if sku.sku_part_number == SKU)
    for n in range(1, number + 1):
        password = PasswordProfile(password="Correct-Horse-7", force_change_password_next_sign_in=True)
        made = await client.users.post(
            User(
                account_enabled=True,
                display_name=f"Charles Babbage {n}",
                mail_nickname=f"wxyz{n:05}",
                user_principal_name=f"wxyz{n:05}@nexus.ox.ac.uk",
                employee_id=f"9{n:06}",
                usage_location="GB",
                password_profile=password,
            )
        )
        body = AssignLicensePostRequestBody(
            add_licenses=[AssignedLicense(sku_id=sku, disabled_plans=[])], remove_licenses=[]
        )
        await client.users.by_user_id(made.id).assign_license.post(body)
    return number * 2
