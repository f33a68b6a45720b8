"""A bundle of one's own: what cannot be used is told as the configuration's fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexusops.errors import UsageError
from nexusops.tenant import microsoft365
from nexusops.tenant.settings import TenantSettings


@pytest.mark.parametrize("text", [None, "no certificate\n"], ids=["not there", "not one"])
def test_a_bundle_that_cannot_be_used_names_its_key(text: str | None, tmp_path: Path) -> None:
    """interface.md 1: exit 2, before anything is asked."""
    bundle = tmp_path / "ca.pem"
    if text is not None:
        bundle.write_text(text, "utf-8")
    settings = TenantSettings(tenant_id="t", client_id="c", secret="s", ca_bundle=str(bundle))
    with pytest.raises(UsageError) as refused:
        microsoft365(settings)
    assert f"tenant.ca_bundle: {bundle} cannot be used" in refused.value.message
