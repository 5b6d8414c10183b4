"""Is it up? Asked once, or every 10 ms until the answer is good, and told in full why it is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lab.clock import Clock
from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.http.exchange import Exchange
from lab.nanoseconds import NS_PER_S
from lab.process import Process
from lab.runtimes import listener
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.ending import described

EVERY_S = 0.01
WITHIN_S = 1.0
LOG_LINES = 20


class Health:
    """``path`` is asked with GET; ``log`` is what the processes say, and ends every complaint."""

    def __init__(self, path: str, clock: Clock, log: Path) -> None:
        self._path = path
        self._clock = clock
        self._log = log

    async def ask(self, port: int, within_s: float) -> str:
        """What came instead of a good answer within ``within_s``; empty: a good one."""
        answer = await self._asked(port, within_s)
        return "" if answer.ok else told(answer)

    async def until_good(self, process: Process, port: int, within_s: float) -> None:
        """Raises ServiceFailed when the process ends first, or gives no good answer within ``within_s``."""
        deadline_ns = self._clock.now_ns() + round(within_s * NS_PER_S)
        while not (answer := await self._asked(port, WITHIN_S)).ok:
            if not process.alive:
                raise ServiceFailed(f"the target ended while it started ({described(await process.ended())}){self._log_tail()}")
            if self._clock.now_ns() > deadline_ns:
                why = f"GET {self._path} on 127.0.0.1:{port}: {told(answer)}{_elsewhere(process)}"
                raise ServiceFailed(f"the target was not healthy within {within_s:g} s (boot): {why}{self._log_tail()}")
            await asyncio.sleep(EVERY_S)

    async def _asked(self, port: int, within_s: float) -> Exchange:
        by_ns = self._clock.now_ns() + round(within_s * NS_PER_S)
        return await asked(HttpDialer("127.0.0.1", port, self._clock), f"127.0.0.1:{port}", self._path, by_ns)

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:] if self._log.exists() else []
        return "\n".join(["", f"the last {len(lines)} lines of its log:", *(f"    {line}" for line in lines)]) if lines else ""


def _elsewhere(process: Process) -> str:
    """Where it listens, if not where it is asked: a command without {port}, ``localhost`` that means ::1."""
    found = listener.addresses(process.pid)
    return f"; it listens on {', '.join(found)}" if found else "; it listens nowhere"


async def asked(dialer: HttpDialer, host: str, path: str, by_ns: int) -> Exchange:
    """One GET over a new connection, good when it is answered 200 by then."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    exchange, line = await dialer.send(request, expect=frozenset({200}), connect_by_ns=by_ns, answer_by_ns=by_ns)
    if line is not None:
        line.close()
    return exchange


def told(answer: Exchange) -> str:
    """What came instead of a good answer, in a word or two."""
    return f"status {answer.status}" if answer.outcome is Outcome.BAD_STATUS else answer.outcome.name.lower().replace("_", " ")
