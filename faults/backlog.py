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
_DEFER = (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT)


@dataclass(frozen=True)
class _Listener:
    pid: int
    backlog: int
    defer_s: int


def _read(place: Place) -> _Listener:
    with place.target.listener() as listener:
        return _Listener(place.target.pid, place.target.backlog(), listener.getsockopt(*_DEFER))


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Resizes the accept queue of the listener that runs: ``listen(fd, size)`` on a duplicate of its file descriptor.

    ``size`` is the new limit; the kernel holds one connection more, and never more than net.core.somaxconn.
    ``where: live`` lasts until the next start; ``live+config`` also stays in the target's configuration (its setting
    ``backlog``), so a restart alone brings it back. ``abort: auto`` sets tcp_abort_on_overflow in a network namespace
    of our own (never on the machine, even as root); ``defer`` sets TCP_DEFER_ACCEPT on a listener that has no such
    setting. Without both, Linux on loopback shows silent SYN drops and steps of 1 s instead of resets.
    Go straight at the target (``lane: direct``): a full queue stalls Toxiproxy's only accept loop.
    Evidence: ListenOverflows, ListenDrops and EmbryonicRsts of our own namespace; elsewhere the listener's own drops, less the
    deferred ACKs that the kernel counts among them.
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
        return Symptom(
            "hang", share=0.8, classes=frozenset({"fresh"}), setting="backlog"
        )  # measured: 53–84 % of fresh connections

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {"backlog": self.size} if self.where == "live+config" else {}

    def evidence(self, place: Place) -> Counters:
        if place.own_network:
            counters = place.net_counters()
            return {name: counters[name] for name in _COUNTED}
        # a deferred ACK (TCP_DEFER_ACCEPT) counts among a listener's drops, and is none; others' only make this smaller
        return {"listener drops": place.target.listen_drops() - place.net_counters()["TCPDeferAcceptDrop"]}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        before = _read(place)
        with self._aborting(place):
            made = before.backlog
            try:
                made = self._resize(place)
                live = f"backlog {before.backlog}→{place.target.backlog()}"
                how = "configured and live" if self.leaves else "live"
                yield f"{live}, {how} (pid {before.pid})"
            finally:
                self._put_back(place, before, made)

    def _resize(self, place: Place) -> int:
        """What came of it: the kernel may have taken less."""
        with place.target.listener() as listener:
            if self.defer:
                listener.setsockopt(*_DEFER, 1)
            listener.listen(self.size)
        return place.target.backlog()

    def _put_back(self, place: Place, before: _Listener, made: int) -> None:
        """What was set meanwhile stays: by a process that was started with a setting of its own, or live, by a responder."""
        try:
            with place.target.listener() as listener:
                if place.target.backlog() == made:
                    listener.listen(before.backlog)
                if self.defer and place.target.pid == before.pid:
                    listener.setsockopt(*_DEFER, before.defer_s)
        except ProcessLookupError:
            pass  # the process went, and its accept queue with it, unless the lab holds that: then it is put back by now

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
