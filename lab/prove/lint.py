"""Where an incident document is incomplete or contradicts itself, one generator per rule. Nothing is run for it.

A flaw is no bad input: the document can be read and its claims can be run. It quotes the lines that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import get_args

from lab.drill.problems import Finding
from lab.drill.suggest import one_of
from lab.prove.body import DAY_S, Clock, Row
from lab.prove.document import Incident
from lab.prove.words import WORDS, Mark, SectionName

ROUNDED_S = 1
"""Two spans of the same length, each between times cut to whole seconds, can be one second apart."""
NEEDED: tuple[Mark, ...] = ("alarm", "recovered", "end")
"""Without these rows a timeline does not say how long anything took."""
PROMISING: tuple[SectionName, ...] = ("cause", "resolution", "prevention")
"""Sections whose items are causes and measures: each is to name the claim that puts it to the test."""


@dataclass(frozen=True)
class Flaw:
    """``lines``: what it quotes; the first is where it stands."""

    rule: str
    what: str
    lines: tuple[int, ...] = (1,)


def flaws(incident: Incident, today: date) -> list[Flaw]:
    """Every flaw of the document, rule by rule."""
    found = [Flaw(name, what, lines) for name, rule in RULES.items() for what, lines in rule(incident)]
    return found + list(_expired(incident, today))


Said = Iterator[tuple[str, tuple[int, ...]]]


def _sections(incident: Incident) -> Said:
    found = {section.name: section for section in incident.body.sections}
    for name, heading in WORDS[incident.body.language].headings.items():
        if name not in found:
            yield f"no section {heading!r}", (1,)
        elif found[name].empty:
            yield f"nothing stands under {heading!r}", (found[name].line,)


def _times(incident: Incident) -> Said:
    """Both times of day are there, in a section that is there."""
    body, words = incident.body, WORDS[incident.body.language]
    section = next((each for each in body.sections if each.name == "times"), None)
    for label, clock in ((words.detected, body.detected), (words.ended, body.ended)):
        if clock is None and section is not None:
            yield f"no line begins with {label!r} and a time", (section.line,)
        elif clock is not None and clock.at_s is None:
            yield f"{label!r} is followed by no time of day (23:45:12)", (clock.line,)


def _timeline(incident: Incident) -> Said:
    """Each row has a time and a known mark, and the marks that durations are computed from stand there once."""
    body, words = incident.body, WORDS[incident.body.language]
    section = next((each for each in body.sections if each.name == "timeline"), None)
    for row in body.timeline:
        if row.at_s is None:
            yield "a row without a time (00:02:45)", (row.line,)
        if row.mark is None and row.marked:
            yield f"mark {row.marked!r}, expected {one_of(words.marks.values())}", (row.line,)
    for mark in NEEDED:
        rows = [row for row in body.timeline if row.mark == mark]
        if not rows and section is not None:
            yield f"no row is marked {words.marks[mark]!r}", (section.line,)
        elif len(rows) > 1:
            yield f"{len(rows)} rows are marked {words.marks[mark]!r}", tuple(row.line for row in rows)


def _order(incident: Incident) -> Said:
    """Later rows are not earlier, and no milestone stands after one that it leads to."""
    marks: tuple[Mark, ...] = get_args(Mark)
    for (at_s, line), (next_s, next_line) in pairwise(_timed(incident.body.timeline)):
        if next_s < at_s:
            yield f"the timeline goes back by {at_s - next_s} s", (line, next_line)
    marked = [(marks.index(row.mark), row) for row in incident.body.timeline if row.mark]
    for (rank, one), (next_rank, other) in pairwise(marked):
        if next_rank < rank:
            yield f"{other.marked!r} stands after {one.marked!r}", (one.line, other.line)


def _contradiction(incident: Incident) -> Said:
    """The incident is as long by its two clock times as by its timeline: to the recovery, or to the reported end."""
    body = incident.body
    stated_s = _apart(body.detected, body.ended)
    alarm, recovered, end = (_timed(row for row in body.timeline if row.mark == mark)[:1] for mark in NEEDED)
    if stated_s is None or not alarm or not (recovered or end):
        return
    spans = [at_s - alarm[0][0] for at_s, _ in recovered + end]
    if all(abs(span_s - stated_s) > ROUNDED_S for span_s in spans):
        told = [f"{stated_s} s between its two clock times"]
        told += [f"{at_s - alarm[0][0]} s from alarm to recovery in its timeline" for at_s, _ in recovered]
        told += [f"{at_s - alarm[0][0]} s {'' if recovered else 'from alarm '}to its reported end" for at_s, _ in end]
        clocks = tuple(clock.line for clock in (body.detected, body.ended) if clock)
        yield ", ".join(told), (*clocks, *(line for _, line in alarm + recovered + end))


def _timed(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Seconds and line of each row that has a time."""
    return [(row.at_s, row.line) for row in rows if row.at_s is not None]


def _apart(detected: Clock | None, ended: Clock | None) -> int | None:
    """From one time of day to the next, over midnight if need be."""
    if detected is None or ended is None or detected.at_s is None or ended.at_s is None:
        return None
    return (ended.at_s - detected.at_s) % DAY_S


def _unproven(incident: Incident) -> Said:
    """Every cause and every measure of the text names a claim, which has a drill."""
    known = {claim.id for claim in incident.claims}
    for section in incident.body.sections:
        for item in section.items if section.name in PROMISING else ():
            if not known.intersection(item.names):
                noun = "a cause" if section.name == "cause" else "a measure"
                named = f"there is no claim {' nor '.join(item.names)}" if item.names else "it names no claim"
                yield f"{noun} without a drill: {named}", (item.line,)


def _unsaid(incident: Incident) -> Said:
    """Every claim stands in the text too, or its readers would never know of it."""
    items = (item for section in incident.body.sections for item in section.items if section.name in PROMISING)
    said = {name for item in items for name in item.names}
    for entry in incident.entries:
        if entry.claim.id not in said:
            line = incident.place(Finding((*entry.at, "id"), "", "")).line
            yield f"claim {entry.claim.id} is named by no cause and no measure of the text", (line,)


RULES: Mapping[str, Callable[[Incident], Said]] = {
    "contradiction": _contradiction,
    "sections": _sections,
    "times": _times,
    "timeline": _timeline,
    "order": _order,
    "unproven": _unproven,
    "unsaid": _unsaid,
}
EXPIRED = "expired"
"""The one rule that depends on the day."""


def _expired(incident: Incident, today: date) -> Iterator[Flaw]:
    if incident.expires is not None and incident.expires < today:
        line = incident.place(Finding(("expires",), "", "")).line
        yield Flaw(EXPIRED, f"it expired on {incident.expires}: is it still true?", (line,))
