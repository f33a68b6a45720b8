"""Tests reach nothing but this machine, and one that tries fails, even where the code under test hides it."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

# RFC 5737: addresses for documentation, which nobody has.
ELSEWHERE = "192.0.2.1"


def refused(network_refusals: list[str]) -> list[str]:
    hosts = list(network_refusals)
    network_refusals.clear()
    return hosts


@pytest.mark.parametrize("host", [ELSEWHERE, "2001:db8::1", "mail.example.org"])
def test_a_connection_to_elsewhere_is_refused_before_it_is_made(network_refusals: list[str], host: str) -> None:
    with pytest.raises(AssertionError, match=f"a test tried to reach {host}; tests stay on this machine"):
        socket.create_connection((host, 443), timeout=1)
    assert refused(network_refusals) == [host]


def test_so_is_a_datagram(network_refusals: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, pytest.raises(AssertionError):
        sock.sendto(b"?", (ELSEWHERE, 53))
    assert refused(network_refusals) == [ELSEWHERE]


def test_so_is_what_an_asynchronous_library_opens(network_refusals: list[str]) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(timeout=1) as client:
            await client.get("https://graph.microsoft.com/v1.0/users")

    with pytest.raises(AssertionError):
        asyncio.run(ask())
    assert refused(network_refusals) == ["graph.microsoft.com"]


def test_this_machine_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
