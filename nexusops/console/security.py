"""What every answer says to the browser, which hosts are ours, and whose process it is that asks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""No script runs at all: the pages have none."""
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
_SOCKETS = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LOOKS = 3
"""A table that changes while it is read may leave a row out."""
_MAPPED = "0000000000000000FFFF0000"
"""What stands before an IPv4 address in the table of IPv6: a program may come here by such a socket, too."""


def own_hosts(port: int, public_host: str) -> frozenset[str]:
    """The values of the Host header that are answered; any other may be a page that rebinds its name to us."""
    names = {f"127.0.0.1:{port}", f"localhost:{port}", public_host}
    if port == 80:
        names |= {"127.0.0.1", "localhost"}
    return frozenset(name for name in names if name)


def from_elsewhere(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a POST comes from a page of another origin, as far as the browser says where it comes from."""
    said = headers.get("origin")
    site = headers.get("sec-fetch-site", "same-origin")
    return site not in ("same-origin", "none") or (said is not None and said != origin)


def strangers(host: str, port: int, own_port: int, tables: Sequence[Path] = _SOCKETS) -> bool:
    """Whether the other end of a loopback connection belongs to another user of this machine.

    Linux says whose each socket is; elsewhere nobody is a stranger. Where it knows our end of the connection and not
    the other one, that has been closed by whoever had it, and nobody is there to be answered.
    """
    theirs, own = _end(host, port), _end("127.0.0.1", own_port)
    owners: dict[tuple[str, str], str] = {}
    for _ in range(LOOKS):
        owners = {ends: owner for table in tables for ends, owner in _sockets(table)}
        if (owner := owners.get((theirs, own))) is not None:
            return owner not in (str(os.getuid()), os.environ.get("SUDO_UID"))
    return (own, theirs) in owners


def _sockets(table: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Both ends of each connection, the first one its own, and whose it is."""
    try:
        rows = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return
    for fields in map(str.split, rows):
        yield (fields[1].removeprefix(_MAPPED), fields[2].removeprefix(_MAPPED)), fields[7]


def _end(host: str, port: int) -> str:
    return f"{int.from_bytes(ip_address(host).packed, 'little'):08X}:{port:04X}"
