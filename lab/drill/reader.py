"""A drill file → a Drill, or every problem that it has, each with file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from lab.drill import runbooks as in_place
from lab.drill.calls import read_call
from lab.drill.model import Alarms, Drill, Target
from lab.drill.patches import patched
from lab.drill.positions import Document, compose
from lab.drill.problems import DrillErrors, Finding, Problem
from lab.drill.rules import Known, broken
from lab.drill.shorthand import nothings, over, without_nothings, write_out
from lab.drill.suggest import nearest, one_of
from lab.drill.typed import check

__all__ = ["DrillErrors", "Problem", "read", "read_target"]


def read(
    text: str,
    file: str,
    *,
    faults: Mapping[str, type],
    targets: Mapping[str, Target],
    patches: Sequence[str] = (),
    is_file: Callable[[str], bool] = bool,
    runbooks: Mapping[str, in_place.Source] = MappingProxyType({}),
) -> Drill:
    """The drill that ``text`` describes, with ``patches`` (``STAGE.key=value``) applied before anything is checked.

    1. YAML, with a line for every key. 2. Patches, then the steps of the runbooks that are named. 3. Short forms written out, the
    known target put under the drill's own settings, each fault held against its own dataclass. 4. Types and units. 5. Rules
    between the parts, on what is right so far. 6. The drill's alarm into each stage that has none.
    Raises :class:`DrillErrors` with the problems of all steps at once; ``file`` is how they name the file. ``is_file`` is
    asked about the paths that a drill names.
    """
    document, problems = compose(text, file)
    if document.data is None and problems:
        raise DrillErrors(problems)
    document, more = patched(document, patches)
    document, of_runbooks = in_place.put_in(document, runbooks)
    drill, findings = _understood(document, faults, targets, is_file, of_runbooks)
    problems += more + [in_place.as_read_there(document.place(finding), runbooks) for finding in findings]
    if problems or drill is None:
        raise DrillErrors(_in_order(problems, file))
    return _with_alarms(drill)


def read_target(text: str, file: str) -> Target:
    """A target of its own file (``targets/NAME.yaml``). Raises :class:`DrillErrors`."""
    document, problems = compose(text, file)
    if document.data is None and not problems:
        problems = [document.place(Finding((), "an empty file", "a target"))]
    if not problems:
        target, findings = check(Target, document.data)
        problems = [document.place(finding) for finding in findings]
    if problems:
        raise DrillErrors(_in_order(problems, file))
    return target  # type: ignore[no-any-return]  # check gives what it was asked for


def _understood(
    document: Document,
    faults: Mapping[str, type],
    targets: Mapping[str, Target],
    is_file: Callable[[str], bool],
    found: Sequence[Finding],
) -> tuple[Drill | None, list[Finding]]:
    if not isinstance(document.data, dict):
        return None, [
            Finding((), "the file is empty" if document.data is None else "the file is no mapping", "drill:, target: and stages:")
        ]
    findings = [*found]
    findings += [Finding(path, f"{path[-1]!r} has no value", "a value, or no such key") for path in nothings(document.data)]
    data = write_out(without_nothings(document.data))
    data, settings, wrong_target = _with_known_target(data, targets)
    data, wrong_faults = _with_calls(data, faults)
    drill, wrong_types = check(Drill, data)
    findings += wrong_target + wrong_faults
    findings += [finding for finding in wrong_types if not finding.follows_from(findings)]
    if drill is not None:
        known = Known(faults, drill.target.settings if settings is None else settings, is_file)
        for finding in broken(drill, known):
            if not finding.follows_from(findings):
                findings.append(finding)
    return drill, findings


def _with_known_target(
    data: dict[str, Any], targets: Mapping[str, Target]
) -> tuple[dict[str, Any], Mapping[str, Any] | None, list[Finding]]:
    """The data with the known target under the drill's own words, and the settings that this target has, with defaults."""
    own = data.get("target")
    name = own.get("use") if isinstance(own, dict) else None
    if not isinstance(own, dict) or not isinstance(name, str):
        return data, None, []
    if name not in targets:
        finding = Finding(("target", "use"), f"unknown target {name!r}", one_of(targets), nearest(name, targets))
        return data, None, [finding]
    return {**data, "target": over(targets[name], own)}, targets[name].settings, []


def _with_calls(data: dict[str, Any], faults: Mapping[str, type]) -> tuple[dict[str, Any], list[Finding]]:
    if not isinstance(data.get("stages"), list):
        return data, []
    stages, findings = [], []
    for index, stage in enumerate(data["stages"]):
        if not isinstance(stage, dict) or "fault" not in stage:
            stages.append(stage)
            continue
        call, wrong = read_call(stage["fault"], ("stages", index, "fault"), faults)
        findings += wrong
        rest = {key: value for key, value in stage.items() if key != "fault"}
        stages.append({**rest, "fault": {"name": call.name, "parameters": dict(call.parameters)}} if call else rest)
    return {**data, "stages": stages}, findings


def _with_alarms(drill: Drill) -> Drill:
    stages = (stage if stage.alarm else replace(stage, alarm=drill.alarm or Alarms()) for stage in drill.stages)
    return replace(drill, stages=tuple(stages))


def _in_order(problems: list[Problem], file: str) -> list[Problem]:
    """As the file has them, each once (an anchor used twice is one mistake); what was typed comes last."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.file != file, problem.line))
