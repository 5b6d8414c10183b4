"""The room's own loopback. By ioctl: pyroute2 would do it too, but takes 154 ms to import."""

from __future__ import annotations

import fcntl
import socket
import struct

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_IFREQ = struct.Struct("16sh22x")


def loopback_up() -> None:
    """127.0.0.1 and ::1 answer from here on. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", _flags(any_socket) | _IFF_UP))


def loopback_is_up() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return bool(_flags(any_socket) & _IFF_UP)


def _flags(any_socket: socket.socket) -> int:
    flags: int = _IFREQ.unpack(fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))[1]
    return flags
