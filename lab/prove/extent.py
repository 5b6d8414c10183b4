"""How much is tried, and how much of it at a time."""

from __future__ import annotations

ROUNDS, QUICK_ROUNDS = 6, 3
"""Trials of an arm. With three, Fisher's p cannot be below 0.05: quick says consistent, never held."""
AT_A_TIME, QUICK_AT_A_TIME = 2, 3
"""Light trials beside each other. On two idle CPUs the p99 lag of the probe is 2.6 ms (median) and 5.3 ms at most with two,
3.3 and 5.5 with three [M]; times get up to a quarter longer with three, which a quick look may have."""
