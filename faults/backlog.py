"""The accept queue of the running listener is made too small, as a bad setting would."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal

from lab.fault import Counters, Need, Place, Scalar, Symptom

_SYSCTL = "sys/net/ipv4/tcp_abort_on_overflow"
_COUNTED = ("ListenOverflows", "ListenDrops", "EmbryonicRsts")


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Resizes the accept queue of the listener that runs: ``listen(fd, size)`` on a duplicate of its file descriptor.

    ``where: live`` lasts until the next start; ``live+config`` also stays in the target's configuration, so a restart
    alone brings it back. ``abort: auto`` sets tcp_abort_on_overflow in a network namespace of our own (never on the
    machine, even as root); ``defer`` sets TCP_DEFER_ACCEPT on a listener that has no such setting. Without both,
    Linux on loopback shows silent SYN drops and steps of 1 s instead of resets.
    Go straight at the target (``lane: direct``): a full queue stalls Toxiproxy's only accept loop.
    Evidence: ListenOverflows, ListenDrops and EmbryonicRsts of our own namespace; elsewhere the listener's own drops.
    """

    size: int
    where: Literal["live", "live+config"] = "live"
    abort: Literal["auto", "never"] = "auto"
    defer: bool = False

    name: ClassVar[str] = "backlog"
    help: ClassVar[str] = "shrinks the accept queue of the running listener, optionally in the configuration too"
    needs: ClassVar[frozenset[Need]] = frozenset({"pid"})

    @property
    def symptom(self) -> Symptom:
        return Symptom("hang", share=0.8, classes=frozenset({"fresh"}))  # measured: 53–84 % of fresh connections

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {"backlog": self.size} if self.where == "live+config" else {}

    def evidence(self, place: Place) -> Counters:
        if place.own_network:
            counters = place.net_counters()
            return {name: counters[name] for name in _COUNTED}
        return {"listener drops": place.target.listen_drops()}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        before = place.target.backlog()
        with self._aborting(place):
            try:
                self._resize(place, self.size)
                live = f"backlog {before}→{place.target.backlog()}"
                how = "configured and live" if self.leaves else "live"
                yield f"{live}, {how} (pid {place.target.pid})"
            finally:
                self._put_back(place, before)

    def _resize(self, place: Place, size: int) -> None:
        with place.target.listener() as listener:
            if self.defer:
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
            listener.listen(size)

    def _put_back(self, place: Place, before: int) -> None:
        try:
            with place.target.listener() as listener:
                if self.defer:
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 0)
                listener.listen(before)
        except ProcessLookupError:
            pass  # the process went, and its accept queue with it: there is nothing to put back

    @contextmanager
    def _aborting(self, place: Place) -> Iterator[None]:
        if self.abort == "never" or not place.own_network:
            yield
            return
        sysctl = place.proc / _SYSCTL
        before = sysctl.read_text()
        sysctl.write_text("1")
        try:
            yield
        finally:
            sysctl.write_text(before)
