"""Iterations that a user's script makes: any number of requests each, over the same lines, into the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.drill.address import authority
from lab.http.exchange import Dialer
from lab.load.checks import CheckCounts
from lab.load.keeper import Keeper
from lab.load.names import Names
from lab.load.plan import ShardPlan
from lab.load.script import Ended, ScriptError, ScriptErrors, load_script, run_iteration
from lab.load.sender import Sender
from lab.load.session import Session
from lab.load.user import User


class ScriptedIterations:
    """``dialer`` keeps whole answers. Raises DrillErrors (a ValueError's worth of words) when the script cannot be used."""

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, keeper: Keeper) -> None:
        assert plan.load.python is not None
        self._script = load_script(Path(plan.load.python))
        self._errors = ScriptErrors(self._script.path)
        self._clock = clock
        self._checks = CheckCounts()
        self._sender = Sender(
            dialer,
            clock,
            plan.load,
            authority=authority(plan.host, plan.port),
            headers=plan.headers,
            next_key=keeper.next_key,
            record=keeper.record,
            index_of=Names({name: index for index, name, _ in plan.requests}),
            check=self._checks.count,
            scheme="https" if plan.tls else "http",
        )
        self._sessions: dict[int, Session] = {}

    async def one(self, user: User, due_ns: int) -> Ended:
        session = self._sessions.get(user.vu) or self._sessions.setdefault(user.vu, Session(user, self._sender))
        return await run_iteration(self._script, session, self._errors, self._clock, due_ns)

    def hang_up(self, user: User) -> None:
        if user.vu in self._sessions:
            self._sessions[user.vu].hang_up()

    def told(self) -> Mapping[str, Any]:
        """For the tick: how often each check held and did not, and what the script raised, by kind."""
        return {"checks": self._checks.told(), "script_errors": dict(self._errors.counts)}

    def take_errors(self) -> list[ScriptError]:
        return self._errors.take()
