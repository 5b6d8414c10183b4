"""The nouns of a drill, as frozen data. A load test is a drill whose stages have no fault: one code path.

Field names are the keys of a drill file; times are seconds, rates per second, shares 0 to 1 (see ``units``).
Nothing here knows files, faults or processes: ``reader`` fills these, ``run`` obeys them, ``judge`` reads them again.
"""

from lab.drill.model.alarms import (
    SAMPLE_S,
    AlarmName,
    Alarms,
    ConnectionsAlarm,
    DiedAlarm,
    ErrorsAlarm,
    HealthAlarm,
    LatencyAlarm,
    OverflowsAlarm,
    QueueAlarm,
)
from lab.drill.model.drill import Check, Drill, RunPlan
from lab.drill.model.load import Executor, Load, Ramp
from lab.drill.model.measure import Deed, Do, Measure, Respond, Step, StepDo
from lab.drill.model.noun import Scalar
from lab.drill.model.stage import (
    GOOD_TO_CONFIRM,
    SHORTEST_BASELINE_S,
    Budgets,
    FaultCall,
    Kernel,
    Lane,
    Probe,
    Stage,
    Thresholds,
)
from lab.drill.model.target import Request, Target

__all__ = [
    "GOOD_TO_CONFIRM",
    "SAMPLE_S",
    "SHORTEST_BASELINE_S",
    "AlarmName",
    "Alarms",
    "Budgets",
    "Check",
    "ConnectionsAlarm",
    "Deed",
    "DiedAlarm",
    "Do",
    "Drill",
    "ErrorsAlarm",
    "Executor",
    "FaultCall",
    "HealthAlarm",
    "Kernel",
    "Lane",
    "LatencyAlarm",
    "Load",
    "Measure",
    "OverflowsAlarm",
    "Probe",
    "QueueAlarm",
    "Ramp",
    "Request",
    "Respond",
    "RunPlan",
    "Scalar",
    "Stage",
    "Step",
    "StepDo",
    "Target",
    "Thresholds",
]
