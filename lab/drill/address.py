"""Where a service of somebody's is: its URL taken apart, and whether load may go there. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    tls: bool = False

    @property
    def is_loopback(self) -> bool:
        """By the name itself: nobody is asked, so a name that only resolves to loopback is none."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def authority(host: str, port: int) -> str:
    """As a Host header has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address_of(url: str) -> Address:
    """``http://127.0.0.1:8080`` → its parts. Raises ValueError, ``WHAT: expected WHAT``, for anything else than scheme, host
    and port: paths stand in the requests."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no URL ({error}): expected http://HOST:PORT") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of a service: expected http://HOST:PORT or https://HOST:PORT")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{url!r} has more than scheme, host and port: expected http://HOST:PORT; paths stand in the requests")
    tls = parts.scheme == "https"
    return Address(parts.hostname, port or (443 if tls else 80), tls)
