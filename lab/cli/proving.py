"""What ``lab prove`` does when it runs: every arm of every claim, the table, the record beside the document."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab
from lab.cli import reading
from lab.cli.exits import Exit
from lab.cli.say import data_to_reader, progress, refuse, today
from lab.cli.trial import Finished, run, run_beside
from lab.drill.model import Drill, Stage
from lab.history import store
from lab.prove.claims import Claim
from lab.prove.outcome import Outcome, outcome
from lab.prove.plan import Setting, Trial, again, alone, arms, grouped, is_light, longest_s, settings, spared_with, trials
from lab.prove.record import Circumstances, Sources, digest, read, record, stale
from lab.prove.ruling import Proof, prove
from lab.report.proof import proof_markdown, proof_table
from lab.run.prepare import Choices, Runtime

MOST = 2
"""Times the planned trials of an arm: one that says nothing (the machine was busy) is run again, at the end."""
Runs = Mapping[Setting, Sequence[Finished]]


@dataclass(frozen=True)
class Proving:
    """``rounds`` trials of each arm; ``expires``: of the record, empty for never; ``untried``: claims of the document that are
    left out."""

    document: str
    claims: tuple[Claim, ...]
    expires: str
    rounds: int
    seed: int
    runtime: Runtime | None
    out: Path
    at_a_time: int = 1
    """Light trials that run beside each other; 1 where they are not in a sandbox each."""
    untried: int = 0

    def drills(self) -> dict[Setting, Drill]:
        """As they will be run. Exits 2 with every problem of a drill, a patch or a measure."""
        return {each: alone(reading.drill(each.drill, each.patches, each.without), each.stage) for each in settings(self.claims)}

    def groups(self, drills: Mapping[Setting, Drill], planned: Sequence[Trial]) -> list[tuple[Trial, ...]]:
        """Which of them run beside each other."""
        return grouped(
            planned,
            light=lambda setting: self.at_a_time > 1 and is_light(drills[setting]),
            length_s=lambda setting: _longest_s(drills[setting]),
        )

    def sources(self, drills: Mapping[Setting, Drill]) -> Sources:
        return Sources(digest(self.document), {str(each): digest(store.dump_drill(drill)) for each, drill in drills.items()})


def dry_run(of: Proving) -> str:
    """Arms, trials and the longest time that they can take, but for those that say nothing and are run again."""
    drills = of.drills()
    lines = [f"{of.rounds} × {setting}: {_longest_s(drill):.0f} s at most" for setting, drill in drills.items()]
    planned = trials(of.claims, rounds=of.rounds, seed=of.seed)
    groups_s = [[_longest_s(drills[trial.setting]) for trial in group] for group in of.groups(drills, planned)]
    whole_s = sum(longest_s(each_s, of.at_a_time) for each_s in groups_s)
    claims = f"{len(of.claims)} claim{'s' if len(of.claims) > 1 else ''}"
    beside = f", light ones {of.at_a_time} at a time" if of.at_a_time > 1 else ""
    return "\n".join(
        [*lines, f"{claims}, {len(planned)} trials{beside}: {whole_s / 60:.0f} min at most, and what has to be run again"]
    )


def _longest_s(drill: Drill) -> float:
    return drill.target.boot + drill.target.warmup + sum(each.rest + _watched_s(each) for each in drill.stages)


def _watched_s(stage: Stage) -> float:
    if stage.is_load_test:
        return stage.load_s
    return stage.baseline_s + stage.fault_s + (stage.cool_s if stage.fault else 0.0)


def prove_and_record(of: Proving, document: Path, *, whole: bool) -> int:
    """Prints the table, and writes the record beside the document where ``whole``: every claim, with all of its trials."""
    proofs, text, code = carry_out(of)
    with data_to_reader():
        print(proof_table(proofs))
        if not text:
            print("interrupted: no proof; above is what had run by then")
    if text and whole:
        try:
            _write(document, text, proofs)
        except OSError as error:
            progress(f"error: the record cannot be written: {error.filename}: {error.strerror}")
            return Exit.UNKNOWN
    elif text:
        progress("no record: a record is of every claim, with all of its trials")
    else:
        progress("no record: the proof was interrupted")
    return code


def _write(document: Path, text: str, proofs: Sequence[Proof]) -> None:
    record_path(document).write_text(text, encoding="utf-8")
    table = "\n".join([f"# {document.name}: what was proved", "", *proof_markdown(proofs), ""])
    record_path(document).with_suffix(".md").write_text(table, encoding="utf-8")
    progress(f"record: {record_path(document)}")


def record_path(document: Path) -> Path:
    """``conn-reset.md`` → ``conn-reset.record.json``; the table beside it is ``conn-reset.record.md``."""
    return document.with_suffix(".record.json")


def check(of: Proving, document: Path) -> int:
    """Does the record still stand? Exits 2 where there is none, or one that was edited by hand."""
    path = record_path(document)
    try:
        found = read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        refuse(f"{path}: no record", f"lab prove {document}; with --dry-run it says how long that takes")
    except OSError as error:
        refuse(f"{path}: {error.strerror}")
    except ValueError as error:
        refuse(f"{path}: {error}", f"lab prove {document}")
    why = stale(found, of.sources(of.drills()), today().isoformat())
    for each in why:
        progress(f"{path}: stale: {each}")
    with data_to_reader():
        print(f"{path}: {'stale' if why else 'stands'}, of {found['date']}; {_counted(found)}")
    return Exit.FAIL if why else Exit.PASS


def _counted(found: Mapping[str, Any]) -> str:
    results = Counter(claim["result"] for claim in found["claims"])
    return ", ".join(f"{count} {result}" for result, count in results.items())


def carry_out(of: Proving) -> tuple[list[Proof], str, int]:
    """(proofs, record, exit code). After Ctrl-C the proofs are of what ran, and the record is empty: there is none."""
    drills = of.drills()
    found, signal = _tried(of, drills)
    proofs = _proofs(of, found)
    if signal:
        return proofs, "", 128 + signal
    runs = {setting: [str(each.ended.run_dir) for each in finished] for setting, finished in found.items()}
    circumstances = Circumstances(lab.__version__, today().isoformat(), of.expires, of.seed)
    return proofs, record(proofs, runs, of.sources(drills), circumstances), _exit(proofs)


def _tried(of: Proving, drills: Mapping[Setting, Drill]) -> tuple[Runs, int]:
    """The runs of each setting; the number of the signal that ended them early, 0 where none did."""
    found: dict[Setting, list[Finished]] = defaultdict(list)
    planned = trials(of.claims, rounds=of.rounds, seed=of.seed)
    todo = of.groups(drills, planned)
    begun, known = 0, len(planned)
    for group in todo:
        runs = _run(of, _told(group, begun, known), len(group), drills)
        begun += len(group)
        for trial, finished in zip(group, runs, strict=False):  # after Ctrl-C there are fewer
            found[trial.setting].append(finished)
            if _says_nothing(of, trial.setting, finished) and len(found[trial.setting]) < MOST * of.rounds:
                todo.append((again(trial, of.rounds),))  # alone
                known += 1
        if signal := max(finished.ended.signal for finished in runs):
            return found, signal
    return found, 0


def _told(group: Sequence[Trial], before: int, known: int) -> Iterator[Trial]:
    """Each is told of when it is drawn, which is when it begins."""
    for number, trial in enumerate(group, before + 1):
        progress(f"trial {number} of {known}: {trial.setting}")
        yield trial


def _says_nothing(of: Proving, setting: Setting, finished: Finished) -> bool:
    """To any of the claims that look at it."""
    outcomes = (
        outcome(finished.verdict, claim.stage, prevents=with_ == spared_with(claim))
        for claim in of.claims
        for with_, each in enumerate(arms(claim))
        if each == setting
    )
    return all(each.unknown and each.landed for each in outcomes)  # one that did not land decides: it is not asked again


def _run(of: Proving, group: Iterator[Trial], count: int, drills: Mapping[Setting, Drill]) -> list[Finished]:
    chosen = ((drills[trial.setting], _choices(of, trial)) for trial in group)
    if count > 1:
        return run_beside(chosen, of.out, of.at_a_time)
    return [run(drill, choices, of.out, report=False) for drill, choices in chosen]


def _choices(of: Proving, trial: Trial) -> Choices:
    return Choices(of.runtime, seed=trial.seed, without=trial.setting.without, patches=trial.setting.patches)


def _proofs(of: Proving, found: Runs) -> list[Proof]:
    return prove({claim.id: _arms(claim, found) for claim in of.claims}, of.claims, untried=of.untried)


def _arms(claim: Claim, found: Runs) -> tuple[list[Outcome], list[Outcome]]:
    without, with_ = (
        [outcome(each.verdict, claim.stage, prevents=with_ == spared_with(claim)) for each in found.get(setting, ())]
        for with_, setting in enumerate(arms(claim))
    )
    return without, with_


def _exit(proofs: Sequence[Proof]) -> int:
    """A result that is not what the document says is a failure of the document; one that is inconclusive says nothing."""
    if any(proof.result != "inconclusive" and not proof.as_expected for proof in proofs):
        return Exit.FAIL
    return Exit.UNKNOWN if any(proof.result == "inconclusive" for proof in proofs) else Exit.PASS
