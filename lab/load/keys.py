"""Request keys, unique in a run: every writer of requests gets a block of its own."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 1 << 24
"""Keys in a block: 16.7 million requests; 256 blocks fit into the row's 32 bits."""


def key_blocks() -> Iterator[int]:
    """First keys of blocks; ends after 256."""
    return iter(range(0, 1 << 32, BLOCK))
