"""What a round found, and how it is kept in a file. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.recovery.trial import Trial
from lab.nanoseconds import NS_PER_MS


@dataclass
class Round:
    """``trials``: supervisor → fault → one after the other. The rest is of the lab alone; ``sample_ms``: how long the queue alarm
    keeps the loop each time; ``long_inherited``: many crashes in one run on a listener that the lab holds.
    """

    boot_ms: list[float] = field(default_factory=list)
    trials: dict[str, dict[str, list[Trial]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    noticed_ms: list[float] = field(default_factory=list)
    decided_ms: list[float] = field(default_factory=list)
    sample_ms: list[float] = field(default_factory=list)
    long_inherited: list[Trial] = field(default_factory=list)


def decided_ms(lines: str) -> list[float]:
    """Of each action of the responder: from when its alarm was raised to the decision, as the history has both."""
    raised: dict[str, int] = {}
    found = []
    for event in _events(lines):
        if event["kind"] == "alarm" and event["phase"] == "begin":
            raised[event["alarm"]] = event["t"]
        elif event["kind"] == "decide" and event["alarm"] in raised:
            found.append((event["t"] - raised.pop(event["alarm"])) / NS_PER_MS)
    return found


def noticed_ms(lines: str, alarm: str, faults_ns: Sequence[int]) -> list[float]:
    """From each fault to the first ``alarm`` after it: ``inf`` where none came. ``faults_ns``: on the history's clock."""
    raised = [
        event["t"]
        for event in _events(lines)
        if (event["kind"], event.get("phase")) == ("alarm", "begin") and event["alarm"] == alarm
    ]
    return [min(((t - fault) / NS_PER_MS for t in raised if t >= fault), default=math.inf) for fault in faults_ns]


def _events(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines(keepends=True) if line.endswith("\n")]


def to_json(heading: str, rounds: Sequence[Round]) -> str:
    """Never is written as null: JSON has no infinity."""
    return json.dumps({"heading": heading, "rounds": [_null(asdict(each)) for each in rounds]}, indent=1) + "\n"


def from_json(text: str) -> tuple[str, list[Round]]:
    """The inverse of :func:`to_json`."""
    values = json.loads(text)
    return values["heading"], [_round(each) for each in values["rounds"]]


def _null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _null(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_null(each) for each in value]
    return (None if value == math.inf else round(value, 3)) if isinstance(value, float) else value


def _round(values: dict[str, Any]) -> Round:
    trials = {name: {fault: _trials(each) for fault, each in faults.items()} for name, faults in values["trials"].items()}
    noticed = [math.inf if each is None else each for each in values["noticed_ms"]]
    return Round(**{**values, "trials": trials, "noticed_ms": noticed, "long_inherited": _trials(values["long_inherited"])})


def _trials(values: list[dict[str, Any]]) -> list[Trial]:
    return [Trial(**{**each, "recovery_ms": math.inf if each["recovery_ms"] is None else each["recovery_ms"]}) for each in values]
