"""Connections are reset on the wire, by Toxiproxy, before or after the target has done the work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal

from lab.fault import Counters, Need, Place, Scalar, Symptom

_TOXIC = "lab_reset_peer"


@dataclass(frozen=True, kw_only=True)
class ResetPeer:
    """Toxiproxy closes connections with a RST as soon as data flows in the chosen direction.

    ``lost: request`` (upstream) resets before the target has seen the request; ``lost: reply`` (downstream) after it
    has done the work, so the order may be stored and the client does not know: the case for idempotency keys.
    A connection that was open before the injection may see an ordinary close (FIN) instead of a RST, because
    Toxiproxy sets SO_LINGER 0 only when a connection opens; both are bad, and counted apart (``reset``, ``closed``).
    No time-out is set on the toxic: removing one that sleeps would block until it has woken up.
    Evidence: OutRsts, the RSTs that the network namespace has sent (in ``open``, those of the whole machine). Under the
    toxic an ordinary close sends one too, so the counter alone is no proof: the probe must have felt it as well.
    """

    lost: Literal["request", "reply"] = "reply"

    name: ClassVar[str] = "reset_peer"
    help: ClassVar[str] = "resets connections on the wire, before (lost: request) or after (lost: reply) the work"
    needs: ClassVar[frozenset[Need]] = frozenset({"proxy"})

    @property
    def symptom(self) -> Symptom:
        return Symptom("reset", on="wire", after_commit=self.lost == "reply")

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {}

    def evidence(self, place: Place) -> Counters:
        return {"OutRsts": place.net_counters()["OutRsts"]}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        if place.toxics is None:
            raise RuntimeError("reset_peer needs the proxy lane: write `lane: proxy` in the stage")
        stream: Literal["upstream", "downstream"] = "upstream" if self.lost == "request" else "downstream"
        try:
            await place.toxics.add(_TOXIC, "reset_peer", stream, {"timeout": 0})
            yield f"reset_peer, {self.lost} lost"
        finally:
            await place.toxics.remove(_TOXIC)
