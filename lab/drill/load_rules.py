"""What must hold within a load, whoever asks: the reader of a drill, and the executors that carry the load out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields

from lab.drill.model import Executor, Load
from lab.drill.problems import Finding

MOST_VUS = 65_536
"""The VU of a request row has 16 bits, and VUs count from 0."""
OWN: Mapping[Executor, frozenset[str]] = {
    "shared-iterations": frozenset({"vus", "iterations", "max_duration"}),
    "per-vu-iterations": frozenset({"vus", "iterations", "max_duration"}),
    "constant-vus": frozenset({"vus", "duration"}),
    "ramping-vus": frozenset({"start_vus", "ramp", "graceful_ramp_down"}),
    "constant-arrival-rate": frozenset({"vus", "max_vus", "rate", "duration"}),
    "ramping-arrival-rate": frozenset({"vus", "max_vus", "start_rate", "ramp"}),
    "k6": frozenset({"k6", "duration"}),
}
"""What each executor reads that not all of its kind read."""
OF_WAITING_USERS = frozenset({"pause_after_error", "jitter"})
"""What closed loops read besides: an arrival waits for nobody's pause."""
OF_OUR_ENGINE = frozenset({"start_time", "request", "python", "connections", "round_trip", "connect_timeout", "timeout"})
"""What every executor reads but k6, whose script decides."""


_defaults = {field.name: field.default if field.default_factory is MISSING else field.default_factory() for field in fields(Load)}


def broken(load: Load) -> Iterator[Finding]:
    """Everything that is wrong with ``load``; paths begin at the load (``("vus",)``)."""
    yield from _foreign(load)
    if load.executor == "k6" and load.python is not None:
        yield Finding(("python",), "python beside k6", "one of them")
    if load.executor == "k6" and not load.k6:
        yield Finding(("k6",), "executor k6 without a script", "k6: shop.js", about=(("executor",),))
    if not 1 <= load.most_vus <= MOST_VUS:
        at = "ramp" if load.executor == "ramping-vus" else "vus"
        yield Finding((at,), f"{load.most_vus} vus", f"1 to {MOST_VUS}")
    # a weight of 0 is a request switched off by --set; somebody must still ask something
    if not load.scripted and not load.request:
        yield Finding(("request",), "a load without a request", "request: order, or weights: {order: 2, coupon: 1}")
    elif load.scripted and load.request:
        yield Finding(("request",), "requests beside a script", "one of them: the script says what it asks")
    elif load.request and (min(load.request.values()) < 0 or sum(load.request.values()) == 0):
        yield Finding(("request",), "the requests weigh nothing", "weights of at least 0, one of them above")
    yield from _times(load)
    yield from _iterations(load)
    yield from _arrivals(load)
    yield from _ramps(load)


def reads(executor: Executor) -> frozenset[str]:
    """Every field that changes something under this executor."""
    if executor == "k6":
        return OWN[executor] | {"graceful_stop"}
    waiting = OF_WAITING_USERS if Load(executor=executor).closed else frozenset[str]()
    return OWN[executor] | OF_OUR_ENGINE | waiting | {"graceful_stop"}


def _foreign(load: Load) -> Iterator[Finding]:
    """What another executor would read, and this one would silently not."""
    told_below = {"executor", "request", "python"}
    for name in (field.name for field in fields(Load) if field.name not in reads(load.executor) | told_below):
        if getattr(load, name) != _defaults[name]:
            readers = " or ".join(each for each in OWN if name in reads(each))
            expected = "no such key: the script decides" if load.executor == "k6" else f"executor: {readers}"
            yield Finding((name,), f"{name} is not read by {load.executor}", expected, about=(("executor",),))


def _times(load: Load) -> Iterator[Finding]:
    for field in ("connect_timeout", "timeout", "max_duration", "duration"):
        value = getattr(load, field)
        if value is not None and value <= 0:
            yield Finding((field,), f"{field} of {value:g} s", "more than 0s")
    for field in ("pause_after_error", "start_time", "graceful_stop", "graceful_ramp_down"):
        if getattr(load, field) < 0:
            yield Finding((field,), f"{field} of {getattr(load, field):g} s", "0s or more")
    if not 0 <= load.jitter <= 1:
        yield Finding(("jitter",), f"jitter of {load.jitter:.0%}", "0% to 100%")


def _iterations(load: Load) -> Iterator[Finding]:
    least = {"shared-iterations": load.vus, "per-vu-iterations": 1}.get(load.executor)
    if least is not None and (load.iterations is None or load.iterations < least):
        what = f"{load.executor} of {load.iterations or 'no'} iterations for {load.vus} vus"
        yield Finding(("iterations",), what, "at least one for each", about=(("vus",), ("executor",)))


def _arrivals(load: Load) -> Iterator[Finding]:
    if load.executor == "constant-arrival-rate" and not load.rate:
        yield Finding(("rate",), "constant-arrival-rate without a rate", "rate: 100/s", about=(("executor",),))
    if load.max_vus is not None and load.max_vus < load.vus:
        yield Finding(("max_vus",), f"max_vus {load.max_vus} under vus {load.vus}", "as many or more", about=(("vus",),))


def _ramps(load: Load) -> Iterator[Finding]:
    if not load.executor.startswith("ramping"):
        return
    if not load.ramp or sum(ramp.over for ramp in load.ramp) <= 0:
        yield Finding(("ramp",), f"{load.executor} without a ramp", "ramp: [{30s: 300}, …]", about=(("executor",),))
    for index, ramp in enumerate(load.ramp):
        if load.executor == "ramping-vus" and ramp.to != round(ramp.to):
            yield Finding(("ramp", index), f"{ramp.to:g} users", "a whole number")
    if load.start_vus < 0:
        yield Finding(("start_vus",), f"{load.start_vus} start_vus", "0 or more")
