"""A client that nobody here wrote: Microsoft's JavaScript SDK reads and changes users of the embedded tenant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from building.patience import PATIENCE
from conftest import needs
from emulator.test_loopback import serving, token_of

SCRIPT = Path(__file__).with_name("strange_client.cjs")
MODULES = Path(os.environ.get("NEXUSOPS_NODE_MODULES", "/usr/local/lib/nexusops-node/node_modules"))


def test_microsofts_javascript_client_reads_and_changes_users(tmp_path: Path) -> None:
    """interface.md 6: paging, $filter, $count, $batch with dependsOn, delta, refusals."""
    node, package = shutil.which("node"), MODULES / "@microsoft" / "microsoft-graph-client"
    if node is None:
        needs("node is not installed")
    if not package.is_dir():
        needs(f"@microsoft/microsoft-graph-client is not in {MODULES}")
    with serving(tmp_path / "tenant.db", tls=True) as line:
        tenant = json.dumps({"graph": line["graph"], "token": token_of(line)["Authorization"].removeprefix("Bearer ")})
        trusting = {"NODE_EXTRA_CA_CERTS": line["ca_bundle"]}  # it gives its token to https only
        environment = {**os.environ, **trusting, "GRAPH_CLIENT": str(package), "TENANT": tenant}
        command = [node, str(SCRIPT)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "seen": [f"ball000{n}@nexus.ox.ac.uk" for n in (1, 2, 3)],
        "found": 1,
        "counted": 3,
        "changed": {
            "@odata.context": f"{line['graph']}/$metadata#users(department,usageLocation)/$entity",
            "department": "History",
            "usageLocation": "GB",
        },
        "batch": {"1": 204, "2": 404, "3": 424},
        "removed": [[True, "changed"]],
        "refused": [404, "Request_ResourceNotFound"],
        "conflict": [400, "Request_BadRequest"],
    }
