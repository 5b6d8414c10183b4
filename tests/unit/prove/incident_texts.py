"""Small incident documents: one without a flaw, and what is changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lab.drill.model import Drill, Measure, Respond, Stage, Target
from lab.drill.patches import patched
from lab.drill.positions import Document
from lab.drill.problems import DrillErrors, Problem
from lab.prove.document import Incident, parse

INCIDENTS = Path(__file__).parents[3] / "runbooks" / "incidents"
DOCUMENTS = sorted(path.name for path in INCIDENTS.glob("*.md") if not path.name.endswith(".record.md"))
FILE = "shop.md"
TODAY = date(2027, 1, 1)
FLAWLESS = """\
---
incident: shop-down
expires: 2027-06-30
claims:
  - id: full-queue
    kind: cause
    claim: a full queue stops the shop
    drill: shop
    stage: queue
    with: {set: {queue.lasts: 9s}}
  - id: restart
    claim: a restart heals it
    drill: shop
    stage: queue
    without: {without: [auto-restart]}
---
# The shop was down

## Summary
It was down.

## Detection and end time
- Detected: 23:45:12
- Ended: 23:47:27

## Affected services
Orders.

## Affected parties
All.

## Cause
- A full queue: `full-queue`

## Timeline
| at | mark | event |
|---|---|---|
| 00:00:00 | start | it begins |
| 00:00:30 | alarm | it is seen |
| 00:01:00 | | somebody asks why |
| 00:02:45 | recovered | it is over |
| 00:03:00 | end | it is said to be over |

## Resolution
1. It was restarted: `restart`

## Prevention
- It is restarted by itself: `restart`
"""


def changed(*changes: tuple[str, str]) -> str:
    """The flawless document with each first text replaced by the second, once."""
    text = FLAWLESS
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def without_section(heading: str, text: str = FLAWLESS) -> str:
    before, _, rest = text.partition(f"## {heading}\n")
    return before + rest[rest.find("## ") :] if "## " in rest else before


def incident(*changes: tuple[str, str]) -> Incident:
    return parse(changed(*changes), FILE)


SHOP = Drill(
    drill="shop",
    target=Target(use="shop"),
    stages=(
        Stage(stage="wire", lasts=3.0),
        Stage(stage="queue", lasts=3.0, measures={"auto-restart": Measure(respond=(Respond(when="died", do="restart"),))}),
        Stage(stage="later", lasts=3.0),
    ),
)
BROKEN = Problem("broken.yaml", 7, "unknown key 'vus'", "a drill")


def read_drill(name: str, patches: Sequence[str] = ()) -> Drill:
    """``shop``, whose stages a patch may give another length; ``broken`` is one that is wrong."""
    if name == "broken":
        raise DrillErrors([BROKEN])
    if name != "shop":
        raise LookupError(f"no drill is called {name!r}: expected one of shop, or a path")
    stages = [{"stage": stage.stage, "lasts": stage.lasts} for stage in SHOP.stages]
    document, problems = patched(Document({"stages": stages}, {}), patches)
    if problems:
        raise DrillErrors(problems)
    lasting = {each["stage"]: each["lasts"] for each in document.data["stages"]}
    return Drill(drill="shop", target=SHOP.target, stages=tuple(_lasting(each, lasting[each.stage]) for each in SHOP.stages))


def _lasting(stage: Stage, lasts: float) -> Stage:
    return Stage(stage=stage.stage, lasts=lasts, measures=stage.measures)
