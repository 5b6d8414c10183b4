"""What must hold between the claims of a document and the drills that they name, one generator per rule.

Without it nothing could be run, so these are problems of the front matter, told at once with those of its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from lab.drill.model import Drill
from lab.drill.patches import resolve
from lab.drill.problems import DrillErrors, Finding, Path, Problem
from lab.drill.suggest import nearest, one_of
from lab.prove.claims import OF_LOAD_TESTS, Arm, Compare
from lab.prove.document import Incident
from lab.prove.front import Entry
from lab.prove.plan import alone, patches

ReadDrill = Callable[[str, Sequence[str]], Drill]
"""A drill by name, with patches. Raises LookupError, OSError or DrillErrors, as ``catalogue.read_drill`` does."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def broken(incident: Incident, read: ReadDrill) -> list[Problem]:
    """Everything that keeps the claims from being run, in the order of the document; of drill files that are wrong, last."""
    found: list[Finding] = []
    others: list[Problem] = []
    found += _identity(incident)
    for entry in incident.entries:
        found += _only_if(entry)
        findings, problems = _against_drill(entry, read)
        found += findings
        others += problems
    return list(dict.fromkeys(sorted(map(incident.place, found), key=lambda each: each.line) + others))


def _identity(incident: Incident) -> Iterator[Finding]:
    """An id becomes part of file names, and of ``--only ID``. Of claims that are wrong otherwise too."""
    first: dict[str, Path] = {}
    for name, at in incident.front.ids:
        if not _NAME.fullmatch(name):
            yield Finding(at, f"claim id {name!r}", "letters, digits, - and _, at most 64")
        if first.setdefault(name, at) != at:
            line = incident.place(Finding(first[name], "", "")).line
            yield Finding(at, f"claim id {name!r} stands twice", f"another: the first is in line {line}")


def _only_if(entry: Entry) -> Iterator[Finding]:
    claim = entry.claim
    if (claim.expect == "holds only if") != bool(claim.only_if):
        what = "without only_if" if claim.expect == "holds only if" else f"with only_if, but expect: {claim.expect}"
        yield _finding(entry, (), what, "expect: holds only if, and only_if: what it depends on")


def _against_drill(entry: Entry, read: ReadDrill) -> tuple[list[Finding], list[Problem]]:
    """What the claim says of its drill, then of its arms; nothing of the arms of a drill that cannot be read."""
    claim = entry.claim
    try:
        drill = read(claim.drill, ())
    except DrillErrors as errors:
        return [_finding(entry, ("drill",), f"drill {claim.drill!r} cannot be read", "a drill that is right")], [*errors.problems]
    except (LookupError, OSError, ValueError) as error:  # the last: a path with a zero byte
        return [_no_drill(entry, error)], []
    found = [*_stage(entry, drill), *_compare(entry, drill)]
    arms = [_arm(entry, "without", claim.without, read), _arm(entry, "with", claim.with_, read)]
    found += [finding for _, findings in arms for finding in findings]
    return found + list(_equal(entry, arms[0][0], arms[1][0])), []


def _no_drill(entry: Entry, error: Exception) -> Finding:
    said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
    what, _, expected = said.partition(": expected ")
    return _finding(entry, ("drill",), what, expected or "a drill (lab list)", getattr(error, "hint", ""))


def _stage(entry: Entry, drill: Drill) -> Iterator[Finding]:
    stage, names = entry.claim.stage, [each.stage for each in drill.stages]
    if stage is None and len(names) > 1:
        yield _finding(entry, (), f"no stage, and drill {drill.drill} has {len(names)}", f"stage: {one_of(names)}")
    if stage is not None and stage not in names:
        yield _finding(entry, ("stage",), f"drill {drill.drill} has no stage {stage!r}", one_of(names), nearest(stage, names))


def _compare(entry: Entry, drill: Drill) -> Iterator[Finding]:
    """Of what a stage with a probe did, nobody counts these: both arms would have none."""
    claim, stages = entry.claim, alone(drill, entry.claim.stage).stages
    if claim.compare in OF_LOAD_TESTS and stages and not stages[-1].is_load_test:
        what = f"compares {claim.compare}, and stage {stages[-1].stage} of drill {drill.drill} is no load test"
        yield _finding(entry, ("compare",), what, one_of(set(get_args(Compare)) - OF_LOAD_TESTS))


def _arm(entry: Entry, key: str, arm: Arm, read: ReadDrill) -> tuple[Drill | None, list[Finding]]:
    """The drill as the arm runs it, or all that is wrong with the arm."""
    try:
        drill, wrong = read(entry.claim.drill, patches(arm)), []
    except DrillErrors as errors:
        drill, wrong = read(entry.claim.drill, ()), [(_patched(arm, each), each) for each in errors.problems]
    try:
        drill = resolve(drill, arm.without)
    except DrillErrors as errors:
        wrong += [(("without",), each) for each in errors.problems]
    found = [_finding(entry, (key, *at), _told(each), each.expected, each.hint) for at, each in wrong]
    return None if found else drill, found


def _told(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}: {problem.what}" if problem.line else f"{problem.file}: {problem.what}"


def _patched(arm: Arm, problem: Problem) -> Path:
    """The key in ``set`` that a problem is about; the whole where it is about another's consequence."""
    key = problem.file.removeprefix("--set ")
    return ("set", key) if key in arm.set else ("set",)


def _equal(entry: Entry, without: Drill | None, with_: Drill | None) -> Iterator[Finding]:
    """Only the judged stage is run: a difference elsewhere is none."""
    stage = entry.claim.stage
    if without is None or with_ is None or not alone(with_, stage).stages:  # told already
        return
    if alone(without, stage) == alone(with_, stage):
        where = f" in stage {stage}" if stage else ""
        yield _finding(entry, (), f"its arms are the same{where}: nothing is compared", "without: and with: that differ")


def _finding(entry: Entry, at: Path, what: str, expected: str, hint: str = "") -> Finding:
    return Finding((*entry.at, *at), f"claim {entry.claim.id}: {what}", expected, hint)
