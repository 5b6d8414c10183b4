"""A chaos and resilience lab: breaks a service on purpose, measures how it recovers, and judges only what it recorded."""

__version__ = "0.1.0"
