"""Where every request of a shard ends up: its row, and, of the first few of a kind that nobody expected, its answer."""

from __future__ import annotations

from lab.clock import Clock
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Via
from lab.http.exchange import Exchange
from lab.load.keys import BLOCK
from lab.load.unexpected import Collector


class Keeper:
    """``first_key``: of a block of request keys that nobody else uses."""

    def __init__(self, rows: RowBuffer, unexpected: Collector, clock: Clock, first_key: int) -> None:
        self._rows = rows
        self._unexpected = unexpected
        self._clock = clock
        self._keys = iter(range(first_key, first_key + BLOCK))

    def next_key(self) -> int:
        """Raises OverflowError at the end of the block."""
        key = next(self._keys, None)
        if key is None:
            raise OverflowError(f"more than {BLOCK:,} requests by one shard: the next key would be somebody else's; --shards 2")
        return key

    def record(self, exchange: Exchange, due_ns: int, request: int, via: Via, vu: int, key: int) -> None:
        self._rows.add(exchange, due_ns, request, via, vu, key)
        if not exchange.ok:
            self._unexpected.look_at(exchange, request, vu)

    def drop(self, due_ns: int) -> None:
        """An iteration that was planned and never begun is not hidden."""
        self._rows.add_dropped(due_ns, self._clock.now_ns(), self.next_key())
