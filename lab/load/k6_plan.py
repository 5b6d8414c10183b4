"""All that a k6 in the load's place is told: a line of JSON on the standard input of ``python -m lab.load.k6``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from lab.drill.address import authority


@dataclass(frozen=True, kw_only=True)
class K6Plan:
    """The binary ``k6`` runs ``script`` against ``host``:``port``, beginning as near as it can at ``start_ns`` (since t0,
    CLOCK_MONOTONIC ``t0_ns``).

    The script decides how many users there are, what they do and for how long. It is told by its environment: BASE_URL,
    LAB_RUN (``run``), LAB_FIRST_KEY, LAB_HEADERS (``headers`` as JSON; k6 has no option that adds headers), and ``env``.

    ``requests``: (index in the target's requests, name, path). A request of the script is known by its tag ``name``, or
    else by the path of its URL, in which a ``{placeholder}`` of ours stands for one segment. ``scenario``: index of the
    stage. ``first_key``: of a block of request keys that nobody else uses. ``rows``: path of the file to write, which
    must not exist yet.
    """

    script: str
    k6: str
    start_ns: int
    t0_ns: int
    host: str
    port: int
    tls: bool = False
    scenario: int
    requests: tuple[tuple[int, str, str], ...]
    run: str
    first_key: int
    rows: str
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the script finds in ``__ENV``; ``env`` wins."""
        return {
            "BASE_URL": f"{'https' if self.tls else 'http'}://{authority(self.host, self.port)}",
            "LAB_RUN": self.run,
            "LAB_FIRST_KEY": str(self.first_key),
            "LAB_HEADERS": json.dumps(dict(self.headers)),
            **self.env,
        }

    def to_json(self) -> str:
        """One line."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)}, default=dict, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str | bytes) -> K6Plan:
        """The inverse of :meth:`to_json`. Raises ValueError when the line holds something else."""
        try:
            values = json.loads(line)
            values["requests"] = tuple((index, name, path) for index, name, path in values["requests"])
            return cls(**values)
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"not a plan for k6: {line[:200]!r} ({error})") from error
