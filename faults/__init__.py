"""Faults, one file each. A new one: copy ``noop.py``; nothing else has to know."""
