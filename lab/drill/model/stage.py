"""One stretch of a drill, and how long its parts take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from lab.drill.model.alarms import Alarms
from lab.drill.model.load import Load
from lab.drill.model.measure import Measure, Respond
from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import UNTIL_RECOVERED, Lasts, PerSecond, Seconds

Lane = Literal["proxy", "direct"]

SHORTEST_BASELINE_S = 4.0
"""0 bad of 400 leaves an upper bound of 0.92 %, just under the floor of what a baseline may be taken for."""
SHORTEST_COOL_S = 3.0
LONGEST_PERIOD_S = 0.1
"""Of what asks again and again in every stage. The fault comes at a moment of it that the seed draws: trials that all met the
pollers at the same one would repeat one delay, and call it their spread."""
GOOD_TO_CONFIRM = 100
"""Good requests, without a bad one among them, that confirm a recovery; it follows from the judge's mirror fold."""


@dataclass(frozen=True, kw_only=True)
class Probe(FileNoun):
    """The instrument: an open-model stream at ``rate``, half on fresh connections, half on ``kept`` ones.

    A request is given up, and known to be bad, when its connection is not up by ``connect`` or its answer not
    there by ``slow``, both counted from when it was due.
    """

    rate: PerSecond = 100.0
    request: str = "order"
    connect: Seconds = 0.25
    slow: Seconds = 1.0
    kept: int = 16


@dataclass(frozen=True, kw_only=True)
class Budgets(FileNoun):
    """What the stage must keep; None is not judged. ``detect`` and ``recover`` in seconds, see docs/definitions.md."""

    detect: Seconds | None = None
    recover: Seconds | None = None
    bad_seconds: Seconds | None = None


@dataclass(frozen=True, kw_only=True)
class Kernel(FileNoun):
    """Settings of the kernel's network, of the room's own namespace and of no other; None is as the kernel has it."""

    tcp_abort_on_overflow: Literal[0, 1] | None = None

    @property
    def given(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if value is not None}


Thresholds = Mapping[str, tuple[str | Mapping[str, Scalar], ...]]
"""By selector of a metric: expressions in k6's syntax, as written; ``lab.drill.thresholds`` reads them."""


@dataclass(frozen=True)
class FaultCall:
    """Which fault with which parameters, already validated against the fault's own dataclass."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stage(FileNoun):
    """One stretch of a drill: load, lane, probe, at most one fault, how it ends, measures in force, budgets.

    ``judge: load`` makes it a load test: no baseline, no detector, only the users' own requests count; it ends with its
    load. ``thresholds`` hold for the requests of this stage.
    """

    stage: str
    judge: Literal["probe", "load"] = "probe"
    lane: Lane = "direct"
    target: Mapping[str, Scalar] = field(default_factory=dict)
    kernel: Kernel = field(default_factory=Kernel)
    load: Load | None = None
    probe: Probe = field(default_factory=Probe)
    fault: FaultCall | None = None
    lasts: Lasts = 3.0
    measures: Mapping[str, Measure] = field(default_factory=dict)
    alarm: Alarms | None = None
    within: Budgets = field(default_factory=Budgets)
    thresholds: Thresholds = field(default_factory=dict)
    rest: Seconds = 0.0
    settle: Seconds = 0.5
    baseline: Seconds = SHORTEST_BASELINE_S
    cool: Seconds = SHORTEST_COOL_S

    @property
    def until_recovered(self) -> bool:
        return self.lasts == UNTIL_RECOVERED

    @property
    def is_load_test(self) -> bool:
        return self.judge == "load"

    @property
    def load_s(self) -> float:
        """The longest that a load test can take: its load with all its grace, or ``lasts`` where that has no end."""
        length_s = self.load.length_s if self.load else None
        return self.lasts if length_s is None or self.load is None else length_s + self.load.graceful_stop

    @property
    def class_rate(self) -> float:
        """Requests per second of one connection class of the probe."""
        return self.probe.rate / 2

    @property
    def confirm_s(self) -> float:
        """How long a recovery at the very deadline needs to be confirmed: 100 good of a class, the slowest, a margin."""
        return GOOD_TO_CONFIRM / self.class_rate + self.probe.slow + 0.5

    @property
    def deadline_s(self) -> float:
        """Longest time that a fault may stand in ``until recovered``, from the injection."""
        return (self.within.recover or 10.0) + self.confirm_s

    @property
    def shortest_cool_s(self) -> float:
        """Watched after the heal in any case."""
        return max(self.cool, SHORTEST_COOL_S)

    @property
    def cool_s(self) -> float:
        """Watched after the heal: never shorter than a recovery at its deadline needs to be confirmed."""
        return max(self.shortest_cool_s, 0.0 if self.until_recovered else (self.within.recover or 1.0) + self.confirm_s)

    @property
    def baseline_s(self) -> float:
        """From load's start to the injection: settling, the baseline, and ``slow`` more that is not baseline."""
        return self.settle + max(self.baseline, SHORTEST_BASELINE_S) + self.probe.slow

    @property
    def longest_period_s(self) -> float:
        """Of all that looks at the target from time to time."""
        return max(LONGEST_PERIOD_S, self.alarm.health.every if self.alarm and self.alarm.health else 0.0)

    @property
    def fault_s(self) -> float:
        """The longest that the fault can stand."""
        return self.deadline_s if self.until_recovered else self.lasts

    @property
    def planned_requests(self) -> int:
        """N: probe requests of the longest possible rest of the stage after its baseline; fixed before it starts."""
        if self.is_load_test:
            return round(self.probe.rate * self.load_s)
        return round(self.probe.rate * (self.probe.slow + self.longest_period_s + self.fault_s + self.cool_s))

    @property
    def respond(self) -> tuple[Respond, ...]:
        """Every rule of the measures in force."""
        return tuple(rule for measure in self.measures.values() for rule in measure.respond)

    @property
    def measure_settings(self) -> dict[str, Scalar]:
        """Settings of the measures in force; they win over the target's and the fault's."""
        return {name: value for measure in self.measures.values() for name, value in measure.target.items()}
