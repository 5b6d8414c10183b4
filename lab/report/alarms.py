"""Which alarm told first, and by how much each led or lagged the first bad request: one line where there are several rules."""

from __future__ import annotations

from collections.abc import Iterator

from lab.judge.verdict import AlarmFigures, StageVerdict
from lab.report.line import ReportLine
from lab.report.quantities import duration, several

ENOUGH = 2
"""One rule alone is told in the story of the stage, which a load test has not; several are compared."""


def alarm_lines(verdict: StageVerdict) -> Iterator[ReportLine]:
    """Earliest first: ``queue 510 ms before the first bad request``, ``errors 130 ms after it``, ``never: overflows``."""
    raised = [each for each in verdict.alarms if each.raised_s is not None]
    told_elsewhere = verdict.load is None and len(verdict.alarms) < ENOUGH
    if told_elsewhere or not raised:
        return
    never = ", ".join(each.alarm for each in verdict.alarms if each.raised_s is None)
    led = [_led(each, first=index == 0) for index, each in enumerate(raised)]
    yield ReportLine("alarms", (*led, *([f"never: {never}"] if never else [])))


def _led(figures: AlarmFigures, *, first: bool) -> str:
    again = f" ({several(figures.raised, 'time')})" if figures.raised > 1 else ""
    if figures.lead_s is None:
        return f"{figures.alarm}{again}{', no request was bad' if first else ''}"
    bad = "the first bad request" if first else "it"
    side = f"{duration(abs(figures.lead_s))} {'before' if figures.lead_s > 0 else 'after'}" if figures.lead_s else "with"
    return f"{figures.alarm}{again} {side} {bad}"
