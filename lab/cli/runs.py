"""``lab runs``: what is stored; open one, compare two, remove one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import typer

from lab.cli import names, reading
from lab.cli.say import refuse

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
OUT = typer.Option(reading.RUNS, "--out", help="Where runs are stored.")


def _verdict(run_dir: Path) -> dict[str, object]:
    path = run_dir / "verdict.json"
    if not path.is_file():
        return {"verdict": "not judged"}
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


def _how(run_dir: Path) -> str:
    """What tells two runs of a drill apart: ``sandbox · seed 7 · control arm: without auto-restart``."""
    from lab.history import store
    from lab.report.facts import arm

    try:
        plan = store.read_plan(run_dir)
    except (OSError, ValueError):
        return "its drill.json cannot be read"
    return " · ".join((plan.runtime, f"seed {plan.seed}", *arm(plan)))


@app.command("ls", help="The stored runs, newest first.")
def ls(out: Path = OUT) -> None:
    from lab.history import store

    for run_dir in store.list_runs(out):
        print(f"{_verdict(run_dir)['verdict']:<12} {run_dir.parent.name:<16} {run_dir.name}  {_how(run_dir)}")


@app.command("open", help="The report of a run, and where its files are.")
def open_run(run: str = typer.Argument("latest", autocompletion=names.runs), out: Path = OUT) -> None:
    from lab.cli.printing import print_report
    from lab.judge.judge import judge

    run_dir = reading.run_dir(run, out)
    history = reading.history(run_dir)
    print_report(history, judge(history))
    print(f"\nfiles in {run_dir}")
    for path in sorted(run_dir.rglob("*")):
        if path.is_file():
            print(f"  {path.relative_to(run_dir)}  {path.stat().st_size:,} bytes")


@app.command("diff", help="The figures of two runs side by side.")
def diff(first: str, second: str = typer.Argument("latest"), out: Path = OUT) -> None:
    from lab.judge.judge import judge
    from lab.report.diff import side_by_side

    runs = [reading.run_dir(name, out) for name in (first, second)]
    print(*(f"{which:<6} {run.name}  {_how(run)}" for which, run in zip(("first", "second"), runs, strict=True)), "", sep="\n")
    print(side_by_side(*(judge(reading.history(run)) for run in runs)))


@app.command("rm", help="Remove a stored run.")
def rm(run: str, out: Path = OUT) -> None:
    from lab.history import store

    run_dir = reading.run_dir(run, out)
    if not run_dir.is_relative_to(out.resolve()):
        refuse(f"{run_dir} is not under {out}: it is removed only by hand")
    shutil.rmtree(run_dir)
    latest, left = out / store.layout.LATEST, store.list_runs(out)
    if latest.is_symlink() and not latest.exists():
        latest.unlink()
        if left:
            latest.symlink_to(left[0].relative_to(out))
    print(f"removed {run_dir}")
