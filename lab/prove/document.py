"""An incident document → an Incident: what its text says and what its front matter claims, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lab.drill.problems import DrillErrors, Finding, Problem
from lab.prove.body import Body, read_body
from lab.prove.claims import Claim
from lab.prove.front import Entry, Front, fences, read_front


@dataclass(frozen=True)
class Incident:
    """``lines`` are those of the file, to quote from; ``front`` knows where each key stands."""

    file: str
    lines: tuple[str, ...]
    front: Front
    body: Body

    @property
    def name(self) -> str:
        return self.front.head.incident if self.front.head else ""

    @property
    def expires(self) -> date | None:
        return self.front.head.expires if self.front.head else None

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.front.entries

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(entry.claim for entry in self.entries)

    def place(self, finding: Finding) -> Problem:
        """A finding about the front matter, at its line."""
        return self.front.document.place(finding)

    def quote(self, line: int) -> str:
        return self.lines[line - 1].strip()


def parse(text: str, file: str) -> Incident:
    """The document that ``text`` is; ``file`` is how messages name it.

    Raises :class:`DrillErrors` with every problem of the front matter. What is wrong with the text is no reason not to
    read it: that is for ``lint`` to say.
    """
    incident, problems = understood(text, file)
    if problems:
        raise DrillErrors(problems)
    return incident


def understood(text: str, file: str) -> tuple[Incident, list[Problem]]:
    """The document as far as it can be understood, and every problem of its front matter, for those who find more."""
    lines = text.removeprefix("\ufeff").splitlines()
    front, problems = read_front(lines, file)
    end = fences(lines)
    hidden = 0 if end is None else end + 1
    body = read_body("\n".join([""] * hidden + lines[hidden:]))  # blank lines in its place: lines stay the file's
    return Incident(file, tuple(lines), front, body), sorted(problems, key=lambda problem: problem.line)
