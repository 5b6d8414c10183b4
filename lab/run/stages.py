"""The one loop: what happens in a stage, in order. A load test is a stage without a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from lab.drill.address import authority
from lab.drill.model import Scalar, Stage
from lab.fault import Place
from lab.history.model.events import BaselineEvent, NoteEvent, StageEvent, TargetEvent, TickEvent
from lab.http.template import Template
from lab.nanoseconds import NS_PER_S
from lab.respond import actions
from lab.run import crowd, readings
from lab.run.abort import Aborted, AbortWatch
from lab.run.background import beside, end, unless_one_fails
from lab.run.bench import Bench, StageBroken
from lab.run.crowd import Crew, Crowd
from lab.run.custody import Custody
from lab.run.injection import Injection, cool
from lab.run.next_start import NextStart
from lab.run.responder import Responder
from lab.run.tape import Tape
from lab.runtimes.base import LaneEnd, Service, ServiceFailed
from lab.watch.probe import Probe, Question
from lab.watch.watcher import BEAT_NS, Watcher

LOAD_MARGIN_S = 2.0
"""Over its own longest time: for the last rows of a load that ends by itself."""


async def run_stage(bench: Bench, index: int, stage: Stage) -> None:
    """Carries out one stage and records it.

    1. rest; 2. the kernel has, and the target runs with this stage's settings, while the processes of the load come up;
    3. the lane is open; 4. the probe opens its kept lines and begins; 5. the load begins at an absolute instant; 6. it
    settles, then the baseline; 7. the fault is injected; 8. it stands for ``lasts``, or until the watch sees a recovery or the
    deadline is past; 9. it is healed, whatever happens; 10. cool, hardly so after a deadline; 11. load and probe end, the lane
    closes. Cancelled at any point, it heals and closes all the same.
    A load test (``judge: load``) has none of 6 to 10: it ends with its load.

    Raises ServiceFailed or StageBroken when the stage cannot be carried out, Aborted when a threshold ended it.
    """
    tape = bench.tape.of_stage(stage.stage)
    tape.write(StageEvent(t_ns=tape.now_ns(), phase="begin"))
    try:
        await asyncio.sleep(stage.rest)
        with bench.room.kernel(stage.kernel.given):
            async with crowd.standing_by(bench, index, stage.load) as crew:
                await _target_with(bench, tape, NextStart(bench, stage).settings())
                async with _lane(bench, stage) as lane:
                    await _measure(bench, index, stage, tape, lane, crew)
    except (ServiceFailed, StageBroken) as error:
        tape.write(StageEvent(t_ns=tape.now_ns(), phase="end", error=str(error)))
        raise
    except Aborted:
        tape.write(StageEvent(t_ns=tape.now_ns(), phase="end"))
        raise
    tape.write(StageEvent(t_ns=tape.now_ns(), phase="end"))


async def _target_with(bench: Bench, tape: Tape, settings: Mapping[str, Scalar]) -> None:
    """The target runs with these settings, in one process; what runs otherwise is replaced, its database stays."""
    service = bench.room.service
    if service.running and service.settings == settings and service.workers == 1:
        return
    if service.running:
        await service.stop(grace_s=2.0)
        tape.write(TargetEvent(t_ns=tape.now_ns(), state="stopped"))
    await actions.start(service, settings, bench.plan.drill.target.boot, _reporter(bench, tape))
    await asyncio.sleep(bench.plan.drill.target.warmup)


def _reporter(bench: Bench, tape: Tape) -> actions.Report:
    def report(state: actions.State) -> None:
        service = bench.room.service
        pid = _pid_of(service) if state == "ready" else 0
        tape.write(
            TargetEvent(t_ns=tape.now_ns(), state=state, pid=pid, settings=dict(service.settings) if state == "ready" else {})
        )

    return report


def _pid_of(service: Service) -> int:
    """0 for a service that is known by its URL alone."""
    try:
        return service.pid
    except ProcessLookupError:
        return 0


@asynccontextmanager
async def _lane(bench: Bench, stage: Stage) -> AsyncIterator[LaneEnd]:
    try:
        yield await bench.room.open_lane(stage.lane)
    finally:
        await bench.room.close_lane()


async def _measure(bench: Bench, index: int, stage: Stage, tape: Tape, lane: LaneEnd, crew: Crew | None) -> None:
    """Steps 4 to 11, under an exit stack that ends load, probe and background tasks in every case."""
    next_start = NextStart(bench, stage)
    boot_s = bench.plan.drill.target.boot
    async with AsyncExitStack() as stack:
        watcher = Watcher(stage, bench.room.clock, tape.write, bench.keep_row, planned=bench.plan.planned[stage.stage])
        probe = _probe(bench, index, stage, lane, watcher)
        await probe.open_kept()
        watcher.attach(probe)

        def note(text: str) -> None:
            tape.write(NoteEvent(t_ns=tape.now_ns(), text=text))

        custody = Custody(tape)
        service, keep = bench.room.service, next_start.keep
        means = actions.Means(service, bench.room.run, next_start.settings, keep, boot_s, _reporter(bench, tape), note)
        responder = Responder(stage, bench.room, tape, watcher, means, custody)
        await stack.enter_async_context(_drained(probe, watcher, at_once=stage.is_load_test))
        stack.push_async_callback(responder.close)
        at_work = [
            _beat(watcher, responder),
            _watch_deaths(bench, tape, watcher, responder),
            readings.of_the_machine(bench, tape),
            readings.of_the_listener(bench, stage, watcher),
            readings.of_health(bench, stage, watcher),
        ]
        if stage.is_load_test:
            at_work.append(readings.of_the_target(bench, tape))
        tasks = beside(stack, *at_work, probe.run())
        users = None
        if crew is not None:
            users = await crowd.begin(bench, index, crew, tape, lane.port, stack)
            tasks += beside(stack, _tick(tape, users))
        if stage.is_load_test and users is not None:
            watch = AbortWatch(bench, stage, index, bench.room.clock.now_ns())
            tasks += beside(stack, watch.run())
            await unless_one_fails(tasks, _load_alone(stage, users))
        else:
            await unless_one_fails(tasks, _baseline_and_fault(bench, stage, tape, lane, watcher, next_start, custody))


def _probe(bench: Bench, index: int, stage: Stage, lane: LaneEnd, watcher: Watcher) -> Probe:
    requests = bench.requests
    name = stage.probe.request
    question = Question(
        template=Template(
            requests[name], name=name, host=authority(bench.room.host, lane.port), headers={"X-Lab-Run": bench.run_id}
        ),
        expect=frozenset(requests[name].expect),
        request=list(requests).index(name),
        scenario=index,
        run=bench.run_id,
        first_key=next(bench.keys),
    )
    return Probe(stage.probe, question, bench.room.dialer(lane.port), bench.room.clock, watcher.on_row)


@asynccontextmanager
async def _drained(probe: Probe, watcher: Watcher, *, at_once: bool) -> AsyncIterator[None]:
    """What is in flight at the end is waited for. It is cut in a load test, which ends with its load (what an overloaded target
    would say a second later is of no figure), and when somebody interrupts, who has waited long enough."""
    try:
        yield
    except asyncio.CancelledError:
        at_once = True
        raise
    finally:
        if at_once:
            probe.cut()
        await probe.drain()
        watcher.finish()


async def _beat(watcher: Watcher, responder: Responder) -> None:
    """Every 10 ms: notice stalls, release what is known, raise and clear alarms, let the responder decide."""
    while True:
        responder.consider(watcher.beat())
        await asyncio.sleep(BEAT_NS / NS_PER_S)


async def _watch_deaths(bench: Bench, tape: Tape, watcher: Watcher, responder: Responder) -> None:
    """Process death is known at once, by pidfd; an inherited listener would hide it from any probe for a while."""
    service = bench.room.service
    while True:
        how = await service.until_dead()
        tape.write(TargetEvent(t_ns=tape.now_ns(), state="died", detail=how))
        watcher.target_died()
        responder.consider(watcher.beat())
        await service.until_running()
        watcher.target_is_back()


async def _load_alone(stage: Stage, users: Crowd) -> None:
    """Until the load has done all it had to do; one without an end of its own has its stage's."""
    endless = stage.load is None or stage.load.length_s is None
    try:
        async with asyncio.timeout(stage.load_s + (0.0 if endless else LOAD_MARGIN_S)):
            await users.until_over()
    except TimeoutError:
        pass  # the stage ends, and the load with it: what is in flight is cut


async def _tick(tape: Tape, users: Crowd) -> None:
    """Once a second, for the display: how the load fares."""
    while True:
        now = users.latest
        tape.write(
            TickEvent(
                t_ns=tape.now_ns(),
                shares=now.outcomes,
                rate=now.rate,
                p50_ms=now.p50_ms,
                p95_ms=now.p95_ms,
                p99_ms=now.p99_ms,
                statuses=now.statuses,
                vus=now.vus,
            )
        )
        await asyncio.sleep(1.0)


async def _baseline_and_fault(
    bench: Bench, stage: Stage, tape: Tape, lane: LaneEnd, watcher: Watcher, next_start: NextStart, custody: Custody
) -> None:
    """Steps 6 to 10."""
    fault = bench.fault_of(stage)
    place = Place(target=bench.room.service, toxics=lane.toxics, own_network=bench.room.own_network, custody=custody.of)
    injection = None if fault is None else Injection(fault, place, bench.room)

    await _alive_for(bench, stage.settle)
    begin_ns = bench.room.clock.now_ns()
    tape.write(BaselineEvent(t_ns=begin_ns, phase="begin", counters=injection.read_evidence(tape) if injection else {}))
    watcher.baseline_begins(begin_ns)
    await _alive_for(bench, stage.baseline_s - stage.settle)
    counters = injection.read_evidence(tape) if injection else {}
    tape.write(BaselineEvent(t_ns=tape.now_ns(), phase="end", counters=counters))
    if injection is None:
        await asyncio.sleep(stage.lasts)
        return
    await _alive_for(bench, Random(f"{bench.plan.seed}/{stage.stage}").uniform(0, stage.longest_period_s))
    with next_start.left_by(injection.fault):
        why = await injection.stand(stage, tape, watcher)
    await cool(stage, watcher, why)


async def _alive_for(bench: Bench, seconds: float) -> None:
    """Waits; a target that dies before the fault came ends the stage."""
    death = asyncio.ensure_future(bench.room.service.until_dead())
    try:
        done, _ = await asyncio.wait({death}, timeout=seconds)
    finally:
        await end(death)
    if done:
        raise StageBroken(f"the target died before the fault was injected: {death.result()}")
