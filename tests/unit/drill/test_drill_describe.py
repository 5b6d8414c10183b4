"""A drill told in plain words."""

from __future__ import annotations

from dataclasses import replace

from drill_texts import WHOLE, drill

from lab.drill.describe import describe
from lab.drill.model import Kernel
from lab.drill.patches import resolve

PROBE = "The probe asks for order 100/s, half of it on new connections"


def test_a_drill_is_told_stage_by_stage() -> None:
    assert describe(drill(WHOLE)).splitlines() == [
        "conn-reset",
        "  what it is about",
        "  target: shop",
        "",
        "  1/2 wire",
        "    50 VUs ask for coupon ×1 and order ×2 through the proxy, kept connections.",
        f"    {PROBE}; bad when not connected after 250ms or not answered after 1s.",
        "    Fault reset_peer (lost reply) after 5.5s of load and baseline; the lab ends it after 3s.",
        "    Alarm errors: more than 20% of the probe bad over 500ms, for 250ms without a break.",
        "    Nobody acts: no measure of this stage restarts anything.",
        "    No budget: it is measured, not judged.",
        "",
        "  2/2 queue",
        "    After 2s of rest:",
        "    The target has backlog 512, defer_accept true.",
        "    3 VUs sharing 3 iterations ask for coupon straight at the target, kept connections.",
        f"    {PROBE}; bad when not connected after 100ms or not answered after 1s.",
        "    Fault backlog (size 16, every 1s, where live) after 5.5s of load and baseline, until recovered (or 8.5s later).",
        "    Alarm died: the target's process ended.",
        "    Measure auto-restart: on alarm died restart (at most 2/60s).",
        "    Measure settings: from the next start backlog 2048.",
        "    Passes with an alarm within 2s, recovery within 5s of the injection.",
        "",
        "  At the end: no more coupons are issued than there are.",
    ]


def test_a_control_arm_says_that_nobody_acts() -> None:
    assert describe(resolve(drill(WHOLE), ["auto-restart"])).count("Nobody acts") == 2


def test_a_skipped_stage_says_why() -> None:
    skipped = replace(drill(WHOLE), skipped={"wire": "needs toxiproxy"})
    assert "skipped: needs toxiproxy" in describe(skipped)


def test_a_load_test_says_that_it_has_no_fault() -> None:
    told = describe(drill("drill: peak\ntarget: {use: shop}\nstages: [{stage: a, lasts: 9s}]\n"))
    assert "No users; the probe goes straight at the target." in told
    assert "No fault: after 5.5s of load and baseline it runs 9s more." in told


def test_settings_of_the_kernel_are_told() -> None:
    stage = replace(drill(WHOLE).stages[0], kernel=Kernel(tcp_abort_on_overflow=1))
    told = describe(replace(drill(WHOLE), stages=(stage,)))
    assert "The kernel of the room's own network has tcp_abort_on_overflow 1." in told
    assert "kernel" not in describe(drill(WHOLE))
