"""The nouns of a drill, as frozen data. A load test is a drill whose stages have no fault: one code path.

Field names are the keys of a drill file; times are seconds, rates per second, shares 0 to 1 (see ``units``).
Nothing here knows files, faults or processes: ``reader`` fills these, ``run`` obeys them, ``judge`` reads them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from lab.drill.units import UNTIL_RECOVERED, Lasts, Level, Limit, PerSecond, Seconds, Share, Within

Scalar = int | float | bool | str
Check = Literal["no_oversell", "no_lost_order", "no_duplicate_order"]
Lane = Literal["proxy", "direct"]

SHORTEST_BASELINE_S = 4.0
"""0 bad of 400 leaves an upper bound of 0.92 %, just under the floor of what a baseline may be taken for."""
SHORTEST_COOL_S = 3.0
GOOD_TO_CONFIRM = 100
"""Good requests, without a bad one among them, that confirm a recovery; it follows from the judge's mirror fold."""


class FileNoun:
    """Whatever is read from a file refuses keys that it does not know."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Request(FileNoun):
    """One HTTP request as a template. ``{uuid}``, ``{key}``, ``{vu}``, ``{iteration}`` are filled in for each one sent.

    ``key`` names where the client's key travels, so that the target's ledger can be matched with what clients saw.
    """

    post: str | None = None
    get: str | None = None
    json: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: tuple[int, ...] = (200,)
    key: str | None = None
    writes: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Target(FileNoun):
    """The service under test: a known one (``use``) or a ``command`` of the user's, started inside the room; or, with
    ``url`` (``http://127.0.0.1:8080``), one that runs already, which the lab asks and never starts or stops.

    ``command`` may hold ``{port}``, ``{python}`` and the name of any setting; ``settings`` also reach it as
    environment variables, ``env`` prefixed. ``ready`` is a path on the service port, unless ``health_port`` is set:
    then health, ledger and metrics are asked there, because a check through a full service port kills healthy processes.
    ``metrics``: a page in Prometheus's format with a JVM's memory; without it jstat is asked, where it is. ``collect``: so
    often a JVM is told to collect its whole heap while a load test runs, so that what lives in it shows; needs jcmd.
    """

    use: str | None = None
    command: str | None = None
    url: str | None = None
    port: int | None = None
    health_port: bool = False
    ready: str = "/health"
    ledger: str | None = None
    metrics: str | None = None
    collect: Seconds | None = None
    boot: Seconds = 10.0
    warmup: Seconds = 0.0
    env: str = "TARGET_"
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    writes: bool = False
    help: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ErrorsAlarm(FileNoun):
    """Share of bad among the probe's known, punctual requests in a sliding window, without a break for ``for``."""

    above: Share
    over: Seconds
    for_: Seconds = 0.0
    at_least: int = 10


@dataclass(frozen=True, kw_only=True)
class DiedAlarm(FileNoun):
    """The target's process ended, seen by its pid file descriptor."""


@dataclass(frozen=True, kw_only=True)
class Alarms(FileNoun):
    """The alarm rules of a stage, by name."""

    errors: ErrorsAlarm | None = None
    died: DiedAlarm | None = None


AlarmName = Literal["errors", "died"]


@dataclass(frozen=True, kw_only=True)
class Respond(FileNoun):
    """On this alarm do that, at most ``limit``."""

    when: AlarmName
    do: Literal["restart", "nobody"]
    limit: Within = Limit(3, 60.0)


@dataclass(frozen=True, kw_only=True)
class Measure(FileNoun):
    """A named patch over a stage, in force unless ``--without NAME``. Settings win over the target's and the fault's."""

    respond: tuple[Respond, ...] = ()
    target: Mapping[str, Scalar] = field(default_factory=dict)


Executor = Literal[
    "shared-iterations", "per-vu-iterations", "constant-vus", "ramping-vus", "constant-arrival-rate", "ramping-arrival-rate", "k6"
]
"""The last is a script for the real k6, which has executors of its own."""
LONGEST_K6_S = 3600.0
"""A script that has not ended by then is ended, unless ``duration`` says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Ramp(FileNoun):
    """Within ``over`` in a straight line to ``to`` users, or iterations per second. A file writes ``{30s: 300}``."""

    over: Seconds
    to: Level


@dataclass(frozen=True, kw_only=True)
class Load(FileNoun):
    """The users. ``request`` names requests of the target with their weights.

    Executors and their words are k6's (docs/k6.md has the differences). Without a ``duration``, ``constant-vus`` and
    ``constant-arrival-rate`` run as long as their stage. ``vus`` of an arrival rate are those that are there from the
    start; ``max_vus`` (default: the same) how many there may be.
    """

    executor: Executor
    k6: str | None = None
    """Path of the script, from the working directory. A file writes ``load: {k6: shop.js}``, without an executor."""
    python: str | None = None
    """Path of a script with ``async def iteration(s)``, in place of ``request``."""
    vus: int = 1
    iterations: int | None = None
    max_duration: Seconds = 600.0
    duration: Seconds | None = None
    ramp: tuple[Ramp, ...] = ()
    start_vus: int = 1
    rate: PerSecond | None = None
    start_rate: Level = 0.0
    max_vus: int | None = None
    start_time: Seconds = 0.0
    graceful_stop: Seconds = 30.0
    graceful_ramp_down: Seconds = 30.0
    request: Mapping[str, int] = field(default_factory=dict)
    connections: Literal["kept", "fresh"] = "kept"
    connect_timeout: Seconds = 5.0
    timeout: Seconds = 5.0
    pause_after_error: Seconds = 0.1
    jitter: Share = 0.0

    @property
    def length_s(self) -> float | None:
        """From the load's begin until no iteration begins any more, at the latest; None: as long as its stage."""
        match self.executor:
            case "shared-iterations" | "per-vu-iterations":
                return self.start_time + self.max_duration
            case "ramping-vus" | "ramping-arrival-rate":
                return self.start_time + sum(ramp.over for ramp in self.ramp)
        if self.executor == "k6":
            return self.duration or LONGEST_K6_S
        return None if self.duration is None else self.start_time + self.duration

    @property
    def most_vus(self) -> int:
        """Users that there can be at a time."""
        if self.executor == "ramping-vus":
            return max(self.start_vus, *(round(ramp.to) for ramp in self.ramp)) if self.ramp else self.start_vus
        return max(self.vus, self.max_vus or 0)

    @property
    def closed(self) -> bool:
        """A user waits for its answer before it asks again: a slow service is asked less. Of a k6 script nobody knows."""
        return self.executor != "k6" and not self.executor.endswith("arrival-rate")


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
    def fault_s(self) -> float:
        """The longest that the fault can stand."""
        return self.deadline_s if self.until_recovered else self.lasts

    @property
    def planned_requests(self) -> int:
        """N: probe requests of the longest possible rest of the stage after its baseline; fixed before it starts."""
        if self.is_load_test:
            return round(self.probe.rate * self.load_s)
        return round(self.probe.rate * (self.probe.slow + self.fault_s + self.cool_s))

    @property
    def respond(self) -> tuple[Respond, ...]:
        """Every rule of the measures in force."""
        return tuple(rule for measure in self.measures.values() for rule in measure.respond)

    @property
    def measure_settings(self) -> dict[str, Scalar]:
        """Settings of the measures in force; they win over the target's and the fault's."""
        return {name: value for measure in self.measures.values() for name, value in measure.target.items()}


@dataclass(frozen=True, kw_only=True)
class Drill(FileNoun):
    """What shall happen, whole. The reader has put the drill's ``alarm`` into every stage that has none of its own."""

    drill: str
    about: str = ""
    target: Target
    checks: tuple[Check, ...] = ()
    alarm: Alarms = field(default_factory=Alarms)
    thresholds: Thresholds = field(default_factory=dict)
    """Of the requests of all stages."""
    scale: float = 1.0
    """Times of the loads were multiplied with this (``lab load --scale``); users were not."""
    stages: tuple[Stage, ...]
    allow: tuple[str, ...] = ()
    """Hosts outside loopback that load may go to, if the command line says so too (``--allow-host``)."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Stages that this machine cannot host, with the reason (``needs toxiproxy``); decided before the run."""


@dataclass(frozen=True, kw_only=True)
class RunPlan(FileNoun):
    """``drill.json``: the resolved drill and all that is fixed before the run; with rows and events it is all the judge needs."""

    drill: Drill
    without: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    """``--set``, as typed; they are in ``drill`` already."""
    runtime: Literal["sandbox", "open", "fake"]
    seed: int
    t0_ns: int
    epoch_ns: int
    definitions: int = 1
    planned: Mapping[str, int]
    lab: str
    shards: int = 1
    """Processes that share the users of each load."""
    toxiproxy: str | None = None
    toxiproxy_path: str | None = None
    k6_path: str | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
