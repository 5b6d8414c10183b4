"""Runbooks put into the rules that name them, so that the drill, and its record, has every step that may be taken.

A step keeps the file and the line that it came from: whatever is found to be wrong with it is told there. Pure: the files
come as texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lab.drill.model.measure import Step
from lab.drill.model.noun import FileNoun
from lab.drill.positions import Document, Mark, compose
from lab.drill.problems import Finding, Path, Problem
from lab.drill.suggest import nearest, one_of
from lab.drill.typed import check


class Source(Protocol):
    """A file's text, and how messages name it."""

    @property
    def text(self) -> str: ...

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Runbook(FileNoun):
    """A file ``runbooks/NAME.yaml``."""

    about: str = ""
    steps: tuple[Step, ...] = field(default=())


_ABOVE = re.compile(r"\bstages\[\d+\]\.measures\.\S+?\.respond\[\d+\]\.(?=steps\b)")


def put_in(document: Document, runbooks: Mapping[str, Source]) -> tuple[Document, list[Finding]]:
    """The document with the steps of each runbook below the rule that names it, unless the rule has steps of its own; and what
    is wrong with a name, or with a file besides its steps.
    """
    findings: list[Finding] = []
    data, marks = deepcopy(document.data), dict(document.marks)
    for at, rule in _rules(data):
        name = rule.get("runbook")
        if rule.get("do") != "runbook" or "steps" in rule or not isinstance(name, str):
            continue
        if name not in runbooks:
            expected = f"{one_of(runbooks)}, of runbooks/" if runbooks else f"a file runbooks/{name}.yaml"
            findings.append(Finding((*at, "runbook"), f"no runbook is called {name!r}", expected, nearest(name, runbooks)))
            continue
        found, wrong = _opened(runbooks[name])
        marks |= {(*at, "runbook", *path): mark for path, mark in found.marks.items()}
        findings += [replace(each, path=(*at, "runbook", *each.path)) for each in wrong]
        if isinstance(found.data, dict) and isinstance(found.data.get("steps"), list):
            rule["steps"] = found.data["steps"]
            marks |= {(*at, *path[1:]): mark for path, mark in found.marks.items() if path[1:2] == ("steps",)}
    return Document(data, marks), findings


def _opened(source: Source) -> tuple[Document, list[Finding]]:
    """The file, and what is wrong with it besides its steps, which are looked at in their rule. Paths begin with the label, so
    that the whole file has one too.
    """
    label = source.label
    found, problems = compose(source.text, label)
    lines: dict[Path, Mark] = {(label, each.line): Mark(label, each.line) for each in problems}
    marks = {(label, *path): mark for path, mark in found.marks.items()}
    no_yaml = [Finding((label, each.line), each.what, each.expected, each.hint) for each in problems]
    return Document(found.data, marks | lines), no_yaml or [replace(f, path=(label, *f.path)) for f in _head(found.data)]


def as_read_there(problem: Problem, runbooks: Mapping[str, Source]) -> Problem:
    """Whoever reads a runbook's file sees its steps, and no stage above them."""
    if problem.file not in {source.label for source in runbooks.values()}:
        return problem
    return replace(problem, what=_ABOVE.sub("", problem.what))


def _rules(data: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every rule of every measure of every stage, as far as they are what they should be."""
    for s, stage in _items(_at(data, "stages")):
        for m, measure in _items(_at(stage, "measures")):
            for r, rule in _items(_at(measure, "respond")):
                if isinstance(rule, dict):
                    yield ("stages", s, "measures", m, "respond", r), rule


def _at(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, dict) else None


def _items(data: Any) -> list[tuple[Any, Any]]:
    return list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []


def _head(data: Any) -> Iterator[Finding]:
    if not isinstance(data, dict):
        yield Finding((), "the file is no mapping", "about: and steps:")
        return
    yield from (finding for finding in check(Runbook, data)[1] if finding.path[:1] != ("steps",) or len(finding.path) == 1)
    if not data.get("steps"):
        yield Finding(("steps",) if "steps" in data else (), "a runbook without steps", "steps: [{step: a name, do: restart}]")
