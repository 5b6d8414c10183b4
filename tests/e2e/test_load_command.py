"""``lab load`` as it is typed: a plan of one's own, an abort, what is refused before anything starts."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_process import LAB

from lab.load import find_k6
from tests.required import lacks
from tests.unit.http.authority import Authority

pytestmark = pytest.mark.slow
PLAN = """drill: mine
target: {use: coupon-order, settings: {work_ms: 1}}
stages:
  - stage: steady
    judge: load
    load: {executor: constant-arrival-rate, rate: 50/s, vus: 10, duration: 2s, request: {coupon: 1, order: 1}}
    thresholds: {http_req_failed: rate<0.01}
  - stage: burst
    judge: load
    load: {executor: per-vu-iterations, vus: 40, iterations: 2, request: order}
"""
ABORT = """drill: ends-early
target: {use: coupon-order}
stages:
  - stage: hopeless
    judge: load
    load: {executor: constant-vus, vus: 5, duration: 60s, request: order}
    thresholds: {http_req_duration: {threshold: p(95)<1, abort: true}}
  - stage: never
    judge: load
    load: {executor: constant-vus, vus: 5, duration: 60s, request: order}
"""


def lab(cwd: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAB, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, env={**os.environ, **variables}
    )


def test_a_plan_of_ones_own_is_a_run_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PLAN)
    done = lab(tmp_path, "load", "mine.yaml", "--runtime", "open", "--shards", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    run = (tmp_path / "runs" / "latest").resolve()
    verdict = json.loads((run / "verdict.json").read_text())
    steady, burst = (stage["load"] for stage in verdict["stages"])
    assert (steady["requests"], burst["requests"]) == (100, 80)
    assert (steady["generator"]["shards"], steady["dropped"]) == (2, 0)
    assert {path.name for path in run.glob("requests-load-*.arrows")} == {f"requests-load-{i}.arrows" for i in range(4)}
    assert "coupon_200 " in done.stdout
    assert lab(tmp_path, "analyze", "latest").returncode == 0
    assert json.loads((run / "verdict.json").read_text()) == verdict


def test_a_threshold_that_aborts_ends_the_run_in_seconds_and_fails_it(tmp_path: Path) -> None:
    (tmp_path / "abort.yaml").write_text(ABORT)
    done = lab(tmp_path, "load", "abort.yaml", "--runtime", "open")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "threshold http_req_duration p(95)<1" in done.stdout
    assert "aborted: threshold http_req_duration p(95)<1 was crossed after 2 s" in done.stdout
    verdict = json.loads((tmp_path / "runs" / "latest" / "verdict.json").read_text())
    assert [stage["verdict"] for stage in verdict["stages"]] == ["fail", "unknown"]


SCRIPT = """import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 5, iterations: 40 };
export default function () {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `${__ENV.LAB_RUN}-${__VU}-${__ITER}` };
  const body = JSON.stringify({ item: 1, quantity: 1 });
  const answer = http.post(`${__ENV.BASE_URL}/orders`, body, { headers, tags: { name: 'order' } });
  check(answer, { 'is an order': (r) => r.status === 200, 'is early': () => __ITER < 4 });
}
"""
K6_LOAD = """    load: {k6: shop.js}
    thresholds: {http_reqs: count==40, 'checks{check:is an order}': rate==1, checks: rate>0.5}
"""
HEAD = "drill: scripted\ntarget: {use: coupon-order}\nstages:\n  - stage: script\n    judge: load\n"


def test_a_script_for_the_real_k6_runs_in_the_loads_place(tmp_path: Path) -> None:
    try:
        find_k6.find()
    except find_k6.NotFound:
        lacks("k6")
    (tmp_path / "shop.js").write_text(SCRIPT)
    (tmp_path / "k6.yaml").write_text(HEAD + K6_LOAD)
    done = lab(tmp_path, "load", "k6.yaml", "--out", "k6-json=rows.json", "--summary-export", "summary.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "order_200 40 · order_400 0 · order_other 0" in done.stdout
    points = [json.loads(line) for line in (tmp_path / "rows.json").read_text().splitlines()]
    assert sum(point["metric"] == "http_reqs" and point["type"] == "Point" for point in points) == 40
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["metrics"]["http_reqs"]["count"] == 40
    assert summary["root_group"]["checks"]["is an order"]["passes"] == 40
    assert 0 < summary["root_group"]["checks"]["is early"]["passes"] <= 20
    assert not any(point["metric"] == "checks" for point in points)
    assert summary["metrics"]["http_reqs"]["thresholds"] == {"count==40": False}  # k6's inversion: kept


def test_a_script_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "k6.yaml").write_text(HEAD + "    load: {k6: no.js}\n")
    done = lab(tmp_path, "load", "k6.yaml")
    assert (done.returncode, (tmp_path / "runs").exists()) == (2, False)
    assert "k6.yaml:6: there is no file 'no.js'" in done.stderr


SHOP = """import json

async def setup(s):
    assert (await s.get("/openapi.json")).ok

async def iteration(s):
    headers = {"Idempotency-Key": f"{s.vu}-{s.iteration}-00000000"}
    reply = await s.post("/orders", json={"item": 1, "quantity": 1}, headers=headers, name="order")
    s.check("is stored", reply.json().get("status") != "refused")
    if s.iteration == 3:
        raise LookupError("my own mistake")
"""


def scripted(tmp_path: Path, script: str, *more: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "shop.py").write_text(script)
    load = "    load: {executor: per-vu-iterations, vus: 5, iterations: 3, python: shop.py}\n"
    (tmp_path / "py.yaml").write_text(HEAD + load + "".join(f"    {line}\n" for line in more))
    return lab(tmp_path, "load", "py.yaml")


def test_a_script_in_python_asks_over_the_engines_lines(tmp_path: Path) -> None:
    done = scripted(tmp_path, SHOP)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 VUs, 3 iterations each, shop.py" in done.stdout
    assert "order_200 15 · order_400 0 · order_other 0" in done.stdout
    assert "✓ is stored: 15 of 15" in done.stdout


def test_a_threshold_on_a_scripts_checks_is_missed_by_them_though_each_request_was_ok(tmp_path: Path) -> None:
    script = SHOP.replace('s.check("is stored", ', 's.check("is the first", s.iteration == 0 and ')
    done = scripted(tmp_path, script, "thresholds: {'checks{check:is the first}': rate>0.5, http_req_failed: rate==0}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ missed: checks{check:is the first} rate>0.5 = 0.3333" in done.stdout
    assert "✓ kept: http_req_failed rate==0" in done.stdout


def test_what_a_script_raises_is_counted_told_and_no_pass(tmp_path: Path) -> None:
    done = scripted(tmp_path, SHOP.replace("== 3", "== 1"))
    assert done.returncode == 3
    assert "the script raised LookupError at shop.py:11, 5 times" in done.stdout
    log = next((tmp_path / "runs" / "latest" / "logs").glob("load-*.log")).read_text()
    assert log.count("LookupError: my own mistake") == 3


def test_a_script_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    done = scripted(tmp_path, "def iteration(s):\n    pass\n")
    assert (done.returncode, (tmp_path / "runs").exists()) == (2, False)
    assert "shop.py:1" in done.stderr


def test_every_mistake_is_told_at_once_and_nothing_is_started(tmp_path: Path) -> None:
    wrong = PLAN.replace("constant-arrival-rate", "constant-rate").replace("iterations: 2", "iterations: -2")
    wrong = wrong.replace("rate<0.01", "rats<0.01").replace("vus: 40", "vus: 0")
    (tmp_path / "wrong.yaml").write_text(wrong)
    done = lab(tmp_path, "load", "wrong.yaml")
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()
    told = done.stderr
    assert "wrong.yaml:6: stages[0].load.executor is 'constant-rate'" in told
    assert "wrong.yaml:7: " in told
    assert "rats" in told
    assert "wrong.yaml:10: " in told


def test_without_a_name_there_is_the_list(tmp_path: Path) -> None:
    done = lab(tmp_path, "load")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["endurance", "load", "peak", "stress", "plan"]


@pytest.fixture
def somebodys(tmp_path: Path) -> Iterator[str]:
    """A service that runs already: the coupon and order service, started by hand."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        port, health = one.getsockname()[1], other.getsockname()[1]
    database = f"sqlite:///{tmp_path / 'somebodys.db'}"
    env = {**os.environ, "TARGET_PORT": str(port), "TARGET_HEALTH_PORT": str(health), "TARGET_DATABASE_URL": database}
    service = subprocess.Popen([sys.executable, "-m", "target"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        service.kill()
        service.wait()


RUNNING = """drill: theirs
target:
  requests: {order: {post: /orders, json: {item: 1, quantity: 1}, headers: {Idempotency-Key: "{uuid}"}, expect: [200, 400]}}
  ready: /openapi.json
  writes: true
  url: http://127.0.0.1:1
stages:
  - stage: theirs
    judge: load
    load: {executor: per-vu-iterations, vus: 10, iterations: 5, request: order}
"""


def test_a_service_that_runs_already_is_asked_and_left_running(tmp_path: Path, somebodys: str) -> None:
    (tmp_path / "theirs.yaml").write_text(RUNNING)
    for _ in range(2):
        done = lab(tmp_path, "load", "theirs.yaml", "--target", somebodys)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "order_200 50 · order_400 0 · order_other 0" in done.stdout


def test_load_outside_loopback_is_asked_for_twice(tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text(RUNNING)
    refused = lab(tmp_path, "load", "theirs.yaml", "--target", "http://192.0.2.1")
    assert (refused.returncode, "192.0.2.1 is not this machine" in refused.stderr) == (2, True)
    (tmp_path / "theirs.yaml").write_text("allow: [192.0.2.1]\n" + RUNNING)
    again = lab(tmp_path, "load", "theirs.yaml", "--target", "http://192.0.2.1")
    assert (again.returncode, "hint: --allow-host 192.0.2.1" in again.stderr) == (2, True)
    assert not (tmp_path / "runs").exists()


def test_a_service_over_tls_is_verified_always(tmp_path: Path) -> None:
    """The same service with an authority that is trusted, and without."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *ignored: object) -> None:
            pass

    authority = Authority(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    server.socket = authority.trusted.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "theirs.yaml").write_text(RUNNING.replace("ready:", "boot: 1s\n  ready:"))
    url = f"https://127.0.0.1:{server.server_address[1]}"
    try:
        trusted = lab(tmp_path, "load", "theirs.yaml", "--target", url, SSL_CERT_FILE=authority.cafile)
        unknown = lab(tmp_path, "load", "theirs.yaml", "--target", url)
    finally:
        server.shutdown()
        server.server_close()
    assert trusted.returncode == 0, trusted.stdout + trusted.stderr
    assert "order_200 50 · order_400 0 · order_other 0" in trusted.stdout
    assert (unknown.returncode, "gave no good answer within 1 s: connect refused" in unknown.stdout) == (3, True)
