"""How much is tried, and how much of it at a time."""

from __future__ import annotations

ROUNDS, QUICK_ROUNDS = 6, 3
"""Trials of an arm. With three, Fisher's p cannot be below 0.05: quick says consistent, never held."""
AT_A_TIME, QUICK_AT_A_TIME = 2, 3
"""Light trials beside each other. On two idle CPUs the p99 lag of the probe is 3.5 ms at most with two, 4.8 with three [M];
times get a fifth longer with three, which a quick look may have."""
