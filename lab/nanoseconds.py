"""How many nanoseconds: every instant of a run is an integer of them since its t0."""

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
