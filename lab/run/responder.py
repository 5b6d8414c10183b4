"""The stage's responder: lets the rules decide at every beat, and carries out one action at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from lab.drill.model import Respond, Stage
from lab.history.model.events import ActionEvent, DecideEvent, NoteEvent
from lab.respond import actions
from lab.respond.rules import Act, Acted, GiveUp, Wait, decide
from lab.respond.runbook import Part, parts, stopped
from lab.run.bench import StageBroken
from lab.run.custody import Custody
from lab.run.tape import Tape
from lab.runtimes.base import Room, ServiceFailed
from lab.watch.alarms import Standing
from lab.watch.watcher import Watcher


class Responder:
    """A runbook is one action, whatever it takes: its steps in order, until one fails or the stage ends.

    An action that fails because the target does not come up is the rules' business: they try again, or give up. One that
    fails of anything else is recorded, and the next beat raises StageBroken.
    """

    def __init__(
        self,
        stage: Stage,
        room: Room,
        tape: Tape,
        watcher: Watcher,
        means: actions.Means,
        custody: Custody,
    ) -> None:
        self._rules = stage.respond
        self._room = room
        self._tape = tape
        self._watcher = watcher
        self._means = means
        self._custody = custody
        self._past: list[Acted] = []
        self._given_up: set[int] = set()
        self._acting: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._broken: StageBroken | None = None

    def consider(self, standing: Sequence[Standing]) -> None:
        """One beat: at most one action is begun. Raises StageBroken."""
        self._raise_if_broken()
        for number, rule in enumerate(self._rules):
            for alarm in standing:
                if rule.when == alarm.alarm and number not in self._given_up:
                    self._follow(number, alarm)

    def _follow(self, number: int, alarm: Standing) -> None:
        rule = self._rules[number]
        now_ns = self._room.clock.now_ns()
        match decide(rule, alarm, self._past, now_ns, self._means.service.workers):
            case Act(action=action):
                self._tape.write(DecideEvent(t_ns=self._tape.now_ns(), alarm=alarm.alarm, action=action, reason=alarm.text))
                self._past.append(Acted(action, now_ns, None))
                self._acting = asyncio.ensure_future(self._act(rule, alarm))
            case GiveUp(why=why):
                self._given_up.add(number)
                self._tape.write(DecideEvent(t_ns=self._tape.now_ns(), alarm=alarm.alarm, action="give up", reason=why))
            case Wait():
                pass

    async def _act(self, rule: Respond, alarm: Standing) -> None:
        ok = True
        for number, part in enumerate(parts(rule)):
            await self._pause(part.wait_s)
            if number and self._ending.is_set():
                what = f"{rule.action}: the stage ended, with {part.left + 1} of {len(rule.steps)} steps not taken"
                self._tape.write(NoteEvent(t_ns=self._tape.now_ns(), text=what))
                break
            if not (ok := await self._in_turn(part, alarm)):
                break
        self._past[-1] = replace(self._past[-1], end_ns=self._room.clock.now_ns(), ok=ok)

    async def _pause(self, seconds: float) -> None:
        """Cut short when the stage ends."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), seconds)

    async def _in_turn(self, part: Part, alarm: Standing) -> bool:
        """Begins when the target is nobody else's; a team's own command knows nothing of that and does not wait."""
        async with nullcontext() if part.do == "command" else self._custody.of(f"action {part.name}"):
            return await self._carry_out(part, alarm)

    async def _carry_out(self, part: Part, alarm: Standing) -> bool:
        begin_ns = self._room.clock.now_ns()
        self._tape.write(ActionEvent(t_ns=begin_ns, phase="begin", action=part.name))
        self._watcher.acted(begin_ns)
        failed = said = ""
        try:
            said = await actions.ACTIONS[part.do](part.deed, alarm, self._means)
            if part.until_ready:
                await self._means.service.until_ready(self._means.boot_s)
        except (ServiceFailed, actions.ActionFailed) as error:
            failed = stopped(part, str(error))
        except Exception as error:
            failed = str(error) or type(error).__name__
            self._broken = StageBroken(f"action {part.name}: {failed}")
            self._broken.__cause__ = error
        end = ActionEvent(t_ns=self._tape.now_ns(), phase="end", action=part.name, ok=not failed, detail=failed or said)
        self._tape.write(end)
        return end.ok

    def _raise_if_broken(self) -> None:
        if self._broken is not None:
            raise self._broken

    async def close(self) -> None:
        """An action under way is finished, not broken off: half a restart would leave the next stage a dead target. Of a runbook
        that is the step under way.

        Raises StageBroken.
        """
        self._ending.set()
        if self._acting is not None:
            await self._acting
        self._raise_if_broken()
