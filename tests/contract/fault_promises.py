"""What every fault promises, each as a coroutine that raises AssertionError when it is broken.

``python fault_promises.py RUN_DIR TOXIPROXY`` keeps them all here and now: that is how they are tried in a sandbox, where
the network, and so its sysctls and counters, is ours alone.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Set
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from lab import catalogue
from lab.clock import MonotonicClock
from lab.drill.calls import build_fault, read_call
from lab.drill.model import FaultCall, Target
from lab.fault import Counters, Fault, Need, Place, Toxics
from lab.process import Process
from lab.proxy import ProxyControl, ToxiproxyServer
from lab.runtimes.processes.ports import choose
from lab.runtimes.processes.service import ProcessService

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
SERVER = Path(__file__).with_name("little_server.py")
_SECTION = re.compile(r"^## ([a-z][a-z0-9_]*)$\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def sections() -> dict[str, str]:
    """The page's text about each fault. Headings that are no single name are about something else."""
    return {name: text for name, text in _SECTION.findall(PAGE.read_text()) if name in catalogue.faults()}


def example(name: str) -> dict[str, Any]:
    """The stage that the page shows for a fault."""
    found = _EXAMPLE.search(sections().get(name, ""))
    assert found is not None, f"docs/faults.md shows no example of {name}"
    stage: dict[str, Any] = yaml.safe_load(found[1])
    return stage


def fault_of(name: str) -> Fault:
    """As its example has it."""
    faults = catalogue.faults()
    call, findings = read_call(example(name)["fault"], ("fault",), faults)
    assert call is not None
    assert findings == []
    fault: Fault = build_fault(call, faults)
    return fault


@dataclass(frozen=True)
class Bench:
    """A little server, and a proxy before it where Toxiproxy is there."""

    place: Place
    service: ProcessService
    proxy: ProxyControl | None
    port: int
    """Where users come: the proxy's, where there is one."""

    async def state(self) -> Mapping[str, object]:
        """All that a fault may have changed, as far as it can be read back."""
        found: dict[str, object] = {}
        await self._see_it_die()
        if self.service.running:
            found["backlog"] = self.service.backlog()
            found["stopped"] = _status(self.service.pid)["State"].startswith("T")
        if self.proxy is not None:
            found["toxics"] = await self.proxy.toxics()
        return found | (_sysctls() if self.place.own_network else {})

    async def _see_it_die(self) -> None:
        """One that has been killed may run on for a moment."""
        if self.service.running and _is_dying(self.service.pid):
            await asyncio.wait_for(self.service.until_dead(), 5)

    async def put_up(self) -> None:
        """A crash leaves nothing to put back; the next promise wants a server again."""
        await self._see_it_die()
        if not self.service.running:
            await self.start(backlog=64)

    async def start(self, backlog: int) -> None:
        await self.service.start({"backlog": backlog})
        await self.service.until_ready(5)


def _is_dying(pid: int) -> bool:
    try:
        status = _status(pid)
    except (FileNotFoundError, ProcessLookupError):
        return True
    pending = int(status["SigPnd"], 16) | int(status["ShdPnd"], 16)
    return status["State"][0] in "ZX" or bool(pending >> (signal.SIGKILL - 1) & 1)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _sysctls() -> dict[str, object]:
    """Those that a fault of TCP or IP could set, of our own namespace."""
    return {path.name: path.read_text() for path in Path("/proc/sys/net/ipv4").iterdir() if path.name.startswith(("tcp_", "ip_"))}


@asynccontextmanager
async def bench(run_dir: Path, toxiproxy: Path | None, *, own_network: bool) -> AsyncIterator[Bench]:
    """Everything is ended on exit."""
    (run_dir / "logs").mkdir(exist_ok=True)
    ports = choose(None, own_network=own_network)
    target = Target(command=f"{{python}} -S {SERVER} {{port}}")
    service = ProcessService(target, ports, run_dir, {"PATH": os.environ["PATH"]}, MonotonicClock(0))
    server = None
    proxy: ProxyControl | None = None
    try:
        if toxiproxy is not None:
            log = run_dir / "logs" / "toxiproxy.log"
            argv = ToxiproxyServer.argv(toxiproxy, ports.toxiproxy)
            server = Process.spawn(argv, env={"PATH": os.environ["PATH"], **ToxiproxyServer.env(None)}, stdout=log, stderr=log)
            proxy = ProxyControl(ports.toxiproxy)
            await proxy.ready(5)
            await proxy.create("target", ports.proxy, ports.service)
        toxics: Toxics | None = proxy
        port = ports.service if proxy is None else ports.proxy
        made = Bench(Place(target=service, toxics=toxics, own_network=own_network), service, proxy, port)
        await made.put_up()
        yield made
    finally:
        await service.stop(0)
        if proxy is not None:
            proxy.close()
        if server is not None:
            await server.stop(0)


async def heals_twice(fault: Fault, at: Bench) -> None:
    """Injected, healed, injected, healed: each time all is as it was before."""
    for _ in range(2):
        await at.put_up()
        before = await at.state()
        async with fault.inject(at.place) as done:
            assert done, "it says nothing of what it did"
        await _same_but_for_the_dead(at, before)


async def changes_something_while_it_stands(fault: Fault, at: Bench) -> None:
    """Else all the other promises are easily kept."""
    await at.put_up()
    before = await at.state()
    async with fault.inject(at.place):
        during = await at.state()
    assert during != before, "it changed nothing that can be read back"


async def heals_on_cancel(fault: Fault, at: Bench) -> None:
    await at.put_up()
    before = await at.state()
    injected = asyncio.Event()

    async def stand() -> None:
        async with fault.inject(at.place):
            injected.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(stand())
    async with asyncio.timeout(5):
        await asyncio.wait({task, asyncio.ensure_future(injected.wait())}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    assert isinstance(outcome, asyncio.CancelledError), f"cancelled, it ended with {outcome!r}"
    await _same_but_for_the_dead(at, before)


async def heals_on_cancel_while_it_injects(fault: Fault, at: Bench) -> None:
    """At whatever await of the injection the cancel comes."""
    for turns in range(4):
        await at.put_up()
        before = await at.state()

        async def stand() -> None:
            async with fault.inject(at.place):
                await asyncio.Event().wait()

        task = asyncio.ensure_future(stand())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _same_but_for_the_dead(at, before)


async def heals_when_the_process_is_gone(fault: Fault, at: Bench) -> None:
    await at.put_up()
    before = await at.state()
    async with fault.inject(at.place):
        await _kill(at)
        fault.evidence(at.place)  # readable all the while
    await _same_but_for_the_dead(at, before)


async def heals_when_another_process_has_come(fault: Fault, at: Bench) -> None:
    """A restart in the middle: what the new process was started with is its own."""
    await at.put_up()
    before = await at.state()
    async with fault.inject(at.place):
        await at.service.stop(0)
        await at.start(backlog=32)
    after = await at.state()
    await at.service.stop(0)
    assert after == {**before, "backlog": 32}


async def leaves_its_evidence_alone_when_it_did_nothing(fault: Fault, at: Bench) -> None:
    """Not injected: answers come and go, and nothing of it looks like the fault."""
    await at.put_up()
    before = fault.evidence(at.place)
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", at.service.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()
    after = fault.evidence(at.place)
    assert after == before


async def its_evidence_moves_when_it_bites(fault: Fault, at: Bench) -> None:
    """Injected, with users who feel it: else no stage with it could ever be called a pass."""
    await at.put_up()
    before = fault.evidence(at.place)
    async with fault.inject(at.place):
        with _crowd(at) as let_go:
            if await _moved(fault, at, before):
                return
            let_go()
            if await _moved(fault, at, before):
                return
    raise AssertionError(f"it bit, and its evidence stayed {before}")


async def _moved(fault: Fault, at: Bench, before: Counters) -> bool:
    for _ in range(100):
        if fault.evidence(at.place) != before:
            return True
        await asyncio.sleep(0.005)
    return False


@contextmanager
def _crowd(at: Bench) -> Iterator[Callable[[], None]]:
    """Forty users come while the service accepts nobody, more than a small accept queue holds; when it is let go it answers.

    It is not let go at once: on a busy machine the kernel takes up their SYNs only later (ksoftirqd), one by one then.
    """
    with ExitStack() as stack:
        let_go = partial(at.service.signal, signal.SIGCONT)
        at.service.signal(signal.SIGSTOP)
        stack.callback(let_go)
        for _ in range(40):
            user = stack.enter_context(socket.socket())
            user.setblocking(False)
            user.connect_ex(("127.0.0.1", at.port))
            with suppress(OSError):  # not connected, or not any more: that is how a user feels it
                user.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        yield let_go


async def says_so_when_it_cannot_be_injected(fault: Fault, at: Bench) -> None:
    """Without what it needs it raises, and does not pretend."""
    await at.put_up()
    if "proxy" in fault.needs:
        nowhere = Place(target=at.service, toxics=None, own_network=at.place.own_network)
    else:
        await at.service.stop(0)
        nowhere = at.place
    try:
        async with fault.inject(nowhere) as done:
            raise AssertionError(f"it says {done!r}")
    except (ProcessLookupError, RuntimeError):
        pass  # as it should


async def _kill(at: Bench) -> None:
    if at.service.running:
        at.service.kill()
        await asyncio.wait_for(at.service.until_dead(), 5)


async def _same_but_for_the_dead(at: Bench, before: Mapping[str, object]) -> None:
    """What is gone with its process cannot be put back, and need not be."""
    after = await at.state()
    gone = () if at.service.running else ("backlog", "stopped")
    changed = {name: (was, after.get(name)) for name, was in before.items() if name not in gone and after.get(name) != was}
    assert changed == {}, f"not put back: {changed}"


PROMISES: Mapping[str, Callable[[Fault, Bench], Coroutine[Any, Any, None]]] = {
    promise.__name__: promise
    for promise in (
        changes_something_while_it_stands,
        heals_twice,
        heals_on_cancel,
        heals_on_cancel_while_it_injects,
        heals_when_the_process_is_gone,
        heals_when_another_process_has_come,
        leaves_its_evidence_alone_when_it_did_nothing,
        its_evidence_moves_when_it_bites,
        says_so_when_it_cannot_be_injected,
    )
}


def is_promised(promise: str, needs: Set[Need]) -> bool:
    """A fault that needs nothing may do nothing: then there is nothing to see, to prove, or to lack."""
    match promise:
        case "changes_something_while_it_stands" | "its_evidence_moves_when_it_bites":
            return bool(needs)
        case "says_so_when_it_cannot_be_injected":
            return bool(needs & {"proxy", "pid"})
    return True


def is_tried_on_the_machine(promise: str, needs: Set[Need]) -> bool:
    """Else the sandbox alone tries it: there the network is ours, here others move the proxy's counters."""
    if "proxy" in needs and promise in ("leaves_its_evidence_alone_when_it_did_nothing", "its_evidence_moves_when_it_bites"):
        return False
    return "netns" not in needs


async def sets_the_sysctl_of_its_own_network_only_when_asked(at: Bench) -> None:
    """The fault ``backlog`` with ``abort``."""
    await at.put_up()
    for abort, value in (("auto", "1\n"), ("never", "0\n")):
        fault: Fault = build_fault(FaultCall("backlog", {"size": 4, "abort": abort}), catalogue.faults())
        async with fault.inject(at.place):
            assert _sysctls()["tcp_abort_on_overflow"] == value, abort


async def keep_all(run_dir: Path, toxiproxy: Path | None) -> list[str]:
    """Every promise of every fault that can be tried, in a network of our own; returns those that were broken."""
    broken = []
    async with bench(run_dir, toxiproxy, own_network=True) as at:
        await sets_the_sysctl_of_its_own_network_only_when_asked(at)
        for name in catalogue.faults():
            fault = fault_of(name)
            if "proxy" in fault.needs and toxiproxy is None:
                continue
            for promised, promise in PROMISES.items():
                if not is_promised(promised, fault.needs):
                    continue
                try:
                    await promise(fault, at)
                except Exception as error:  # whatever it was: the promise is broken, and the next one still to be tried
                    broken.append(f"{name} {promised}: {type(error).__name__}: {error}")
    return broken


if __name__ == "__main__":
    found = asyncio.run(keep_all(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
    print("\n".join(found))
    sys.exit(1 if found else 0)
