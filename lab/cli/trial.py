"""One run of a drill, from its choices to its verdict, told on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lab.cli import reading
from lab.cli.exits import Exit
from lab.cli.say import data_to_reader, progress, refuse
from lab.drill.model import Drill, RunPlan
from lab.history.model.history import History
from lab.judge.judge import judge
from lab.judge.verdict import Verdict
from lab.run import control
from lab.run.interrupts import Interrupts
from lab.run.prepare import Choices, prepare


@dataclass(frozen=True, eq=False)
class Finished:
    history: History
    verdict: Verdict
    ended: control.Ended

    @property
    def exit(self) -> int:
        """The verdict's, or what a shell says of a signal: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.ended.signal if self.ended.signal else self.verdict.exit


def run(drill: Drill, choices: Choices, out: Path, *, report: bool) -> Finished:
    """Carries out, judges, stores and (``report``) prints. Exits 2 where nothing could be started."""
    from lab.cli.live import Display

    plan, run_dir = _prepared(drill, choices, out)
    with Display(plan) as display:
        ended = control.carry_out(run_dir, plan, display.on_event)
    return _judged(ended, report=report)


def run_beside(drills: Iterable[tuple[Drill, Choices]], out: Path, at_a_time: int) -> list[Finished]:
    """So many at a time, each in a room of its own, judged when all have ended: nobody computes beside what is measured.

    ``drills`` is drawn from whenever there is room; after Ctrl-C no more, so that fewer come back. Exits 2 where one could not
    be started; those beside it end with the lab.
    """
    return [_judged(each, report=False) for each in control.carry_out_beside(_planned(drills, out), at_a_time)]


def _planned(drills: Iterable[tuple[Drill, Choices]], out: Path) -> Iterator[control.Planned]:
    for drill, choices in drills:
        plan, run_dir = _prepared(drill, choices, out)
        yield control.Planned(run_dir, plan, lambda _event: None)


def _judged(ended: control.Ended, *, report: bool) -> Finished:
    """What was recorded, judged, stored and told; without a report it is one of several. Ctrl-C meanwhile ends nothing half
    way: it is the run's signal."""
    from lab.cli.printing import last_line, print_report

    with Interrupts() as meanwhile:
        history = reading.history(ended.run_dir, Exit.UNKNOWN)
        verdict = judge(history)
        unkept = control.keep(ended.run_dir, verdict, parquet=not ended.signal)
    finished = Finished(history, verdict, replace(ended, signal=ended.signal or next(iter(meanwhile.signals), 0)))
    if report:
        with data_to_reader():
            print_report(finished.history, finished.verdict)
    for trouble in filter(None, (ended.problem, unkept)):
        progress(f"error: {trouble}")
    progress(last_line(finished.verdict, "latest" if report else str(ended.run_dir)))
    return finished


def _prepared(drill: Drill, choices: Choices, out: Path) -> tuple[RunPlan, Path]:
    from lab import catalogue, toxiproxy_binary
    from lab.drill.secrets import SecretMissing
    from lab.run.prepare import Refused

    try:
        plan = prepare(drill, choices, catalogue.faults(), progress)
        return plan, control.new_run_dir(out, plan)
    except Refused as error:
        what, _, hint = str(error).partition("\nhint: ")
        refuse(what, hint)
    except toxiproxy_binary.NotFound as error:
        refuse(str(error))
    except SecretMissing as error:
        refuse(str(error), "set it where lab is started; the drill file and the run directory never hold its value")
    except OSError as error:
        refuse(f"the run directory cannot be made: {error.strerror}: {error.filename or out}", "--out DIR")


def summary(runs: list[Finished]) -> str:
    """Of several trials, for people."""
    from lab.report.trials import over_trials

    return over_trials([run.verdict for run in runs])


def as_json(runs: list[Finished], code: int) -> str:
    """One object on stdout: the verdict, or, of several trials, all of them."""
    import json

    if len(runs) == 1:
        return runs[0].verdict.to_json()
    trials = [json.loads(run.verdict.to_json()) for run in runs]
    return json.dumps({"exit": code, "trials": trials}, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
