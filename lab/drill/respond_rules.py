"""What must hold within a rule of the responder: which keys its ``do`` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields

from lab.drill.model import Do, Respond, Target
from lab.drill.problems import Finding
from lab.drill.suggest import one_of

OWN: Mapping[Do, frozenset[str]] = {
    "restart": frozenset({"how", "grace", "settings"}),
    "set": frozenset({"settings"}),
    "command": frozenset({"argv", "timeout"}),
    "scale-out": frozenset({"max", "cool_down"}),
    "scale-in": frozenset({"cool_down", "grace"}),
    "nobody": frozenset(),
}
"""What each action reads besides ``when``, ``do`` and ``limit``."""
LIVE: Mapping[str, range] = {"backlog": range(1, 1_000_001)}
"""Settings that can be changed while the target runs, and to what; all others take a restart."""
NEEDS_NO_PROCESS: frozenset[Do] = frozenset({"command", "nobody"})
"""What can be done about somebody's running service."""
SCALES: frozenset[Do] = frozenset({"scale-out", "scale-in"})
MOST_WORKERS = 64
OF_ALL = frozenset({"when", "do", "limit"})

_defaults = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory() for field in fields(Respond)
}


def broken(rule: Respond) -> Iterator[Finding]:
    """Everything that is wrong with ``rule`` itself; paths begin at the rule (``("how",)``)."""
    yield from _foreign(rule)
    if rule.do == "set":
        yield from _live(rule)
    if rule.do == "command" and not (rule.argv and rule.argv[0]):
        yield Finding(("argv",), "do: command without a command", "argv: [./failover.sh, --now]", about=(("do",),))
    if not 2 <= rule.max <= MOST_WORKERS:
        yield Finding(("max",), f"at most {rule.max} workers", f"2 to {MOST_WORKERS}")
    if rule.timeout <= 0:
        yield Finding(("timeout",), "no time for the command", "a duration above 0")
    if rule.do == "restart" and rule.how == "kill" and rule.grace != _defaults["grace"]:
        yield Finding(("grace",), "a grace for a process that is killed", "how: graceful", about=(("how",), ("do",)))


def of_target(rule: Respond, target: Target) -> Iterator[Finding]:
    """Workers share the lab's listener, and each says on a port of its own that it is ready."""
    if rule.do not in SCALES:
        return
    about = (("do",),)
    if target.listener != "inherited":
        yield Finding(("do",), f"do: {rule.do} on a target that binds its own port", "target: {listener: inherited}", about=about)
    elif not target.health_port:
        yield Finding(("do",), f"do: {rule.do} on a target without a health port", "target: {health_port: true}", about=about)


def _foreign(rule: Respond) -> Iterator[Finding]:
    """What another action would read, and this one would silently not."""
    for name in (field.name for field in fields(Respond) if field.name not in OWN[rule.do] | OF_ALL):
        if getattr(rule, name) != _defaults[name]:
            readers = " or ".join(each for each in OWN if name in OWN[each])
            yield Finding((name,), f"{name} is not read by do: {rule.do}", f"do: {readers}", about=(("do",),))


def _live(rule: Respond) -> Iterator[Finding]:
    if not rule.settings:
        yield Finding(("settings",), "do: set without settings", "settings: {backlog: 2048}", about=(("do",),))
    for name, value in rule.settings.items():
        if name not in LIVE:
            expected = f"{one_of(LIVE)}, or do: restart, which reads settings too"
            yield Finding(("settings", name), f"setting {name} cannot be changed while the target runs", expected)
        elif isinstance(value, int) and value not in LIVE[name]:
            yield Finding(("settings", name), f"{name} {value}", f"{LIVE[name][0]} to {LIVE[name][-1]}")
