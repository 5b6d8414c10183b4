"""The service under test, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import Seconds


@dataclass(frozen=True, kw_only=True)
class Request(FileNoun):
    """One HTTP request as a template. ``{uuid}``, ``{key}``, ``{vu}``, ``{iteration}`` are filled in for each one sent.

    ``key`` names where the client's key travels, so that the target's ledger can be matched with what clients saw.
    """

    post: str | None = None
    get: str | None = None
    json: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: tuple[int, ...] = (200,)
    key: str | None = None
    writes: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Target(FileNoun):
    """The service under test: a known one (``use``) or a ``command`` of the user's, started inside the room; or, with
    ``url`` (``http://127.0.0.1:8080``), one that runs already, which the lab asks and never starts or stops.

    ``command`` may hold ``{port}``, ``{python}`` and the name of any setting; ``settings`` also reach it as
    environment variables, ``env`` prefixed. ``ready`` is a path on the service port, unless ``health_port`` is set:
    then health, ledger and metrics are asked there, because a check through a full service port kills healthy processes.
    ``listener: inherited``: the lab binds and holds the listening socket and hands it to each process as a file descriptor
    (``{listen_fd}``, ``TARGET_LISTEN_FD``), so that its queue outlives a restart and no connection is refused meanwhile.
    ``metrics``: a page in Prometheus's format with a JVM's memory; without it jstat is asked, where it is. ``collect``: so
    often a JVM is told to collect its whole heap while a load test runs, so that what lives in it shows; needs jcmd.
    """

    use: str | None = None
    command: str | None = None
    url: str | None = None
    port: int | None = None
    health_port: bool = False
    ready: str = "/health"
    ledger: str | None = None
    metrics: str | None = None
    listener: Literal["rebind", "inherited"] = "rebind"
    collect: Seconds | None = None
    boot: Seconds = 10.0
    warmup: Seconds = 0.0
    env: str = "TARGET_"
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    writes: bool = False
    help: Mapping[str, str] = field(default_factory=dict)
    shown_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By setting: drills in which it makes a difference."""
