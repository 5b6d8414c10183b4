"""The incident document put to the test: what it claims, run without and with, and what came of it."""
