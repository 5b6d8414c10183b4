"""Whole drills in virtual time: a drill as text in, its history and verdict out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab import catalogue
from lab.drill.model import RunPlan
from lab.drill.patches import resolve
from lab.history import store
from lab.history.model.history import History
from lab.judge.judge import judge
from lab.judge.verdict import StageVerdict, Verdict
from lab.run import control, fake_run
from lab.run.prepare import Choices, prepare
from lab.runtimes.fake import Traits


@dataclass(frozen=True, eq=False)
class Played:
    run_dir: Path
    plan: RunPlan
    history: History
    verdict: Verdict

    @property
    def stage(self) -> StageVerdict:
        """Of the drill's last stage."""
        return self.verdict.stages[-1]


def play(
    root: Path,
    drill: str,
    *,
    without: tuple[str, ...] = (),
    patches: tuple[str, ...] = (),
    seed: int = 7,
    traits: Traits | None = None,
) -> Played:
    """Runs a drill, by name or path, in the fake room under ``root``, and judges it."""
    resolved = resolve(catalogue.read_drill(drill, patches), without)
    plan = prepare(resolved, Choices(runtime="fake", seed=seed, without=without), catalogue.faults(), print)
    run_dir = control.new_run_dir(root, plan)
    fake_run.run(run_dir, plan, traits)
    history = store.read_history(run_dir)
    return Played(run_dir, plan, history, judge(history))
