"""What the ruling of a drill rests on, in words: the last line of the report, and of the command."""

from __future__ import annotations

from collections.abc import Iterator

from lab.judge.generator import missed
from lab.judge.verdict import InvariantVerdict, Ruling, Verdict
from lab.report.quantities import count, printable, several

AS_FAR = "judged as far as it went"
HOLDS = {"no_oversell": "no coupon oversold", "no_lost_order": "no order lost", "no_duplicate_order": "no order twice"}
BROKEN = {"no_oversell": "oversold", "no_lost_order": "orders lost", "no_duplicate_order": "orders stored twice"}


def broken(reason: str) -> str:
    """A run's reason as a person says it."""
    return reason.removeprefix("broken: ")


def conclusion(verdict: Verdict) -> tuple[str, ...]:
    """What broke it first, then what holds, then what could not be judged."""
    judged = verdict.invariants
    failed = [f"{BROKEN[each.check]}: {_first_lines(each.reasons)}" for each in judged if each.verdict is Ruling.FAIL]
    parts = [*_stages(verdict), *failed, *_holds(judged), *_unjudged(judged)]
    return tuple(parts or [f"{several(len(verdict.stages), 'stage')}, {_kept(verdict)}"])


def _kept(verdict: Verdict) -> str:
    held = verdict.thresholds or any(stage.budgets or stage.thresholds for stage in verdict.stages)
    return "every budget and threshold kept" if held else "measured, with nothing to hold it against"


def _stages(verdict: Verdict) -> Iterator[str]:
    """The stages that decided it, or, where none did, what happened to the run."""
    if verdict.verdict is Ruling.PASS:
        return
    blamed = {verdict.verdict}
    if verdict.verdict is Ruling.INTERRUPTED:
        yield AS_FAR
        blamed = {Ruling.FAIL, Ruling.UNKNOWN}
    for stage in verdict.stages:
        if stage.verdict in blamed:
            yield f"{stage.stage}: {_first_lines(stage.reasons)}"
    if verdict.verdict is Ruling.FAIL:
        yield from missed(verdict.thresholds)
    told = {reason for stage in verdict.stages for reason in stage.reasons}
    if Ruling.UNKNOWN in blamed:
        yield from (_first_line(reason) for reason in map(broken, verdict.reasons) if reason not in told)


def _holds(judged: tuple[InvariantVerdict, ...]) -> Iterator[str]:
    """``none twice`` reads on from ``no order lost``."""
    held = [each for each in judged if each.verdict is Ruling.PASS]
    words = [HOLDS[each.check] for each in held]
    if words[-2:] == [HOLDS["no_lost_order"], HOLDS["no_duplicate_order"]]:
        words[-1] = "none twice"
    doubtful = [index for index, each in enumerate(held) if each.in_doubt]
    if doubtful:
        words[doubtful[-1]] += f" ({count(held[doubtful[-1]].in_doubt)} in doubt)"
    yield from words


def _unjudged(judged: tuple[InvariantVerdict, ...]) -> Iterator[str]:
    """Grouped by what is missing: without a ledger that is the same for all."""
    by_reason: dict[str, list[str]] = {}
    for each in judged:
        if each.verdict is Ruling.UNKNOWN:
            by_reason.setdefault(_first_lines(each.reasons), []).append(BROKEN[each.check])
    for reason, checks in by_reason.items():
        yield f"unknown whether {' or '.join(checks)}: {reason}"


def last_line(verdict: Verdict, run: str = "latest") -> str:
    """``FAIL accept-queue: not recovered in 5 s → lab runs open latest``: the ruling, the first reason, what to do next.

    ``run``: how to name it, where others have followed by the time that this is read.
    """
    why = f"{verdict.drill}: {AS_FAR}" if verdict.verdict is Ruling.INTERRUPTED else next(_whys(verdict), verdict.drill)
    return f"{verdict.verdict.upper()} {why}{_missed_too(verdict)} → lab runs open {run}"


def _missed_too(verdict: Verdict) -> str:
    """What could not be judged may have missed its thresholds as well: whoever makes it sound meets that next."""
    if verdict.verdict is not Ruling.UNKNOWN:
        return ""
    unknown = (stage for stage in verdict.stages if stage.verdict is Ruling.UNKNOWN)
    found = [f"{stage.stage}: {each}" for stage in unknown for each in missed(stage.thresholds)]
    return f"; missed too: {found[0]}" + (f", and {len(found) - 1} more" if found[1:] else "") if found else ""


def _whys(verdict: Verdict) -> Iterator[str]:
    """In the order of their weight. What happened to the whole run explains what its stages lack."""
    if verdict.verdict is Ruling.PASS:
        return
    if verdict.verdict is Ruling.UNKNOWN:
        yield from (f"{verdict.drill}: {_first_line(broken(reason))}" for reason in verdict.reasons)
    for stage in verdict.stages:
        if stage.verdict is verdict.verdict:
            yield f"{stage.stage}: {_first_line(stage.reasons[0])}"
    if verdict.verdict is Ruling.FAIL:
        yield from (f"{verdict.drill}: {each}" for each in missed(verdict.thresholds))
    for each in verdict.invariants:
        if each.verdict is verdict.verdict:
            yield f"{BROKEN[each.check]}: {_first_lines(each.reasons)}"


def _first_lines(reasons: tuple[str, ...]) -> str:
    return "; ".join(_first_line(reason) for reason in reasons)


def _first_line(reason: str) -> str:
    return printable(reason.partition("\n")[0])
