"""A real BIND on the loopback interface, primary for zones that a key may update."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread

import dns.message
import dns.query
import dns.rdatatype
from conftest import needs

from building.patience import PATIENCE

SECRET = "bmV4dXNvcHMtdGVzdC1rZXktb2YtMzItb2N0ZXRzISE="
OTHER_SECRET = "b3RoZXItdGVzdC1rZXktb2YtMzItb2N0ZXRzISEhISE="
APEX = """$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
"""
CONFIGURATION = """
options {{
  directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; pid-file none; session-keyfile none; dnssec-validation no;
}};
controls {{ }};
key "nexusops" {{ algorithm hmac-sha256; secret "{secret}"; }};
key "reader" {{ algorithm hmac-sha256; secret "{other}"; }};
"""
ZONE = 'zone "{zone}" {{ type primary; file "{file}"; allow-update {{ key "nexusops"; }}; }};\n'


@dataclass(frozen=True, slots=True)
class NameServer:
    port: int

    def ask(self, name: str, kind: str) -> list[str]:
        """The records of a name as text, sorted; an empty list where there are none."""
        answer = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", PATIENCE, self.port)
        wanted = dns.rdatatype.from_text(kind)
        return sorted(one.to_text() for found in answer.answer if found.rdtype == wanted for one in found)

    def serial(self, zone: str) -> int:
        """It rises with each update that changed something."""
        return int(self.ask(zone, "SOA")[0].split()[2])


@contextmanager
def name_server(zones: dict[str, str]) -> Iterator[NameServer]:
    """``zones``: their lines beside SOA and NS."""
    program = shutil.which("named", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or needs(
        "BIND (named) is not installed"
    )
    folder = Path(tempfile.mkdtemp(prefix="nexusops-dns-"))
    port = _free_port()
    text = CONFIGURATION.format(folder=folder, port=port, secret=SECRET, other=OTHER_SECRET)
    for zone, lines in zones.items():
        (folder / f"{zone}.zone").write_text(APEX + lines, "utf-8")
        text += ZONE.format(zone=zone, file=f"{zone}.zone")
    (folder / "named.conf").write_text(text, "utf-8")
    command = [program, "-g", "-c", str(folder / "named.conf")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder)
    said: Queue[str | None] = Queue()
    reader = Thread(target=_read, args=(server, said))
    reader.start()
    try:
        _until_it_runs(said)
        yield NameServer(port)
    finally:
        server.terminate()
        server.wait(PATIENCE)
        reader.join()
        shutil.rmtree(folder, ignore_errors=True)


def _read(server: subprocess.Popen[str], said: Queue[str | None]) -> None:
    """To the end, so that the pipe never fills."""
    assert server.stderr is not None
    with server.stderr as log:
        for line in log:
            said.put(line)
    said.put(None)


def _until_it_runs(said: Queue[str | None]) -> None:
    lines = []
    while (line := said.get(timeout=PATIENCE)) is not None:
        lines.append(line)
        if line.rstrip().endswith(" running"):
            return
    raise AssertionError("named did not start:\n" + "".join(lines))


def _free_port() -> int:
    """For both: the server would run with one of them, too, and answer only there."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            udp.bind(("127.0.0.1", port))
            return port
