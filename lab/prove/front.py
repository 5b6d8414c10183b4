"""The front matter of an incident document: YAML between two lines of ``---``, as data and with the line of every key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from lab.drill.model.noun import FileNoun
from lab.drill.positions import Document, Mark, compose
from lab.drill.problems import Finding, Path, Problem
from lab.drill.typed import check
from lab.drill.units import Unit
from lab.prove.claims import Claim

FENCE = "---"
_KEYS = "incident:, expires: and claims:"
_NO_DAY = "{!r} is not a day: expected a day such as 2027-06-30"


_NO_MAPPING = Finding((), "no mapping", "id:, claim:, drill:, without: and with:")


def parse_day(text: object) -> date:
    """``2027-06-30``; the basic form and weeks, which Python would take too, are no way to write it here."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        raise ValueError(_NO_DAY.format(text)) from None
    if day.isoformat() != text:
        raise ValueError(_NO_DAY.format(text))
    return day


Day = Annotated[date, Unit(parse_day, date.isoformat)]


@dataclass(frozen=True, kw_only=True)
class Head(FileNoun):
    """The front matter. Its claims are read one by one (:class:`Entry`): a wrong one must not shift the others."""

    incident: str
    expires: Day
    claims: Any = None


@dataclass(frozen=True)
class Entry:
    """A claim, and the path in the front matter at which it stands."""

    claim: Claim
    at: Path


@dataclass(frozen=True)
class Front:
    """``head`` is None where it could not be read, and wrong claims are left out: what is left can be checked further.

    ``ids``: of all claims, the wrong ones too, with where they stand.
    """

    document: Document
    head: Head | None = None
    entries: tuple[Entry, ...] = ()
    ids: tuple[tuple[str, Path], ...] = ()


def fences(lines: Sequence[str]) -> int | None:
    """The index of the line that closes the front matter; None when there is none, or no end of it."""
    if not lines or lines[0].rstrip() != FENCE:
        return None
    return next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)


def read_front(lines: Sequence[str], file: str) -> tuple[Front, list[Problem]]:
    """The front matter of a document's lines, and every problem that it has."""
    end = fences(lines)
    if end is None:
        nothing = Document(None, {(): Mark(file, 1)})
        what = "the front matter has no end" if lines and lines[0].rstrip() == FENCE else "no front matter"
        return Front(nothing), [Problem(file, 1, what, f"{_KEYS} between two lines of {FENCE}")]
    document, problems = compose("\n".join(["", *lines[1:end]]), file)  # an empty first line: its lines are the document's
    if not isinstance(document.data, dict):
        return Front(document), problems or [Problem(file, 1, "the front matter is no mapping", _KEYS)]
    head, findings = check(Head, document.data)
    claims = document.data.get("claims")
    entries, wrong = _entries(claims)
    return Front(document, head, entries, _ids(claims)), problems + [document.place(each) for each in (*findings, *wrong)]


def _entries(claims: Any) -> tuple[tuple[Entry, ...], list[Finding]]:
    if not isinstance(claims, list) or not claims:
        return (), [Finding(("claims",), "no claims", "a list, each with id, claim, drill, without and with")]
    entries: list[Entry] = []
    findings: list[Finding] = []
    for index, data in enumerate(claims):
        at: Path = ("claims", index)
        claim, found = check(Claim, data) if isinstance(data, dict) else (None, [_NO_MAPPING])
        findings += [_of_claim(each, at, data) for each in found]
        if claim is not None and not found:
            entries.append(Entry(claim, at))
    return tuple(entries), findings


def _ids(claims: Any) -> tuple[tuple[str, Path], ...]:
    named = enumerate(claims) if isinstance(claims, list) else ()
    found = ((data.get("id"), ("claims", index, "id")) for index, data in named if isinstance(data, dict))
    return tuple((name, at) for name, at in found if isinstance(name, str))


def _of_claim(finding: Finding, at: Path, data: Any) -> Finding:
    name = data.get("id") if isinstance(data, dict) else None
    return replace(finding, path=(*at, *finding.path), what=f"claim {name or int(at[-1]) + 1}: {finding.what}")
