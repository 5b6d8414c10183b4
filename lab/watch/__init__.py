"""Observing while it runs: the probe, the live folds, the alarm rules, the machine's sensors."""
