"""Drills as short as their rules allow (a baseline lasts 4 s, a confirmation 2 s), and services in a few lines."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
drill: {name}
target: {{use: coupon-order}}
checks: [no_oversell, no_lost_order, no_duplicate_order]
alarm: {{errors: {{above: 20%, over: 500ms, for: 250ms}}, died: {{}}}}
stages:
"""
_CRASH = """\
  - stage: crash
    load: {executor: constant-vus, vus: 2, request: {coupon: 1, order: 1}}
    probe: {rate: 100/s, request: order, slow: 500ms}
    fault: crash
    settle: 100ms
    lasts: until recovered
    measures: {auto-restart: {respond: [{when: died, do: restart}]}}
    within: {detect: 1s, recover: 3s}
"""
_WIRE = """\
  - stage: wire
    lane: proxy
    load: {executor: constant-vus, vus: 2, request: {coupon: 1, order: 1}}
    probe: {rate: 100/s, request: order, slow: 500ms}
    fault: {reset_peer: {lost: reply}}
    settle: 100ms
    lasts: 2s
    within: {detect: 1.5s, recover: 1s}
"""
_FOREIGN = """\
drill: foreign
target: {{command: "{command}", boot: 3s, requests: {{look: {{get: /look}}}}{more}}}
stages:
  - stage: quiet
    load: {{executor: constant-vus, vus: 2, request: look}}
    probe: {{rate: 50/s, request: look, slow: 500ms}}
    settle: 100ms
    lasts: 500ms
"""
_SERVICE = """\
import signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else int(sys.argv[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass

if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
_CHATTERBOX = """\
for number in range(1, 31):
    print(f"line {number} of my last words")
raise SystemExit(7)
"""


def crash(place: Path) -> str:
    """A crash that a restart heals: 12 s. Returns the name of the file that it wrote into ``place``."""
    return _written(place, "crash.yaml", _HEAD.format(name="short-crash") + _CRASH)


def wire(place: Path) -> str:
    """Resets in the proxy, ended by the lab: 12 s."""
    return _written(place, "wire.yaml", _HEAD.format(name="short-wire") + _WIRE)


def noop(place: Path) -> str:
    """A fault that breaks nothing."""
    text = _HEAD.format(name="short-noop") + _CRASH.replace("fault: crash", "fault: noop").replace("until recovered", "1s")
    return _written(place, "noop.yaml", text)


def wire_then_crash(place: Path) -> str:
    """One stage that needs Toxiproxy, one that does not."""
    return _written(place, "both.yaml", _HEAD.format(name="short-both") + _WIRE + _CRASH)


def service(place: Path, *arguments: str, more: str = "") -> str:
    """A service of somebody's that answers with the status ``arguments[0]`` but is healthy; ``more``: keys of its target."""
    path = _written(place, "service.py", _SERVICE)
    command = " ".join(["{python}", str(place / path), "{port}", *arguments])
    return _written(place, "foreign.yaml", _FOREIGN.format(command=command, more=f", {more}" if more else ""))


def chatterbox(place: Path) -> str:
    """A service that says 30 lines and exits with 7."""
    path = _written(place, "chatterbox.py", _CHATTERBOX)
    return _written(place, "foreign.yaml", _FOREIGN.format(command=f"{{python}} {place / path}", more=""))


def _written(place: Path, name: str, text: str) -> str:
    (place / name).write_text(text)
    return name
