"""What was proved, kept beside the document: for whoever asks in a year, and for CI. Pure; JSON in and out.

A record is stale when the document or a drill of it changed, or when it has expired. Its own digest tells an edit by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import isinf
from typing import Any

from lab.prove.outcome import Outcome
from lab.prove.plan import Setting, arms
from lab.prove.ruling import Proof

SCHEMA = 3


class BadRecord(ValueError):
    """It is no record, or was edited by hand."""


@dataclass(frozen=True)
class Sources:
    """Digests of what was put to the test: the document, and each drill as it was resolved, by its setting's words."""

    document: str
    drills: Mapping[str, str]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Circumstances:
    """``lab``: its version; dates as ``2026-11-25``, ``expires`` empty: never."""

    lab: str
    date: str
    expires: str
    seed: int


def record(proofs: Sequence[Proof], runs: Mapping[Setting, Sequence[str]], sources: Sources, of: Circumstances) -> str:
    """The record as JSON text. ``runs``: the run directories of each setting, in the order of its trials."""
    content = {
        "schema": SCHEMA,
        **asdict(of),
        "document": sources.document,
        "drills": dict(sources.drills),
        "claims": [_claim(proof, runs) for proof in proofs],
    }
    return _text({**content, "digest": digest(_text(content))})


def _claim(proof: Proof, runs: Mapping[Setting, Sequence[str]]) -> dict[str, Any]:
    without, with_ = arms(proof.claim)
    return {
        "id": proof.claim.id,
        "kind": proof.claim.kind,
        "claim": proof.claim.claim,
        "compare": proof.claim.compare,
        "only_if": proof.claim.only_if,
        "drill": proof.claim.drill,
        "stage": proof.claim.stage,
        "expect": proof.claim.expect,
        "result": proof.result,
        "why": proof.why,
        "p": proof.p,
        "p_holm": proof.p_holm,
        "without": _arm(without, proof.without, runs),
        "with": _arm(with_, proof.with_, runs),
    }


def _arm(setting: Setting, outcomes: Sequence[Outcome], runs: Mapping[Setting, Sequence[str]]) -> dict[str, Any]:
    return {
        "run": str(setting),
        "without": list(setting.without),
        "runs": list(runs.get(setting, ())),
        "trials": [_trial(each) for each in outcomes],
    }


def _trial(outcome: Outcome) -> dict[str, Any]:
    fields = asdict(outcome)
    return {**fields, "seconds": None if isinf(outcome.seconds) else round(outcome.seconds, 6)}


def read(text: str) -> dict[str, Any]:
    """Raises BadRecord."""
    try:
        found = json.loads(text)
        told = found.pop("digest")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadRecord("not a record of lab prove") from error
    if told != digest(_text(found)):
        raise BadRecord("edited by hand: its digest is that of another text")
    if found.get("schema") != SCHEMA:
        raise BadRecord(f"a record of another lab: its schema is {found.get('schema')}, this one's {SCHEMA}")
    return dict(found)


def stale(found: Mapping[str, Any], sources: Sources, today: str) -> list[str]:
    """Why it says nothing any more; empty: it stands. Dates as ``2026-11-25``."""
    why = []
    if found["document"] != sources.document:
        why.append("the document has changed since")
    old, new = found["drills"], sources.drills
    why += [f"{name} has changed since" for name in new if name in old and old[name] != new[name]]
    why += [f"{name} has no trials in it" for name in new if name not in old]
    if found["expires"] and today > found["expires"]:
        why.append(f"it expired on {found['expires']}")
    return why


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
