"""One file per client. ``ALL`` in the order of the table, ours first."""

from benchmarks.clients import hey, httpx_per_vu, k6, locust, shard, wrk
from benchmarks.clients.client import Client

ALL: tuple[Client, ...] = (shard.CLIENT, shard.SCRIPTED, wrk.CLIENT, hey.CLIENT, k6.CLIENT, locust.CLIENT, httpx_per_vu.CLIENT)

__all__ = ["ALL", "Client"]
