"""A real k6, a little server that counts, and ``python -m lab.load.k6`` between the two."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lab_process import MARK, bearers

from lab.history.model.rows import Rows
from lab.history.store import read_rows
from lab.load import find_k6
from lab.load.k6_plan import K6Plan

FIRST_KEY = 1000
REQUESTS = ((3, "order", "/orders/{uuid}"), (4, "coupon", "/coupons/1/issue"))


def k6() -> Path:
    """In CI it must be there."""
    try:
        return find_k6.find()
    except find_k6.NotFound as why:
        if os.environ.get("CI"):
            pytest.fail(f"k6 is missing in CI: {why}")
        pytest.skip(str(why))


class Server(ThreadingHTTPServer):
    """``/reset…`` answers with a RST, ``/half…`` with a body that breaks off behind a 200, ``/400…`` with that status, all
    else with 200. Counts what it has read."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served = 0
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.served += 1
        if self.path.startswith("/reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            os.close(self.connection.detach())
            return
        self.send_response(400 if self.path.startswith("/400") else 200)
        half = self.path.startswith("/half")
        self.send_header("Content-Length", "4" if half else "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.wfile.flush()
        self.close_connection = half

    do_POST = do_GET  # noqa: N815  # the base class asks for this name


@contextmanager
def server() -> Iterator[Server]:
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            served.shutdown()
            thread.join()


class K6Run:
    """One ``lab.load.k6`` with its script, started; as a context it is dead at the end, with all that came of it."""

    def __init__(self, place: Path, script: str, port: int, start_in_s: float = 1.0, **changes: Any) -> None:
        self.mark = uuid.uuid4().hex
        self.t0_ns = time.monotonic_ns()
        (place / "script.js").write_text(script)
        self.start_ns = round(start_in_s * 1e9)
        given = {
            "script": str(place / "script.js"),
            "k6": "",
            "start_ns": self.start_ns,
            "t0_ns": self.t0_ns,
            "host": "127.0.0.1",
            "port": port,
            "scenario": 2,
            "requests": REQUESTS,
            "run": "run-1",
            "first_key": FIRST_KEY,
            "rows": str(place / "rows.arrow"),
        }
        self.plan = K6Plan(**{**given, "k6": changes.pop("k6", None) or str(k6()), **changes})
        self._log = place / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lab.load.k6"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, MARK: self.mark},
            )
        self.say(self.plan.to_json() + "\n")
        assert self._said() == {"ready": True}, self.log

    def __enter__(self) -> K6Run:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def say(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words.encode())
        self.process.stdin.flush()

    def tick(self) -> dict[str, Any]:
        """The next one."""
        return self._said()

    def _said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log
        said: dict[str, Any] = json.loads(line)
        return said

    def until_requests(self) -> None:
        while not self.tick()["requests"]:
            pass

    def end(self, within_s: float = 30.0) -> tuple[int, dict[str, Any]]:
        """The exit code and the last tick. Its input stays open: the end of that would be an order."""
        assert self.process.stdout is not None
        patience = threading.Timer(within_s, self.process.kill)
        patience.start()
        ticks = [json.loads(line) for line in self.process.stdout]
        code = self.process.wait()
        patience.cancel()
        return code, ticks[-1] if ticks else {}

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def rows(self) -> Rows:
        return read_rows(Path(self.plan.rows))

    def nothing_is_left(self, within_s: float = 5.0) -> None:
        """Three looks in a row: in the middle of an exec a process shows no environment."""
        deadline, empty = time.monotonic() + within_s, 0
        while empty < 3:
            left = list(bearers(self.mark))
            empty = 0 if left else empty + 1
            assert time.monotonic() < deadline or not left, f"left running: {left}"
            time.sleep(0.01)
