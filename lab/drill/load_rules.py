"""What must hold within a load, whoever asks: the reader of a drill, and the executors that carry the load out."""

from __future__ import annotations

from collections.abc import Iterator

from lab.drill.model import Load
from lab.drill.problems import Finding

MOST_VUS = 65_536
"""The VU of a request row has 16 bits, and VUs count from 0."""


def broken(load: Load) -> Iterator[Finding]:
    """Everything that is wrong with ``load``; paths begin at the load (``("vus",)``)."""
    if not 1 <= load.vus <= MOST_VUS:
        yield Finding(("vus",), f"{load.vus} vus", f"1 to {MOST_VUS}")
    # a weight of 0 is a request switched off by --set; somebody must still ask something
    if min(load.request.values(), default=0) < 0 or sum(load.request.values()) == 0:
        yield Finding(("request",), "the requests weigh nothing", "weights of at least 0, one of them above")
    yield from _times(load)
    yield from _iterations(load)


def _times(load: Load) -> Iterator[Finding]:
    for field in ("connect_timeout", "timeout", "max_duration"):
        if getattr(load, field) <= 0:
            yield Finding((field,), f"{field} of {getattr(load, field):g} s", "more than 0s")
    if load.pause_after_error < 0:
        yield Finding(("pause_after_error",), f"pause_after_error of {load.pause_after_error:g} s", "0s or more")
    if not 0 <= load.jitter <= 1:
        yield Finding(("jitter",), f"jitter of {load.jitter:.0%}", "0% to 100%")


def _iterations(load: Load) -> Iterator[Finding]:
    shared = load.executor == "shared-iterations"
    if shared and (load.iterations is None or load.iterations < load.vus):
        what = f"shared-iterations of {load.iterations or 'no'} iterations for {load.vus} vus"
        yield Finding(("iterations",), what, "at least one for each", about=(("vus",), ("executor",)))
    if not shared and load.iterations is not None:
        expected = "executor: shared-iterations, or no iterations"
        yield Finding(("iterations",), f"iterations with {load.executor}", expected, about=(("executor",),))
