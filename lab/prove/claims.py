"""What an incident document claims, as frozen data: causes and measures, each with the drill that puts it to the test.

Field names are the keys of the document's front matter. Nothing here knows files or drills: ``document`` fills these,
``plan`` makes trials of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.noun import FileNoun, Scalar

Kind = Literal["cause", "measure"]
Result = Literal["held", "did not hold", "no difference", "holds only if", "inconclusive"]
Compare = Literal["recovered", "bad", "failed", "resets", "time"]
"""What is compared between the arms: did it recover (Fisher), how many requests were bad, how many of a load test failed or
were reset, how long it took (Mann-Whitney)."""
OF_LOAD_TESTS: frozenset[Compare] = frozenset({"failed", "resets"})
OF_RECOVERY: frozenset[Compare] = frozenset({"recovered", "time"})


@dataclass(frozen=True, kw_only=True)
class Arm(FileNoun):
    """One way to run the drill. ``without``: measures that are taken out; ``set``: patches, as ``--set`` has them."""

    without: tuple[str, ...] = ()
    set: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim(FileNoun):
    """``drill`` run as ``without`` says, and as ``with_`` says; ``stage``: the one that is judged, if it has several.

    ``expect`` is what the document's authors believe; the record says what was found.
    """

    id: str
    kind: Kind = "measure"
    claim: str
    drill: str
    stage: str | None = None
    without: Arm = field(default_factory=Arm)
    with_: Arm = field(default_factory=Arm)
    compare: Compare = "recovered"
    expect: Result = "held"
    only_if: str = ""
    """What the claim depends on, where ``expect`` is ``holds only if``."""
