"""Which ports the room uses. In a network namespace of our own any will do; on the machine they must be free."""

from __future__ import annotations

import socket
from dataclasses import dataclass


class PortTaken(RuntimeError):
    """A port that the drill names is in use."""


@dataclass(frozen=True)
class Ports:
    service: int
    health: int
    proxy: int
    toxiproxy: int


def choose(wanted: int | None, *, own_network: bool) -> Ports:
    """The service's port as the drill wants it, all others free. Raises PortTaken."""
    if own_network:
        service = wanted or 8080
        return Ports(service, service + 1, service + 2, service + 3)
    if wanted is not None and not _is_free(wanted):
        raise PortTaken(
            f"port {wanted} is taken on this machine\nhint: leave `port` out of the drill's target, "
            "or use the sandbox, where ports never clash"
        )
    free = _free_ports(4)
    return Ports(wanted or free[0], *free[1:])


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_ports(count: int) -> list[int]:
    """Ports that nobody uses now; all held at once, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports
