"""Which rows have a tag of a selector: one definition, for thresholds and for what is written in k6's formats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.history.model.rows import Column, Outcome, Rows

EXPECTED = Outcome.OK
"""``expected_response: true`` is a whole answer with a status that whoever asked expects: the request's ``expect``, or what
the script said. In k6 too a body that breaks off behind a 200 has the status 0 and is none (measured, 1.4.0 and 1.5.0), so
that there as here ``http_req_failed`` is its opposite."""
CHECK = "status"
"""The one check that every request has."""
_OUTCOMES = {outcome.name.lower(): outcome for outcome in Outcome}
_NAMES = "scenario, name, status, expected_response, outcome or check"


def tagged(tag: str, value: str, rows: Rows, scenario_names: Sequence[str], request_names: Sequence[str]) -> Column:
    """A name that nothing has is no error here: the drill's rules have looked. Raises ValueError for a tag that is none."""
    match tag:
        case "scenario":
            return _named(rows.scenario, value, scenario_names)
        case "name":
            return _named(rows.request, value, request_names)
        case "status":
            return np.asarray(rows.status == int(value))
        case "expected_response":
            return np.asarray((rows.outcome == EXPECTED) == (value == "true"))
        case "outcome":
            return np.asarray(rows.outcome == _OUTCOMES[value])
        case "check":
            return np.full(len(rows), value == CHECK)
    raise ValueError(f"tag {tag!r}: expected {_NAMES}")


def _named(indices: Column, name: str, names: Sequence[str]) -> Column:
    return np.asarray(indices == names.index(name)) if name in names else np.zeros(len(indices), bool)
