"""Runs for the tests of the incident document: whole ones in virtual time, at a fixed wall clock; and literal ones."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

from lab.history.model.events import Event, HealEvent, RunEvent, StageEvent
from lab.history.model.history import History
from lab.judge.judge import judge
from lab.report.incident.facts import incident
from lab.report.incident.model import Incident
from lab.report.incident.render import render
from lab.report.incident.words import template, words
from tests.fake_lab import play
from tests.histories import crash, ns

EPOCH_NS = 1_766_012_345_678_901_234
"""2025-12-17 22:59:05.678901234 UTC."""
_NUMBER = re.compile(r"[+−]?\d[\d,.:]*\d|\d")


@cache
def conn_reset(*without: str) -> History:
    """The drill in the fake room with its fixed seed."""
    with tempfile.TemporaryDirectory() as root:
        found = play(Path(root), "conn-reset", without=without).history
        return at_a_fixed_clock(replace(found, probe=found.probe.kept(), load=found.load.kept()))


def at_a_fixed_clock(history: History) -> History:
    return replace(history, plan=replace(history.plan, epoch_ns=EPOCH_NS, lab="test"))


def interrupted(at: float = 6.0) -> History:
    """A crash whose run was interrupted ``at``, half a second after the fault: healed then, and watched no longer."""
    whole = crash(bad_s=9.4, end=at)
    kept: list[Event] = [each for each in whole.events if each.t_ns < ns(at) and not isinstance(each, HealEvent)]
    ends: list[Event] = [
        HealEvent(t_ns=ns(at), stage="wire", phase="begin", reason="interrupted"),
        HealEvent(t_ns=ns(at) + 1_000_000, stage="wire", phase="end", reason="interrupted"),
        StageEvent(t_ns=ns(at) + 2_000_000, stage="wire", phase="end"),
        RunEvent(t_ns=ns(at) + 3_000_000, phase="end", reason="interrupted"),
    ]
    seen = whole.probe.where(whole.probe.due_ns < ns(at))
    return at_a_fixed_clock(replace(whole, events=(*kept, *ends), probe=seen))


def facts_of(history: History) -> Incident:
    return incident(history, judge(history))


def document(history: History, language: str = "en", text: str = "") -> str:
    return render(facts_of(history), words(language), text or template(language), f"{language}.md.j2")


def sections(text: str) -> dict[str, str]:
    """By the heading's own number: ``1``, ``2`` and so on, of the first part; what stands before is ````."""
    parts = re.split(r"^### (\d)\. .*$", text, flags=re.MULTILINE)
    found = {"": parts[0]}
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        found.setdefault(number, body)
    return found


def figures(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(text))
