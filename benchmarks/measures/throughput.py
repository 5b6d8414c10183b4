"""Requests per CPU second of the client at 50 users, and what a request costs more at 500."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from benchmarks.clients import ALL, Client, locust, shard, wrk
from benchmarks.clients.client import Sample
from benchmarks.figures import Claim, Spread, at_least, at_most, ratios
from benchmarks.measures.measure import Found, Say
from benchmarks.place import Place
from benchmarks.programs import NotHere
from benchmarks.results import Series

USERS, MANY = 50, 500
SECONDS = 5.0
NAME = "throughput"
TARGETS: Mapping[str, float] = {"wrk": 0.5, "k6": 6, "Locust FastHttpUser": 10, "httpx per VU": 50}
"""Issue 4; the others are there for comparison."""
SCRIPTED_TARGET = 2.0
"""Of Locust, whose users are Python too."""
PEERS = tuple(client for client in ALL if client not in (shard.CLIENT, shard.SCRIPTED))
_GROWERS = (shard.CLIENT, wrk.CLIENT)
Samples = Mapping[tuple[str, int], list[Sample]]


def measure(place: Place, rounds: int, say: Say) -> Found:
    """Each round runs each client once, one after the other, so that what disturbs the machine disturbs all of them."""
    missing = {client.name: how for client in ALL if (how := _missing(client))}
    plan = [(client, USERS) for client in ALL] + [(client, MANY) for client in _GROWERS]
    plan = [(client, vus) for client, vus in plan if client.name not in missing]
    samples: dict[tuple[str, int], list[Sample]] = defaultdict(list)
    for number in range(rounds):
        for client, vus in plan:
            found = client.closed(place, vus, SECONDS)
            samples[client.name, vus].append(found)
            say(f"round {number + 1}: {client.name}, {vus} users: {found.per_cpu_s:,.0f} requests per CPU second")
    return Found(tuple(_claims(samples, missing)), tuple(_series(samples, missing)))


def _missing(client: Client) -> str:
    try:
        client.version()
    except NotHere as how:
        return str(how)
    return ""


def _claims(samples: Samples, missing: Mapping[str, str]) -> Iterator[Claim]:
    for peer in PEERS:
        yield _beside(samples, missing, shard.CLIENT, peer, TARGETS.get(peer.name))
    yield _beside(samples, missing, shard.SCRIPTED, locust.CLIENT, SCRIPTED_TARGET)
    what = f"CPU per request, {MANY} users / {USERS}: our growth / wrk's"
    grown = None if wrk.CLIENT.name in missing else Spread.of(ratios(*(_growth(samples, each.name) for each in _GROWERS)))
    yield Claim(measure=NAME, what=what, unit="×", spread=grown, target=at_most(1.3), missing=missing.get(wrk.CLIENT.name, ""))


def _beside(samples: Samples, missing: Mapping[str, str], ours: Client, peer: Client, target: float | None) -> Claim:
    name = "ours" if ours is shard.CLIENT else ours.name
    why = missing.get(peer.name, "")
    mine, theirs = ([each.per_cpu_s for each in samples.get((client.name, USERS), [])] for client in (ours, peer))
    return Claim(
        measure=NAME,
        what=f"requests per client-CPU-second, {USERS} users: {name} / {peer.name}",
        unit="×",
        spread=None if why else Spread.of(ratios(mine, theirs)),
        target=at_least(target) if target is not None else None,
        missing=why,
    )


def _growth(samples: Samples, name: str) -> list[float]:
    """Of the CPU of a request, round by round."""
    few, many = ([each.per_cpu_s for each in samples[name, vus]] for vus in (USERS, MANY))
    return ratios(few, many)


def _series(samples: Samples, missing: Mapping[str, str]) -> Iterator[Series]:
    for client in ALL:
        for vus in (USERS, MANY) if client in _GROWERS else (USERS,):
            found = samples.get((client.name, vus), [])
            yield Series(
                measure=NAME,
                client=client.name,
                figure=f"requests per CPU second, {vus} users",
                unit="",
                rounds=tuple(round(each.per_cpu_s, 1) for each in found),
                command=client.command(vus, SECONDS),
                missing=missing.get(client.name, ""),
            )
