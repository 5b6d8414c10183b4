"""Services that know nothing of the lab, in Node and Java: every fault works on them, and no secret of theirs is kept.

The drills of this file run two at a time, begun with the first test that wants one: each takes 10 to 25 s, most of it waiting.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from faults.backlog import Backlog
from lab.clock import MonotonicClock
from lab.doctor import available
from lab.drill.model import Target
from lab.fault import Place
from lab.runtimes.processes.ports import choose
from lab.runtimes.processes.service import ProcessService
from tests.required import lacks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "foreign"
SECRET = secrets.token_hex(16)
LAB = [sys.executable, "-c", "from lab.cli.main import main; main()"]

HEAD = """
drill: {name}
target:
  command: "{command}"
  boot: 10s
  writes: true
  settings: {{token_sha256: "{sha}"}}
  requests:
    order:
      post: /orders
      json: {{item: 1}}
      headers: {{Idempotency-Key: "{{uuid}}", Authorization: "Bearer ${{SHOP_TOKEN}}"}}
alarm: {{errors: {{above: 20%, over: 500ms, for: 250ms}}, died: {{}}}}
stages:
"""
COMMON = """
    settle: 100ms
    probe: {rate: 100/s, connect: 250ms, slow: 500ms, request: order}
"""
USERS = "    load: {executor: constant-vus, vus: 5, request: order}\n"
CRASH = (
    "  - stage: crash"
    + COMMON
    + """    fault: crash
    lasts: until recovered
    measures: {auto-restart: {respond: [{when: died, do: restart, limit: 3/60s}]}}
    within: {detect: 1s, recover: 3s}
"""
)
WIRE = (
    "  - stage: wire"
    + COMMON
    + """    lane: proxy
    fault: {reset_peer: {lost: reply}}
    lasts: 1s
    within: {recover: 1s}
"""
)
SAME_BACKLOG = (
    "  - stage: same-backlog"
    + COMMON
    + """    fault: {backlog: {size: 511, defer: true}}
    lasts: 1s
"""
)
NO_CRASH = "  - stage: no-crash" + COMMON + "    fault: crash\n    lasts: 1s\n"

# Faults of the working directory hide those of the package: the same injections, and their effect taken away at once.
BLUNT = '''
from contextlib import asynccontextmanager
from dataclasses import dataclass
from faults.crash import Crash
from faults.reset_peer import ResetPeer

@dataclass(frozen=True, kw_only=True)
class BluntCrash(Crash):
    """Says that it kills, and does not."""

    @asynccontextmanager
    async def inject(self, place):
        yield "nothing, really"

@dataclass(frozen=True, kw_only=True)
class BluntReset(ResetPeer):
    """The toxic is there, and applies to no connection."""

    @asynccontextmanager
    async def inject(self, place):
        await place.toxics.add("lab_reset_peer", "reset_peer", "downstream", {"timeout": 0}, toxicity=0.0)
        try:
            yield "reset_peer, reply lost"
        finally:
            await place.toxics.remove("lab_reset_peer")
'''


@dataclass(frozen=True)
class Ran:
    exit: int
    stdout: str
    stderr: str
    place: Path

    @cached_property
    def verdict(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    def stage(self, name: str) -> dict[str, Any]:
        return next(stage for stage in self.verdict["stages"] if stage["stage"] == name)

    @property
    def run_dir(self) -> Path:
        return (self.place / "runs" / "latest").resolve()

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.run_dir / "events-run.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["kind"] == kind]


@pytest.fixture(scope="module")
def node() -> str:
    if shutil.which("node") is None:
        lacks("Node")
    return "node"


def drill_text(name: str, command: str, *stages: str) -> str:
    return HEAD.format(name=name, command=command, sha=sha256(SECRET.encode()).hexdigest()) + "".join(stages)


def carry_out(place: Path, *arguments: str, token: str | None = SECRET) -> Ran:
    env = {name: value for name, value in os.environ.items() if name != "SHOP_TOKEN"}
    env |= {} if token is None else {"SHOP_TOKEN": token}
    done = subprocess.run([*LAB, "drill", *arguments, "--json"], cwd=place, env=env, capture_output=True, text=True, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr, place)


SCRIPT = "sh -c 'env; node shop.mjs {port} & wait'"
DRILLS: dict[str, tuple[str, str, Sequence[str]]] = {
    # name: (drill, faults of its own, arguments); the longest first
    "example": ("", "", ["shop", "--runtime", "open"]),
    "blunt": (drill_text("blunt", "node shop.mjs {port}", WIRE, SAME_BACKLOG, NO_CRASH), BLUNT, []),
    "script": (drill_text("script", SCRIPT, WIRE + USERS, CRASH), "", []),
    "java": (drill_text("java", "java -Xshare:auto -XX:TieredStopAtLevel=1 Shop.java {port}", CRASH), "", []),
    "without": (drill_text("without", SCRIPT, CRASH), "", ["--without", "auto-restart"]),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ran]]:
    pool = ThreadPoolExecutor(max_workers=2)
    begun: dict[str, Future[Ran]] = {}

    def begin(name: str) -> Future[Ran]:
        drill, faults, arguments = DRILLS[name]
        place = tmp_path_factory.mktemp(name)
        shutil.copytree(EXAMPLE, place, dirs_exist_ok=True)
        if drill:
            (place / "drills" / f"{name}.yaml").write_text(drill)
        if faults:
            (place / "faults").mkdir()
            (place / "faults" / "blunt.py").write_text(faults)
        return pool.submit(carry_out, place, *(arguments if "shop" in arguments else [name, *arguments]))

    def wait_for(name: str) -> Ran:
        if not begun:
            begun.update({each: begin(each) for each in DRILLS if each != "java" or shutil.which("java")})
        return begun[name].result()

    yield wait_for
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def sandbox() -> None:
    if (why := available()) is not None:
        lacks(f"the sandbox ({why})")


@pytest.mark.namespaces
@pytest.mark.toxiproxy
def test_a_service_behind_a_start_script_is_broken_and_restarted(sandbox: None, node: str, ran: Callable[[str], Ran]) -> None:
    """The process that listens is not the one that was started: it is killed, its death seen at once, another one started."""
    run = ran("script")
    assert run.stage("wire")["evidence"]["landed"] == "yes", run.stdout + run.stderr
    crash = run.stage("crash")
    assert crash["verdict"] == "pass", run.stdout + run.stderr
    assert crash["evidence"]["counters"] == {"deaths": 1}
    assert crash["episodes"][0]["detect_s"] < 0.1
    assert [event["state"] for event in run.events("target") if event["stage"] == "crash"] == [
        *("died", "stopping", "stopped", "starting", "started", "ready"),
    ]


@pytest.mark.namespaces
@pytest.mark.toxiproxy
def test_a_secret_reaches_the_service_and_no_file_of_the_run(sandbox: None, node: str, ran: Callable[[str], Ran]) -> None:
    """The shop answers 401 to anything but the secret; its start script prints its whole environment into the log."""
    run = ran("script")
    probe, users = (run.stage("wire")[part] for part in ("evidence", "users"))
    for outcomes in (probe["probe"]["outcomes"], users["outcomes"]):
        assert outcomes["ok"] > 100, run.stderr
        assert "bad_status" not in outcomes
    files = [path for path in run.place.rglob("*") if path.is_file()]
    assert any("TARGET_TOKEN_SHA256" in path.read_text(errors="replace") for path in files if path.name == "target.log")
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert "${SHOP_TOKEN}" in (run.run_dir / "drill.json").read_text()
    assert SECRET not in run.stdout + run.stderr


@pytest.mark.namespaces
def test_without_a_restart_it_stays_down(sandbox: None, node: str, ran: Callable[[str], Ran]) -> None:
    run = ran("without")
    assert run.exit == 1, run.stdout + run.stderr
    assert run.stage("crash")["episodes"][0]["recovered_s"] is None
    assert "FAIL crash: not recovered in 3 s" in run.stderr


def test_the_example_passes_in_the_open(node: str, ran: Callable[[str], Ran]) -> None:
    """Also the accept queue of an IPv6 listener, which has no setting for it."""
    run = ran("example")
    assert (run.exit, run.verdict["verdict"]) == (0, "pass"), run.stdout + run.stderr
    queue = run.stage("accept-queue")
    assert queue["evidence"]["done"].startswith("backlog 511→4, live")
    assert queue["evidence"]["landed"] == "yes"
    assert queue["episodes"][0]["affected"] == ["all", "fresh"]


@pytest.mark.namespaces
def test_a_service_on_the_jvm_is_broken_and_restarted(sandbox: None, ran: Callable[[str], Ran]) -> None:
    if shutil.which("java") is None:
        lacks("Java")
    run = ran("java")
    assert (run.exit, run.verdict["verdict"]) == (0, "pass"), run.stdout + run.stderr


@pytest.mark.namespaces
@pytest.mark.toxiproxy
@pytest.mark.parametrize(("stage", "landed"), [("wire", "in part"), ("same-backlog", "no"), ("no-crash", "no")])
def test_an_injection_whose_effect_is_taken_away_is_unknown(
    sandbox: None, node: str, ran: Callable[[str], Ran], stage: str, landed: str
) -> None:
    """No evidence moves; but with a reset_peer that applies to nothing OutRsts does, because Toxiproxy then ends every
    connection with a RST, also one that has carried its answer: that is why the probe must have felt it too."""
    run = ran("blunt")
    assert run.exit == 3, run.stdout + run.stderr
    judged = run.stage(stage)
    assert (judged["verdict"], judged["evidence"]["landed"]) == ("unknown", landed)
    assert judged["episodes"] == []
    assert landed == "in part" or set(judged["evidence"]["counters"].values()) == {0}, judged["evidence"]


def test_a_secret_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    refused = carry_out(tmp_path, "shop", token=None)
    assert refused.exit == 2
    assert "${SHOP_TOKEN} (target.requests.order.headers.Authorization) is not in the environment" in refused.stderr
    assert not (tmp_path / "runs").exists()


@asynccontextmanager
async def node_service(run_dir: Path, settings: dict[str, int | str]) -> AsyncIterator[ProcessService]:
    (run_dir / "logs").mkdir()
    target = Target(command=f"sh -c 'node {EXAMPLE}/shop.mjs {{port}} & wait'")
    service = ProcessService(target, choose(None, own_network=False), run_dir, {"PATH": os.environ["PATH"]}, MonotonicClock(0))
    await service.start(settings)
    try:
        await service.until_ready(10)
        yield service
    finally:
        await service.stop(0)


async def test_the_backlog_of_an_ipv6_listener_is_resized_and_put_back(node: str, tmp_path: Path) -> None:
    async with node_service(tmp_path, {}) as service:
        place = Place(target=service, toxics=None, own_network=False)
        with service.listener() as listener:
            assert listener.getsockname()[0] == "::"
        async with Backlog(size=4, defer=True).inject(place) as done:
            assert service.backlog() == 4
            assert done == f"backlog 511→4, live (pid {service.pid})"
        assert service.backlog() == 511


async def test_the_shop_serves_nobody_without_its_secret(node: str, tmp_path: Path) -> None:
    async with node_service(tmp_path, {"token_sha256": sha256(SECRET.encode()).hexdigest()}) as service:
        url = f"http://127.0.0.1:{service.port}/orders"
        assert [await asyncio.to_thread(status, url, token) for token in ("wrong", SECRET)] == [401, 200]


def status(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1", "Content-Type": "application/json"}
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            urllib.request.Request(url, b'{"item": 1}', headers), timeout=5
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
