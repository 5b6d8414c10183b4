"""Settings of the kernel's network while a stage runs. Only ever called inside a room with a network namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

IPV4 = Path("/proc/sys/net/ipv4")


@contextmanager
def in_force(values: Mapping[str, int], ipv4: Path = IPV4) -> Iterator[None]:
    """Sets them, and puts back what was there, whatever happens. Raises OSError for one that the kernel does not take."""
    with ExitStack() as put_back:
        for name, value in values.items():
            sysctl = ipv4 / name
            before = sysctl.read_text()
            sysctl.write_text(str(value))
            put_back.callback(sysctl.write_text, before)
        yield
