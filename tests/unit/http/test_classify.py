from __future__ import annotations

import errno

import pytest

from lab.history.model.rows import Outcome
from lab.http.classify import outcome_of_connect, outcome_of_loss


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, Outcome.CONNECT_REFUSED),
        (errno.ECONNRESET, Outcome.RESET),
        (errno.EPIPE, Outcome.RESET),
        (errno.ETIMEDOUT, Outcome.CONNECT_TIMEOUT),
        (errno.EHOSTUNREACH, Outcome.CONNECT_REFUSED),
        (errno.EMFILE, Outcome.DROPPED),
        (errno.EADDRNOTAVAIL, Outcome.DROPPED),
    ],
)
def test_errno_decides_why_a_connection_could_not_be_opened(number: int, outcome: Outcome) -> None:
    assert outcome_of_connect(OSError(number, "")) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.CLOSED),
        (OSError(errno.ECONNRESET, ""), Outcome.RESET),
        (OSError(errno.EPIPE, ""), Outcome.RESET),
        (OSError(errno.ETIMEDOUT, ""), Outcome.TIMEOUT),
    ],
)
def test_errno_decides_how_a_connection_was_lost(error: OSError | None, outcome: Outcome) -> None:
    assert outcome_of_loss(error) == outcome
