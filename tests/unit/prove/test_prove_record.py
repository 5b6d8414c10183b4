"""A record says what was found, and notices when it says nothing any more."""

from __future__ import annotations

import json

import pytest

from lab.prove.plan import Setting
from lab.prove.record import BadRecord, Circumstances, Sources, digest, read, record, stale
from lab.prove.ruling import prove
from tests.unit.prove.outcomes import claim, good, never

OF = claim()
WITH = Setting("crash", None, (), ())
SOURCES = Sources(digest("# incident"), {"crash": digest("a"), "crash --without auto-restart": digest("b")})
PROOFS = prove({OF.id: ([never()] * 6, [good()] * 6)}, [OF])
TEXT = record(PROOFS, {WITH: ["runs/crash/1"]}, SOURCES, Circumstances("0.1.0", "2026-11-25", "2027-01-01", 7))


def test_what_is_written_is_read_again() -> None:
    found = read(TEXT)
    (only,) = found["claims"]
    assert (only["id"], only["result"], only["with"]["runs"], only["without"]["trials"][0]["seconds"]) == (
        "auto-restart",
        "held",
        ["runs/crash/1"],
        None,
    )
    assert stale(found, SOURCES, "2026-12-31") == []


@pytest.mark.parametrize(
    ("sources", "today", "why"),
    [
        (Sources(digest("# other"), SOURCES.drills), "2026-12-31", "the document has changed since"),
        (Sources(SOURCES.document, {**SOURCES.drills, "crash": digest("c")}), "2026-12-31", "crash has changed since"),
        (Sources(SOURCES.document, {**SOURCES.drills, "hang": digest("h")}), "2026-12-31", "hang has no trials in it"),
        (SOURCES, "2027-01-02", "it expired on 2027-01-01"),
    ],
)
def test_a_record_is_stale(sources: Sources, today: str, why: str) -> None:
    assert stale(read(TEXT), sources, today) == [why]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", TEXT.replace('"held"', '"did not hold"'), json.dumps({**json.loads(TEXT), "lab": "9"})]
)
def test_what_was_edited_by_hand_is_no_record(text: str) -> None:
    with pytest.raises(BadRecord):
        read(text)


def test_a_record_of_another_schema_is_told_as_one() -> None:
    of_then = {**json.loads(TEXT), "schema": 1}
    of_then.pop("digest")
    whole = {**of_then, "digest": digest(json.dumps(of_then, sort_keys=True, indent=1, ensure_ascii=False) + "\n")}
    with pytest.raises(BadRecord, match="its schema is 1"):
        read(json.dumps(whole))
