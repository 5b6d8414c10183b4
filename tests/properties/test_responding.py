"""What holds for any rules, any alarms and any time that actions take: one at a time, none too soon, none too many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lab.drill.model import Respond
from lab.drill.units import Limit
from lab.nanoseconds import NS_PER_S
from lab.respond.rules import BACKOFF_NS, Act, Acted, decide
from lab.watch.alarms import Standing

STEP_NS = NS_PER_S // 4
RULES = st.builds(
    Respond,
    when=st.sampled_from(["errors", "died"]),
    do=st.sampled_from(["restart", "set", "command", "scale-out", "scale-in", "runbook"]),
    limit=st.builds(Limit, st.integers(1, 4), st.sampled_from([10.0, 60.0])),
    max=st.integers(2, 5),
    cool_down=st.sampled_from([0.0, 0.5, 5.0]),
)
TAKES = st.lists(st.integers(0, 12), min_size=1, max_size=6)
"""How many steps each action takes, over and over."""
STANDS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)
"""Which alarms stand, step by step, over and over."""


@dataclass(frozen=True)
class Done:
    rule: Respond
    workers: int
    acted: Acted


def lived(rules: list[Respond], takes: list[int], stands: list[tuple[bool, bool]]) -> list[Done]:
    """400 steps as the responder makes them: every rule, at every beat, against what it has done so far."""
    done: list[Done] = []
    since: dict[str, int] = {}
    workers = 1
    for step in range(400):
        now_ns = step * STEP_NS
        if done and done[-1].acted.end_ns is None and now_ns >= _end_ns(done, takes):
            workers += {"scale-out": 1, "scale-in": -1}.get(done[-1].rule.do, 0)
            done[-1] = replace(done[-1], acted=replace(done[-1].acted, end_ns=now_ns))
        for name, up in zip(("errors", "died"), stands[step % len(stands)], strict=True):
            if not up:
                since.pop(name, None)
                continue
            alarm = Standing(name, since.setdefault(name, now_ns), since[name], name)
            for rule in rules:
                past = [each.acted for each in done]
                if rule.when == name and isinstance(decide(rule, alarm, past, now_ns, workers), Act):
                    done.append(Done(rule, workers, Acted(rule.action, now_ns, None)))
    return done


def _end_ns(done: list[Done], takes: list[int]) -> int:
    return done[-1].acted.begin_ns + takes[(len(done) - 1) % len(takes)] * STEP_NS


@given(st.lists(RULES, min_size=1, max_size=4), TAKES, STANDS)
def test_never_two_actions_at_a_time_whatever_the_alarms(
    rules: list[Respond], takes: list[int], stands: list[tuple[bool, bool]]
) -> None:
    for one, next_ in pairwise(lived(rules, takes, stands)):
        assert one.acted.end_ns is not None
        assert one.acted.end_ns <= next_.acted.begin_ns


@given(st.lists(RULES, min_size=1, max_size=4), TAKES, STANDS)
def test_never_more_of_a_kind_than_the_limit_of_its_rule_and_never_beyond_its_workers(
    rules: list[Respond], takes: list[int], stands: list[tuple[bool, bool]]
) -> None:
    done = lived(rules, takes, stands)
    for index, each in enumerate(done):
        from_ns = each.acted.begin_ns - round(each.rule.limit.per_s * NS_PER_S)
        same = [o for o in done[: index + 1] if o.rule.do == each.rule.do and o.acted.begin_ns > from_ns]
        assert len(same) <= each.rule.limit.times
        assert each.rule.do != "scale-out" or each.workers < each.rule.max
        assert each.rule.do != "scale-in" or each.workers > 1


@given(st.lists(RULES, min_size=1, max_size=4), TAKES, STANDS)
def test_back_off_and_cool_down_hold(rules: list[Respond], takes: list[int], stands: list[tuple[bool, bool]]) -> None:
    done = lived(rules, takes, stands)
    for index, (one, next_) in enumerate(pairwise(done)):
        rule, begin_ns = next_.rule, next_.acted.begin_ns
        recent = [o for o in done[: index + 1] if o.acted.begin_ns > begin_ns - round(rule.limit.per_s * NS_PER_S)]
        backoff_ns = BACKOFF_NS[min(len(recent), len(BACKOFF_NS) - 1)]
        wait_ns = round(rule.cool_down * NS_PER_S) if rule.do.startswith("scale") else backoff_ns
        assert begin_ns - (one.acted.end_ns or 0) >= wait_ns
