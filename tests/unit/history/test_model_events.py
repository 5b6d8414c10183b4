"""Lines of an older lab's events file."""

from __future__ import annotations

import pytest

from lab.history.model.events import TickEvent, from_json


def test_a_field_that_nobody_reads_any_more_is_let_go() -> None:
    assert from_json({"t": 7, "kind": "tick", "left_s": 3.0, "rate": 9.0}) == TickEvent(t_ns=7, rate=9.0)


def test_a_field_that_no_lab_ever_wrote_is_an_error() -> None:
    with pytest.raises(ValueError, match="rite"):
        from_json({"t": 7, "kind": "tick", "rite": 9.0})
