"""One TCP connection to the target, one exchange at a time: an asyncio protocol that stamps what happens when it happens.
Under TLS the loop puts itself in between: ``connection_made`` comes after the handshake, and no line here knows of it.

The path of a request is short on purpose (a client is the bottleneck of its own measurement): bytes written
from ``begin`` or ``connection_made``, instants taken in the callbacks, ``done`` called from the one that brings the
answer, one timer per connection and time-out rather than per exchange.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from socket import socket
from typing import cast

from lab.clock import Clock
from lab.history.model.rows import Outcome
from lab.http.answer import Answer, NotHttp
from lab.http.classify import outcome_of_connect, outcome_of_loss
from lab.http.exchange import Exchange
from lab.nanoseconds import NS_PER_S

_OK, _TIMEOUT = Outcome.OK, Outcome.TIMEOUT  # looked up once: see exchange.py
_POLL_FOR = select.POLLIN | select.POLLRDHUP


class Connection(asyncio.Protocol):
    """Dialled with its first exchange already begun: that is written in the callback that says it is up.

    A connection that carried a whole answer, and was not told to close, is a :class:`~lab.http.exchange.Line`.
    """

    __slots__ = (
        "_answer_by_ns", "_clock", "_connect_by_ns", "_done", "_exchange", "_expect", "_loop", "_lost", "_payload",
        "_poll", "_timer", "_timer_ns", "_transport", "answer", "dialling",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, answer: Answer, connect_by_ns: int) -> None:
        self._loop = loop
        self._clock = clock
        self._connect_by_ns = connect_by_ns
        self._transport: asyncio.Transport | None = None
        self._lost: Outcome | None = None
        self._exchange: Exchange | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._poll: select.poll | None = None
        self.answer = answer
        self.dialling: asyncio.Timeout | None = None
        """While it is dialled: the patience of who dials, which ends in the callback that says it is up."""

    # What its user calls

    def begin(
        self, exchange: Exchange, payload: bytes, expect: frozenset[int], answer_by_ns: int, done: Callable[[], object]
    ) -> None:
        """Sends ``payload``, now or when the connection is up; ``done`` is called when ``exchange`` is filled in.

        It may be called before this returns, on a line that was lost; and it may begin the next exchange.
        """
        self._done = done
        self._exchange = exchange
        self._payload = payload
        self._expect = expect
        self._answer_by_ns = answer_by_ns
        self.answer.begin()
        if self._lost is not None:
            self._finish(self._lost, exchange.start_ns)
        elif self._transport is not None:
            exchange.connected_ns = exchange.start_ns  # it was up already
            self._write(exchange.start_ns)

    @property
    def usable(self) -> bool:
        """Asks the kernel, not only the callbacks so far: a FIN or RST may be there that the loop has not come to yet.

        Under TLS too: what has been read has been decrypted, and anything still unread (a close_notify, as a rule; what it
        is could only be told by decrypting it) makes the line one to leave alone.
        """
        if not self.open:
            return False
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._transport.get_extra_info("socket").fileno(), _POLL_FOR)  # type: ignore[union-attr]
        return not self._poll.poll(0)

    @property
    def open(self) -> bool:
        """It can, as far as the callbacks know, carry another exchange."""
        return self._transport is not None and self._exchange is None

    def close(self) -> None:
        """Closes the socket at once; an exchange in flight is forgotten. Twice is no error."""
        self._exchange = None
        self._poll = None
        self._lost = self._lost or Outcome.CLOSED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self.answer.release()

    def send_first(self, sock: socket) -> bool:
        """``sock`` is up before the loop has it: the request goes out now, what does not fit in when it is :meth:`attached`.
        False: too late, or lost already, and the loop need not have it.
        """
        exchange = self._exchange
        assert exchange is not None
        now_ns = self._clock.now_ns()
        if now_ns > self._connect_by_ns:  # this process stood still meanwhile
            self._finish(Outcome.CONNECT_TIMEOUT, now_ns)
            return False
        exchange.connected_ns = now_ns
        try:
            self._payload = self._payload[sock.send(self._payload) :]
        except BlockingIOError:
            pass
        except OSError as error:  # told once: asked again, a connection that was reset is one that was closed
            self._finish(outcome_of_loss(error), self._clock.now_ns())
            return False
        exchange.sent_ns = self._clock.now_ns()
        return True

    def attached(self) -> None:
        """The loop has the socket of :meth:`send_first`. Not before: a transport that ends in ``connection_made`` (a write that
        finds a RST does that) closes the socket's number on uvloop, and the socket closes it again when it is somebody else's.
        """
        if self._exchange is None or self._transport is None:
            return  # it has been answered, or lost
        if self._payload:
            self._transport.write(self._payload)
        if self._exchange is not None:
            self._set_timer(self._clock.now_ns())

    def fail(self, error: OSError) -> None:
        """It could not be dialled."""
        self._finish(outcome_of_connect(error), self._clock.now_ns())

    @property
    def waits(self) -> bool:
        """Its exchange has not ended and it is not up."""
        return self._exchange is not None and self._transport is None

    def give_up(self, outcome: Outcome, deadline_ns: int) -> None:
        """Its user's patience ended at ``deadline_ns``, which is when it is stamped if a timer came a little early."""
        self._finish(outcome, max(deadline_ns, self._clock.now_ns()))
        self.dialling = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being registered as one
        exchange, dialling = self._exchange, self.dialling
        if exchange is None:  # its user is gone
            self.close()
            return
        if exchange.connected_ns is not None:  # sent already: see attached
            return
        if dialling is not None:
            if dialling.expired():  # give_up is on its way; a request sent now would be one that nobody counts
                return
            dialling.reschedule(None)
            self.dialling = None
        now_ns = self._clock.now_ns()
        if now_ns > self._connect_by_ns:
            self._finish(Outcome.CONNECT_TIMEOUT, now_ns)
            return
        exchange.connected_ns = now_ns
        self._write(now_ns)

    def data_received(self, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        exchange = self._exchange
        if exchange is None:  # nobody asked: this line is of no use any more
            self.close()
            return
        if exchange.first_byte_ns is None:
            exchange.first_byte_ns = now_ns
        try:
            whole = self.answer.feed(data)
        except NotHttp:
            self._finish(Outcome.BAD_BODY, now_ns)
            return
        if whole:
            self._finish(self._verdict(), now_ns)

    def eof_received(self) -> None:
        if self._exchange is None:
            self.close()
        elif self.answer.end():
            self._finish(self._verdict(), self._clock.now_ns())
        else:
            self._finish(Outcome.BAD_BODY if self.answer.broken_off else Outcome.CLOSED, self._clock.now_ns())

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = outcome_of_loss(exc)
        self._transport = None
        if self._exchange is not None:
            self._finish(self._lost, self._clock.now_ns())
        self.close()

    # How an exchange goes on

    def _write(self, now_ns: int) -> None:
        """``sent`` is when the loop took the request; small ones are in the kernel then, or before the loop's next turn."""
        exchange, transport = self._exchange, self._transport
        assert exchange is not None
        assert transport is not None
        transport.write(self._payload)
        exchange.sent_ns = self._clock.now_ns()
        if self._timer is None or self._timer_ns > self._answer_by_ns:
            self._set_timer(now_ns)

    def _set_timer(self, now_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = self._answer_by_ns
        self._timer = self._loop.call_later((self._answer_by_ns - now_ns) / NS_PER_S, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        """Was the timer meant for an exchange of the past, or came it early (uvloop: up to 1 ms), it is set again."""
        self._timer = None
        if self._exchange is None:
            return
        now_ns = self._clock.now_ns()
        if now_ns >= self._answer_by_ns:
            self._finish(Outcome.TIMEOUT, now_ns)
        else:
            self._set_timer(now_ns)

    def _verdict(self) -> Outcome:
        """Of a whole answer."""
        status = self.answer.status
        if status in self._expect:
            return _OK
        return Outcome.SHED if status == 503 and self.answer.retry_after else Outcome.BAD_STATUS

    def _finish(self, outcome: Outcome, now_ns: int) -> None:
        """Fills in the exchange, once. The connection stays open only after a whole answer that allows it."""
        exchange, answer = self._exchange, self.answer
        if exchange is None:
            return
        if answer.whole and now_ns > self._answer_by_ns:
            outcome = _TIMEOUT
        exchange.end_ns = now_ns
        exchange.outcome = outcome
        exchange.status = answer.status
        exchange.size_bytes = answer.size_bytes
        if outcome is not _OK or answer.keeps:
            exchange.raw = answer.raw
        self._exchange = None
        if outcome is _TIMEOUT or answer.surplus or not answer.keep_alive:
            self.close()
        self._done()
