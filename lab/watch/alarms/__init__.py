"""Alarm rules: pure folds over what the probe knows and what the target's listener held. What a monitoring system would have
told people, and when.

An alarm is raised when its condition has held ``for`` without a break, and clears when the condition ends.
"""

from lab.watch.alarms.connections import ConnectionsRule
from lab.watch.alarms.errors import ErrorsRule
from lab.watch.alarms.health import HealthRule
from lab.watch.alarms.latency import LatencyRule
from lab.watch.alarms.overflows import OverflowsRule
from lab.watch.alarms.queue import QueueRule
from lab.watch.alarms.rules import Rules
from lab.watch.alarms.standing import Standing

__all__ = ["ConnectionsRule", "ErrorsRule", "HealthRule", "LatencyRule", "OverflowsRule", "QueueRule", "Rules", "Standing"]
