"""What must hold within a rule of the responder: which keys its ``do`` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace

from lab.drill.model import Deed, Do, Respond, Step, Target
from lab.drill.problems import Finding, Path
from lab.drill.suggest import one_of

OWN: Mapping[Do, frozenset[str]] = {
    "restart": frozenset({"how", "grace", "settings"}),
    "set": frozenset({"settings"}),
    "command": frozenset({"argv", "timeout"}),
    "scale-out": frozenset({"max", "cool_down"}),
    "scale-in": frozenset({"cool_down", "grace"}),
    "runbook": frozenset({"runbook", "steps"}),
    "nobody": frozenset(),
}
"""What each action reads besides what all rules, or all steps of a runbook, read."""
LIVE: Mapping[str, range] = {"backlog": range(1, 1_000_001)}
"""Settings that can be changed while the target runs, and to what; all others take a restart."""
NEEDS_NO_PROCESS: frozenset[Do] = frozenset({"command", "nobody"})
"""What can be done about somebody's running service."""
SCALES: frozenset[Do] = frozenset({"scale-out", "scale-in"})
MOST_WORKERS = 64
OF_ALL = frozenset({"when", "do", "limit"})
OF_STEPS = frozenset({"step", "do", "wait", "until"})

_defaults = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory() for field in fields(Respond)
}


def deeds(rule: Respond) -> Iterator[tuple[Path, Respond | Step]]:
    """What is done, and where it stands in the rule: the rule itself, or the steps of its runbook."""
    if rule.do != "runbook":
        yield (), rule
    for number, step in enumerate(rule.steps):
        yield ("steps", number), step


def broken(rule: Respond) -> Iterator[Finding]:
    """Everything that is wrong with ``rule`` itself; paths begin at the rule (``("how",)``)."""
    if rule.do == "runbook":
        yield from _foreign(rule)
        yield from _runbook(rule)
    if not 2 <= rule.max <= MOST_WORKERS:
        yield Finding(("max",), f"at most {rule.max} workers", f"2 to {MOST_WORKERS}")
    for at, deed in deeds(rule):
        for each in _deed(deed):
            yield replace(each, path=(*at, *each.path), about=tuple((*at, *path) for path in each.about))


def _runbook(rule: Respond) -> Iterator[Finding]:
    if not rule.runbook:
        yield Finding(("runbook",), "do: runbook without a runbook", "runbook: NAME, of runbooks/NAME.yaml", about=(("do",),))
    elif not rule.steps:
        yield Finding(("steps",), f"runbook {rule.runbook} has no steps", "at least one", about=(("runbook",),))


def _deed(deed: Respond | Step) -> Iterator[Finding]:
    yield from _foreign(deed)
    if deed.do == "set":
        yield from _live(deed)
    if deed.do == "command" and not (deed.argv and deed.argv[0]):
        yield Finding(("argv",), "do: command without a command", "argv: [./failover.sh, --now]", about=(("do",),))
    if deed.timeout <= 0:
        yield Finding(("timeout",), "no time for the command", "a duration above 0")
    if deed.do == "restart" and deed.how == "kill" and deed.grace != _defaults["grace"]:
        yield Finding(("grace",), "a grace for a process that is killed", "how: graceful", about=(("how",), ("do",)))


def of_target(rule: Respond | Step, target: Target) -> Iterator[Finding]:
    """Workers share the lab's listener, and each says on a port of its own that it is ready."""
    if rule.do not in SCALES:
        return
    about = (("do",),)
    if target.listener != "inherited":
        yield Finding(("do",), f"do: {rule.do} on a target that binds its own port", "target: {listener: inherited}", about=about)
    elif not target.health_port:
        yield Finding(("do",), f"do: {rule.do} on a target without a health port", "target: {health_port: true}", about=about)


def _foreign(rule: Respond | Step) -> Iterator[Finding]:
    """What another action would read, and this one would silently not."""
    of_all = OF_STEPS if isinstance(rule, Step) else OF_ALL
    for name in (field.name for field in fields(rule) if field.name not in OWN[rule.do] | of_all):
        if getattr(rule, name) != _defaults[name]:
            readers = " or ".join(each for each in OWN if name in OWN[each])
            yield Finding((name,), f"{name} is not read by do: {rule.do}", f"do: {readers}", about=(("do",),))


def _live(rule: Deed) -> Iterator[Finding]:
    if not rule.settings:
        yield Finding(("settings",), "do: set without settings", "settings: {backlog: 2048}", about=(("do",),))
    for name, value in rule.settings.items():
        if name not in LIVE:
            expected = f"{one_of(LIVE)}, or do: restart, which reads settings too"
            yield Finding(("settings", name), f"setting {name} cannot be changed while the target runs", expected)
        elif isinstance(value, int) and value not in LIVE[name]:
            yield Finding(("settings", name), f"{name} {value}", f"{LIVE[name][0]} to {LIVE[name][-1]}")
