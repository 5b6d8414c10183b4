"""One virtual user: its number, its chance, the line it holds, and what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from lab.drill.address import authority
from lab.history.model.rows import Via
from lab.http.exchange import Line
from lab.http.template import Template
from lab.load.plan import ShardPlan


@dataclass(frozen=True)
class Question:
    """One request of the load, ready to be sent. ``index``: in the target's requests."""

    index: int
    template: Template
    expect: frozenset[int]


class Menu:
    """What users ask, by weight. Raises ValueError when the load names a request that the plan does not carry."""

    def __init__(self, plan: ShardPlan) -> None:
        weights = plan.load.request
        if missing := sorted(weights.keys() - {name for _, name, _ in plan.requests}):
            raise ValueError(f"request: {', '.join(missing)}: not among the target's requests")
        host = authority(plan.host, plan.port)
        named = [(index, name, request) for index, name, request in plan.requests if name in weights]
        self._questions: Sequence[Question] = [
            Question(index, Template(request, name=name, host=host, headers=plan.headers), frozenset(request.expect))
            for index, name, request in named
        ]
        self._up_to = list(accumulate(weights[name] for _, name, _ in named))

    def choose(self, random: Random) -> Question:
        if len(self._questions) == 1:
            return self._questions[0]
        return random.choices(self._questions, cum_weights=self._up_to)[0]


class User:
    """``seed`` and number decide all that is random about it, whatever the others do."""

    __slots__ = ("_had_line", "iteration", "line", "random", "vu")

    def __init__(self, vu: int, seed: str) -> None:
        self.vu = vu
        self.random = Random(f"{seed}/{vu}")
        self.iteration = 0
        self.line: Line | None = None
        self._had_line = False

    def pick_up(self) -> Via:
        """Looks at the line before it is used; one that the server has closed is closed here too and opened again."""
        if self.line is not None and not self.line.usable:
            self.hang_up()
        via = Via.KEPT if self.line is not None else Via.REOPENED if self._had_line else Via.FRESH
        self._had_line = True
        return via

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None
