"""Every setting of the service: one frozen value, read from ``TARGET_…`` environment variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeVar, cast

T = TypeVar("T")
Full = Literal["wait", "close"]
PREFIX = "TARGET_"


class SettingsError(ValueError):
    """Settings that cannot be used; the text names every one of them on one line."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return read


def _number(unit: str, low: float = 0.0) -> Callable[[str], float]:
    def read(text: str) -> float:
        expected = ValueError(f"expected {unit} as a number, {low:g} or more")
        try:
            number = float(text)
        except ValueError:
            raise expected from None
        if not low <= number < math.inf:
            raise expected
        return number

    return read


def _full(text: str) -> Full:
    if text not in ("wait", "close"):
        raise ValueError("expected wait or close")
    return cast(Full, text)


def _boolean(text: str) -> bool:
    values = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in values:
        raise ValueError("expected true or false")
    return values[text.lower()]


def _text(text: str) -> str:
    if not text:
        raise ValueError("expected some text")
    return text


def _setting(default: T, read: Callable[[str], T]) -> T:
    """A field with its default and the function that reads it; typed as the value, as ``dataclasses.field`` is."""
    return field(default=default, metadata={"read": read})


_MANY = 1_000_000
_PORT = _whole(0, 65_535)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the service runs. In brackets what Tomcat calls the same thing.

    ``port`` 0: any free one. ``health_port`` 0: the service's port + 1. ``listen_fd``: a listening socket inherited
    from a supervisor, used instead of ``host`` and ``port``. ``header_timeout``, ``connection_age``, ``shed_after``: seconds,
    0 is off. ``keep_alive``: seconds. ``work_ms``: milliseconds of simulated downstream work per request.
    ``database_url``: SQLite, or PostgreSQL with the extra ``postgres``:
    ``postgresql://user:password@host/database?connect_timeout=5``.
    """

    host: str = _setting("127.0.0.1", _text)
    port: int = _setting(8080, _PORT)
    health_port: int = _setting(0, _PORT)
    listen_fd: int | None = _setting(None, cast(Callable[[str], "int | None"], _whole(0, _MANY)))
    backlog: int = _setting(1024, _whole(1, _MANY))  # [acceptCount]
    max_connections: int = _setting(1000, _whole(1, _MANY))  # [maxConnections]
    full: Full = _setting("wait", _full)
    header_timeout: float = _setting(20.0, _number("seconds"))  # [connectionTimeout]
    keep_alive: float = _setting(75.0, _number("seconds", 0.001))  # [keepAliveTimeout]
    connection_age: float = _setting(0.0, _number("seconds"))  # [none; maxKeepAliveRequests counts requests instead]
    slots: int = _setting(40, _whole(1, _MANY))  # [maxThreads]
    shed_after: float = _setting(0.0, _number("seconds"))  # [none; the executor's queue has no time-out]
    work_ms: float = _setting(20.0, _number("milliseconds"))
    defer_accept: bool = _setting(False, _boolean)
    stock: int = _setting(500, _whole(0, _MANY))
    database_url: str = _setting("sqlite:///coupon-order.db", _text)

    def health_port_beside(self, port: int) -> int:
        """The health port of a service that listens on ``port``."""
        return self.health_port or port + 1


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in ``environment``; what is not there has its default. All problems at once as :class:`SettingsError`.

    Other variables with the prefix are not ours to judge: an environment is shared.
    """
    values, problems = {}, []
    for setting in fields(Settings):
        name = PREFIX + setting.name.upper()
        if name not in environment:
            continue
        try:
            values[setting.name] = setting.metadata["read"](environment[name])
        except ValueError as wrong:
            problems.append(f"{name}={environment[name]!r}: {wrong}")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(**values)
