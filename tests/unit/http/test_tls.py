"""The client over TLS: the same outcomes, whom it trusts, and what can go wrong before a request is sent."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from authority import Authority
from fault_server import FaultServer, RunStory, fault_server
from http_user import CLOCK, OUTCOMES, PATIENT_MS, SHORT_MS, UNANSWERED, User, alive, assert_in_order, unusable

from lab.history.model.rows import Outcome
from lab.http.answer import Answer
from lab.http.client import HttpDialer
from lab.http.connection import Connection
from lab.http.tls import client_context
from lab.nanoseconds import NS_PER_MS

Story = Callable[[User], Awaitable[None]]
Run = Callable[[Story], None]


@pytest.fixture
def run(run_story: RunStory, trust: Authority) -> Run:
    """With a server whose certificate is in order, and a user who trusts its authority."""

    def run_it(story: Story) -> None:
        run_story(lambda server: story(User(server, client_context(trust.cafile))), trust.trusted)

    return run_it


ON_A_KEPT_LINE = [(path, True) for path in (*OUTCOMES, *UNANSWERED)]
ON_A_FRESH_ONE = [(path, False) for path in OUTCOMES]  # of the unanswered, the handshake would be a race with their deadline


@pytest.mark.parametrize(("path", "kept"), ON_A_KEPT_LINE + ON_A_FRESH_ONE)
def test_each_fault_has_the_outcome_that_it_has_without_tls(run: Run, path: str, kept: bool) -> None:
    outcome, status, keeps = {**OUTCOMES, **UNANSWERED}[path]

    async def story(user: User) -> None:
        line = await user.kept_line() if kept else None
        exchange, line = await user.get(path, line, answer_ms=SHORT_MS if path in UNANSWERED else PATIENT_MS)
        assert (exchange.outcome, exchange.status, line is not None) == (outcome, status, keeps)
        assert_in_order(exchange)
        assert (user.server.seen[path], user.server.connections) == (1, 1)
        if line is not None:
            line.close()

    run(story)


def test_connected_is_when_the_handshake_is_over(run: Run) -> None:
    async def story(user: User) -> None:
        with _listener() as listener:
            user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK, tls=user.dialer._tls)
            asked = asyncio.ensure_future(user.get("/ok", connect_ms=SHORT_MS))
            peer, _ = await asyncio.get_running_loop().sock_accept(listener)
            exchange, line = await asked  # TCP was up all the time
            peer.close()
        assert (exchange.outcome, exchange.connected_ns, exchange.sent_ns, line) == (Outcome.CONNECT_TIMEOUT, None, None, None)
        assert exchange.end_ns - user.asked_ns >= SHORT_MS * NS_PER_MS

    run(story)


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def test_a_line_carries_many_requests_and_a_large_answer(run: Run) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        for path in ("/ok", "/error", "/chunked"):
            assert line is not None
            assert line.usable
            _, line = await user.get(path, line)
        assert line is not None
        assert user.server.connections == 1
        line.close()
        line.close()
        assert not line.usable

    run(story)


# Whom it trusts


async def _nothing_is_sent(user: User) -> None:
    exchange, line = await user.get("/ok")
    assert (exchange.outcome, exchange.connected_ns, exchange.sent_ns, line) == (Outcome.CONNECT_REFUSED, None, None, None)
    assert not user.server.seen
    assert_in_order(exchange)


@pytest.mark.parametrize("names", ["DNS:elsewhere.test", "IP:127.0.0.2"])
def test_a_certificate_of_another_host_is_refused(run_story: RunStory, trust: Authority, names: str) -> None:
    tls = client_context(trust.cafile)
    run_story(lambda server: _nothing_is_sent(User(server, tls)), trust.server("other", names))


def test_an_expired_certificate_is_refused(run_story: RunStory, trust: Authority) -> None:
    tls = client_context(trust.cafile)
    run_story(lambda server: _nothing_is_sent(User(server, tls)), trust.expired_server("old", "IP:127.0.0.1"))


def test_an_authority_of_somebody_else_is_refused(run_story: RunStory, trust: Authority, tmp_path: Path) -> None:
    tls = client_context(Authority(tmp_path, "somebody").cafile)
    run_story(lambda server: _nothing_is_sent(User(server, tls)), trust.trusted)


def test_the_name_to_check_can_differ_from_the_address(run_story: RunStory, trust: Authority) -> None:
    async def story(server: FaultServer) -> None:
        user = User(server)
        user.dialer = HttpDialer(
            "127.0.0.1", server.port, CLOCK, tls=client_context(trust.cafile), server_hostname="elsewhere.test"
        )
        exchange, line = await user.get("/ok")
        assert exchange.outcome == Outcome.OK
        assert line is not None
        line.close()

    run_story(story, trust.server("other", "DNS:elsewhere.test"))


def test_one_context_serves_all_and_a_file_without_certificates_is_told_in_words(trust: Authority, tmp_path: Path) -> None:
    assert client_context(trust.cafile) is client_context(trust.cafile)
    assert client_context(trust.cafile).verify_mode == ssl.CERT_REQUIRED
    assert client_context(trust.cafile).check_hostname
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ValueError, match=rf"{name}: .+: expected the certificates of authorities, in PEM"):
            client_context(str(tmp_path / name))


# A handshake that does not come to its end


def _reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


ENDS: dict[str, tuple[Callable[[socket.socket], object], Outcome]] = {
    "no TLS at all": (lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Outcome.CONNECT_REFUSED),
    "an alert": (lambda peer: peer.sendall(b"\x15\x03\x03\x00\x02\x02\x28"), Outcome.CONNECT_REFUSED),
    "FIN": (lambda peer: peer.shutdown(socket.SHUT_WR), Outcome.CLOSED),
    "RST": (_reset, Outcome.RESET),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_handshake_that_ends_early_is_an_outcome(run: Run, end: str) -> None:
    act, outcome = ENDS[end]

    async def story(user: User) -> None:
        loop = asyncio.get_running_loop()
        with _listener() as listener:
            user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK, tls=user.dialer._tls)
            asked = asyncio.ensure_future(user.get("/ok"))
            peer, _ = await loop.sock_accept(listener)
            with peer:
                await loop.sock_recv(peer, 65536)  # the client's hello, whole
                act(peer)
            exchange, line = await asked
        assert (exchange.outcome, exchange.connected_ns, exchange.sent_ns, line) == (outcome, None, None, None)

    run(story)


def test_nobody_listens_is_refused_as_without_tls(run: Run) -> None:
    async def story(user: User) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            user.dialer = HttpDialer("127.0.0.1", bound.getsockname()[1], CLOCK, tls=user.dialer._tls)
            await _nothing_is_sent(user)

    run(story)


@pytest.mark.parametrize("turns", range(0, 12, 2))
def test_a_request_that_is_cancelled_in_its_handshake_leaves_no_connection(run: Run, turns: int) -> None:
    async def story(user: User) -> None:
        request = asyncio.ensure_future(user.get("/held"))
        for _ in range(turns):
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait({request})
        assert request.cancelled()
        user.server.release.set()

    run(story)


# Whether a kept line can be used


@pytest.mark.parametrize("end", [FaultServer.close_all, FaultServer.reset_all, lambda server: server.push_all(b"?")])
def test_a_line_that_the_server_ended_or_wrote_to_is_not_usable(run: Run, end: Callable[[FaultServer], None]) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        assert line.usable
        end(user.server)
        await unusable(line)
        line.close()

    run(story)


def test_a_close_notify_that_the_loop_has_not_come_to_counts_as_closed(run: Run, trust: Authority) -> None:
    async def story(user: User) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK, tls=user.dialer._tls)
            server = asyncio.ensure_future(asyncio.to_thread(_answer_once, listener, trust.trusted))
            line = await user.kept_line()
            with await server as peer:
                assert line.usable
                peer.setblocking(False)
                with pytest.raises(ssl.SSLWantReadError):
                    peer.unwrap()  # close_notify is sent, the connection stays open; the loop has had no turn since
                assert not line.usable
                line.close()

    run(story)


def _answer_once(listener: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
    peer, _ = listener.accept()
    wrapped = tls.wrap_socket(peer, server_side=True)
    wrapped.recv(65536)
    wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    return wrapped


def test_nothing_is_left_to_the_garbage_collector(trust: Authority) -> None:
    """uvloop only: with asyncio's loop, whose transports are cycles, the collector stays on."""

    async def story() -> None:
        async with fault_server(trust.trusted) as server:
            user = User(server, client_context(trust.cafile))
            for path in ("/ok", "/reset-before", "/close-before") * 10:
                _, line = await user.get(path)
                if line is not None:
                    line.close()
                    await asyncio.sleep(0)

    gc.collect()
    gc.disable()
    try:
        uvloop.run(story())
        assert alive(Connection, Answer) == 0
    finally:
        gc.enable()
