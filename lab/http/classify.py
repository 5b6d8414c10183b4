"""What an error of the operating system means for a request: its errno, never a library's exception class, decides."""

from __future__ import annotations

import errno
import ssl

from lab.history.model.rows import Outcome

_RESET = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN})
_OUR_LIMIT = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
"""Out of file descriptors, ports or memory here: the generator's limit says nothing about the target."""


def outcome_of_connect(error: OSError) -> Outcome:
    """A connection that could not be opened. Anything unusual (no route, no such name) counts as refused, and so does a
    TLS handshake that failed: a certificate that is not to be trusted, or no TLS at all. Nothing was sent.
    """
    if isinstance(error, ssl.SSLError):  # its errno counts in a list of OpenSSL's own
        return Outcome.CONNECT_REFUSED
    if isinstance(error, ConnectionResetError) and error.errno is None:  # what loops raise for a FIN in the handshake
        return Outcome.CLOSED
    if error.errno in _RESET:
        return Outcome.RESET
    if error.errno in _OUR_LIMIT:
        return Outcome.DROPPED
    return Outcome.CONNECT_TIMEOUT if isinstance(error, TimeoutError) else Outcome.CONNECT_REFUSED


def outcome_of_loss(error: Exception | None) -> Outcome:
    """A connection that was lost under way; None: closed in an orderly way."""
    if error is None:
        return Outcome.CLOSED
    # ETIMEDOUT: the kernel gave up sending again. What else there is (no route any more) ended it as abruptly as a RST.
    return Outcome.TIMEOUT if isinstance(error, TimeoutError) else Outcome.RESET
