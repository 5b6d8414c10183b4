"""The example on the JVM keeps its promises: built by Maven, started as its target file says, leaking only when it is told to."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import catalogue
from lab.clock import MonotonicClock
from lab.drill.model import Scalar
from lab.runtimes import listener
from lab.runtimes.processes.ports import choose
from lab.runtimes.processes.service import ProcessService
from tests.required import lacks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # the first build on a machine fetches Maven's plug-ins

EXAMPLE = Path(__file__).parents[2] / "examples" / "jvm"
JAR = EXAMPLE / "target" / "shop.jar"
USERS = 8
ROUND = 12 * USERS
SAMPLE = re.compile(r'([a-z_]+)((?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)*\})?) (NaN|[-+]?[0-9.]+(?:E-?[0-9]+)?)')
COLLECTIONS = "jvm_gc_pause_seconds_count"


@pytest.fixture(scope="module")
def jar() -> Path:
    """Built when it is older than a source; from what Maven has kept, if that is enough."""
    if shutil.which("java") is None:
        lacks("Java")
    sources = [EXAMPLE / "pom.xml", *EXAMPLE.glob("src/**/*.java")]
    if JAR.exists() and JAR.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return JAR
    if shutil.which("mvn") is None:
        lacks("Maven")
    for how in (["--offline"], []):
        done = subprocess.run(["mvn", "-q", "-B", *how, "package"], cwd=EXAMPLE, capture_output=True, text=True)
        if done.returncode == 0:
            return JAR
    pytest.fail(done.stdout + done.stderr)


@dataclass(frozen=True)
class Answer:
    """``closes``: the service closes the connection after it."""

    status: int
    text: str
    closes: bool

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Shop:
    """The service as the lab runs it, and the requests of these tests."""

    service: ProcessService
    health_port: int

    def post(self, path: str, fields: Mapping[str, Any], key: str | None = None) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)) as line:
            return _post(line, path, fields, key)

    def get(self, path: str) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=10)) as line:
            line.request("GET", path)
            return _answer(line)

    def order_many(self, first: int) -> None:
        """ROUND orders of some users at once, each on a kept connection, with the keys that follow ``first``."""
        with ThreadPoolExecutor(USERS) as users:
            list(users.map(self._order_some, range(first, first + ROUND, ROUND // USERS)))

    def _order_some(self, first: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)) as line:
            for key in range(first, first + ROUND // USERS):
                answer = _post(line, "/orders", {"item": 1, "quantity": 1}, f"{key:08x}")
                assert answer.status == 200, answer

    def metrics(self) -> list[tuple[str, str, float]]:
        """(name, labels, value) of every sample on the Prometheus page; fails for a line that is none."""
        lines = self.get("/actuator/prometheus").text.splitlines()
        found = [(line, SAMPLE.fullmatch(line)) for line in lines if not line.startswith("#")]
        assert [line for line, match in found if match is None] == []
        return [(match[1], match[2], float(match[3])) for _, match in found if match is not None]

    def value(self, name: str, label: str = "") -> float:
        """The sum of a metric's samples that bear a label."""
        return sum(value for each, labels, value in self.metrics() if each == name and label in labels)

    def used_after_gc(self) -> float:
        """Bytes in the old generation, as the last collection left it."""
        share = self.value("jvm_memory_usage_after_gc", 'pool="long-lived"')
        return share * self.value("jvm_memory_max_bytes", 'id="Tenured Gen"')


def _post(line: http.client.HTTPConnection, path: str, fields: Mapping[str, Any], key: str | None) -> Answer:
    line.request("POST", path, json.dumps(fields), {} if key is None else {"Idempotency-Key": key})
    return _answer(line)


def _answer(line: http.client.HTTPConnection) -> Answer:
    response = line.getresponse()
    return Answer(response.status, response.read().decode(), response.will_close)


@asynccontextmanager
async def shop(tmp_path: Path, **settings: Scalar) -> AsyncIterator[Shop]:
    """Started as targets/shop-jvm.yaml says, with these settings besides; ended by its pid file descriptor."""
    target = catalogue.targets(EXAMPLE)["shop-jvm"]
    ports = choose(None, own_network=False)
    (tmp_path / "logs").mkdir()
    service = ProcessService(target, ports, tmp_path, {"PATH": os.environ["PATH"]}, MonotonicClock(0))
    await service.start({**target.settings, "work_ms": 0, **settings})
    try:
        await service.until_ready(30)  # boot is for a machine that is not running other tests
        yield Shop(service, ports.health)
    finally:
        await service.stop(0)


@pytest.fixture(autouse=True)
def in_the_example(jar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its README has lab run; the target's command names the jar from there."""
    monkeypatch.chdir(EXAMPLE)


async def test_an_order_is_stored_once_and_answered_alike(tmp_path: Path) -> None:
    async with shop(tmp_path, orders=1) as shop_:
        order = {"item": 1, "quantity": 2}
        first, again = shop_.post("/orders", order, "a-0000002a"), shop_.post("/orders", order, "a-0000002a")
        assert first.status == 200
        assert (first.json["item"], first.json["quantity"]) == (1, 2)
        assert again == first
        other = shop_.post("/orders", {"item": 2, "quantity": 1}, "a-0000002a")
        assert (other.status, other.json) == (400, {"error": "key_used_for_another_order"})
        assert (first.closes, other.closes) == (False, True)  # Tomcat's own way with 400
        assert shop_.post("/orders", order, "a-0000002b").status == 200
        for wrong, key in (({"item": 1}, "0000002c"), ({"item": 1, "quantity": 0}, "0000002c"), (order, None), (order, "no hex")):
            assert shop_.post("/orders", wrong, key).status == 400
        shop_.order_many(1000)  # its table doubles ten times
        assert shop_.post("/orders", order, "a-0000002a") == first
        ledger = await shop_.service.ledger()
    assert sorted(each.key for each in ledger.stored) == [0x2A, 0x2B, *range(1000, 1000 + ROUND)]
    assert {each.request for each in ledger.stored} == {"order"}


async def test_of_200_who_ask_at_once_as_many_get_a_coupon_as_there_are(tmp_path: Path) -> None:
    """Half of them ask twice."""
    users = [f"{user % 150:08x}" for user in range(200)]
    async with shop(tmp_path, stock=50, work_ms=5, max_threads=200) as shop_:
        with ThreadPoolExecutor(len(users)) as crowd:
            answers = list(crowd.map(lambda user: shop_.post("/coupons/spring/issue", {"user": user}), users))
        ledger = await shop_.service.ledger()
    given = [answer.json["user"] for answer in answers if answer.status == 200]
    assert len(given) == len(set(given)) == 50
    assert {answer.json["error"] for answer in answers if answer.status != 200} <= {"sold_out", "already_issued"}
    assert {answer.status for answer in answers} == {200, 400}
    assert ledger.limits == {"coupon": 50}
    assert {each.key for each in ledger.stored} == {int(user, 16) for user in given}


async def test_its_metrics_have_the_names_that_micrometer_gives_them(tmp_path: Path) -> None:
    async with shop(tmp_path) as shop_:
        metrics = shop_.metrics()
    found = {(name, part) for name, labels, _ in metrics for part in ("", *re.findall(r'[a-z]+="[^"]*"', labels))}
    assert found >= {
        ("jvm_memory_used_bytes", 'area="heap"'),
        ("jvm_memory_used_bytes", 'id="Tenured Gen"'),
        ("jvm_memory_used_bytes", 'area="nonheap"'),
        ("jvm_memory_used_bytes", 'id="Metaspace"'),
        ("jvm_memory_usage_after_gc", 'pool="long-lived"'),
        ("jvm_classes_loaded_classes", ""),
        ("jvm_threads_live_threads", ""),
        ("process_files_open_files", ""),
        ("tomcat_connections_current_connections", ""),
    }


async def test_its_connector_has_the_settings_it_was_given(tmp_path: Path) -> None:
    """Of six connections four are accepted and two wait; one that ends lets the next in. Its health is asked elsewhere."""
    async with shop(tmp_path, accept_count=7, max_connections=4, connection_timeout_ms=60_000) as shop_:
        assert shop_.service.backlog() == 7
        lines = [http.client.HTTPConnection("127.0.0.1", shop_.service.port, timeout=10) for _ in range(6)]
        for line in lines:
            line.connect()
        await until(lambda: waiting(shop_.service) == 2)
        assert shop_.get("/health").status == 200
        assert shop_.value("tomcat_connections_config_max_connections", f"-{shop_.service.port}") == 4
        lines[0].close()
        assert _post(lines[4], "/orders", {"item": 1, "quantity": 1}, "00000001").status == 200
        await until(lambda: waiting(shop_.service) == 1)
        for line in lines:
            line.close()


async def test_a_head_that_does_not_come_is_given_up_in_the_time_it_was_given(tmp_path: Path) -> None:
    async with shop(tmp_path, connection_timeout_ms=100) as shop_:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop_.service.port)
        writer.write(b"GET /health HTT")
        assert b" 200 " not in await asyncio.wait_for(reader.read(), 5)
        writer.close()


@dataclass(frozen=True)
class Grown:
    """Per request: bytes in the old generation after a collection, bytes of metaspace, classes."""

    heap: float
    metaspace: float
    classes: float


FLAT = Grown(heap=0, metaspace=0, classes=0)


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        ("false", FLAT),
        ("heap", Grown(heap=16 * 1024, metaspace=0, classes=0)),
        ("classes", Grown(heap=1.8 * 1024, metaspace=2.3 * 1024, classes=1)),
    ],
)
async def test_only_what_leaks_grows(tmp_path: Path, leak: str, expected: Grown) -> None:
    async with shop(tmp_path, leak=leak) as shop_:
        grown = growth(shop_)
    assert grown.heap == pytest.approx(expected.heap, rel=0.3, abs=512)
    assert grown.metaspace == pytest.approx(expected.metaspace, rel=0.3, abs=256)
    assert grown.classes == pytest.approx(expected.classes, abs=0.05)


def growth(shop_: Shop) -> Grown:
    """Measured over 1,500 orders, after 500 of warming up. 1,500 of 16 KiB are 24 MB of the 120."""

    def look() -> tuple[float, float, float]:
        metaspace = shop_.value("jvm_memory_used_bytes", 'id="Metaspace"')
        return shop_.used_after_gc(), metaspace, shop_.value("jvm_classes_loaded_classes")

    begun = order_until_collected(shop_, 0, 500)
    before = look()
    ended = order_until_collected(shop_, begun, 1500)
    return Grown(*((now - then) / (ended - begun) for now, then in zip(look(), before, strict=True)))


def order_until_collected(shop_: Shop, sent: int, at_least: int) -> int:
    """How many have been sent then; the last of them are not long after a collection."""
    enough = sent + at_least
    while sent < enough:
        shop_.order_many(sent)
        sent += ROUND
    collections = shop_.value(COLLECTIONS)
    while shop_.value(COLLECTIONS) == collections:
        assert sent < enough + 3000, "no collection"
        shop_.order_many(sent)
        sent += ROUND
    return sent


def test_settings_that_are_wrong_are_all_named() -> None:
    given = {"PATH": os.environ["PATH"], "SHOP_PORT": "no", "SHOP_STOCK": "-1", "SHOP_LEAK": "true"}
    done = subprocess.run(["java", "-jar", str(JAR)], env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert [name for name in ("SHOP_PORT='no'", "SHOP_STOCK='-1'", "SHOP_LEAK='true'") if name not in done.stderr] == []


def waiting(service: ProcessService) -> int:
    with service.listener() as sock:
        return listener.accept_queue(sock)[0]


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)
